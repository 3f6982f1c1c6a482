import { SettingError } from './config-warning.ts'

const TRUE_WORDS = new Set(['1', 'yes', 'y', 'true', 't', 'on'])
const FALSE_WORDS = new Set(['0', 'no', 'n', 'false', 'f', 'off'])

/** Every spelling of R-CONF-2, in any letter case; undefined for anything else. */
export function booleanOf(text: string): boolean | undefined {
  const word = text.toLowerCase()
  return TRUE_WORDS.has(word) ? true : FALSE_WORDS.has(word) ? false : undefined
}

/** @throws {SettingError} for what is not a boolean, also for the empty text (R-CONF-2). */
export function parseBoolean(text: string): boolean {
  const value = booleanOf(text)
  if (value === undefined) throw new SettingError(`'${text}' is not a boolean, expected yes or no.`, text)
  return value
}

/** One of `modes`, where `yes` and `no` take every boolean spelling (R-CONF-2). @throws {SettingError} */
export function parseMode<M extends string>(text: string, modes: readonly M[]): M {
  const value = booleanOf(text)
  const word = value === undefined ? text : value ? 'yes' : 'no'
  const mode = modes.find((candidate) => candidate === word)
  if (mode === undefined) throw new SettingError(`'${text}' is not one of ${modes.join(', ')}.`, text)
  return mode
}

/** A plain decimal number of 0..`max`. @throws {SettingError} */
export function parseCount(text: string, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(value <= max)) throw new SettingError(`'${text}' is not a number from 0 to ${max}.`, text)
  return value
}

/** A number of bytes up to `max`, with a suffix as systemd takes them: K is 1024. @throws {SettingError} */
export function parseBytes(text: string, max: number): number {
  const [, number, suffix = ''] = /^(\d{1,15}(?:\.\d{1,15})?) ?([BKMGT]?)$/.exec(text) ?? []
  if (number === undefined) throw new SettingError(`'${text}' is not a number of bytes such as 500K, 32M or 1G.`, text)
  const value = Math.floor(Number(number) * 1024 ** Math.max(0, 'BKMGT'.indexOf(suffix)))
  if (value > max) throw new SettingError(`'${text}' is more than ${max / 1024 ** 3}G.`, text)
  return value
}

/** Words between white space; a word may stand in quotes. */
export function splitWords(text: string): string[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => word.replace(/^(["'])(.*)\1$/, '$2'))
}
