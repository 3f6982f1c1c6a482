import { typeMnemonics } from '../../wire/index.ts'
import { PROTOCOL_WORDS } from '../command/flags.ts'
import { OPTIONS, type OptionSpec } from '../command/options.ts'

/** Code of all three shells that lists the machine's links, and not other files that drivers leave among them. */
export const LIST_LINKS = 'command basename -a /sys/class/net/*/'

/** As it is typed: `--interface`, `-i`. */
export function optionNames({ long, short }: OptionSpec): string[] {
  return [...(long === undefined ? [] : [`--${long}`]), ...(short === undefined ? [] : [`-${short}`])]
}

export function allOptionNames(): string[] {
  return OPTIONS.flatMap(optionNames)
}

/** Options whose next word is their value, if it is not joined to them. */
export function namesThatTakeAWord(): string[] {
  return OPTIONS.filter(({ value, optional }) => value !== undefined && !optional).flatMap(optionNames)
}

/** What to offer for an option's value, in the shell's words; empty where only the user can know. */
export function valueWords({ long, value, words }: OptionSpec): string {
  if (long === 'interface') return `$(${LIST_LINKS})`
  if (long === 'protocol') return [...PROTOCOL_WORDS.keys(), 'help'].join(' ')
  if (long === 'type') return [...typeMnemonics(), 'help'].join(' ')
  return (words ?? (value === 'BOOL' ? ['yes', 'no'] : [])).join(' ')
}
