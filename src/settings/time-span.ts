import type { Millis } from '../base/index.ts'
import { SettingError } from './config-warning.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365.25 * DAY

/** Unit words of systemd.time(7); a number without a unit counts seconds. */
const UNITS: ReadonlyMap<string, Millis> = new Map([
  ...unit(0.001, 'us', 'usec', 'µs', 'μs'),
  ...unit(1, 'ms', 'msec'),
  ...unit(SECOND, '', 's', 'sec', 'second', 'seconds'),
  ...unit(MINUTE, 'm', 'min', 'minute', 'minutes'),
  ...unit(HOUR, 'h', 'hr', 'hour', 'hours'),
  ...unit(DAY, 'd', 'day', 'days'),
  ...unit(7 * DAY, 'w', 'week', 'weeks'),
  ...unit(YEAR / 12, 'M', 'month', 'months'),
  ...unit(YEAR, 'y', 'year', 'years'),
])

/** One number with its unit word, white space between them allowed. */
const PART = /(\d+(?:\.\d*)?)\s*([a-zA-Z\u00b5\u03bc]*)/g

/** `5s`, `1min 30s`, `2.5h`, `90`; `infinity` gives Infinity. @throws {SettingError} */
export function parseTimeSpan(text: string): Millis {
  if (text === 'infinity') return Number.POSITIVE_INFINITY
  const parts = [...text.matchAll(PART)]
  if (parts.length === 0 || text.replace(PART, '').trim() !== '') throw notASpan(text)
  let total = 0
  for (const [, count, word] of parts) {
    const scale = UNITS.get(word as string)
    if (scale === undefined) throw notASpan(text)
    total += Number(count) * scale
  }
  return total
}

function notASpan(text: string): SettingError {
  return new SettingError(`'${text}' is not a time span such as 30s, 5min or 1h 30min.`, text)
}

function unit(scale: Millis, ...words: string[]): [string, Millis][] {
  return words.map((word) => [word, scale])
}
