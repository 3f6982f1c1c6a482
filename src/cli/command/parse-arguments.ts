import { CliError } from './cli-error.ts'
import { DEFAULT_OPTIONS, OPTIONS, type OptionSpec, type Options } from './options.ts'
import { usageError } from './program.ts'
import { didYouMean } from './suggestion.ts'

export interface ParsedArguments {
  readonly options: Options
  /** Everything that is no option: the verb and its arguments. */
  readonly words: readonly string[]
}

/**
 * Options may stand anywhere; `--` ends them (C-1). Long ones may be shortened while unambiguous, short ones joined
 * (`-4ieth0`), as with getopt_long. Reading stops at the first `--help`-like option.
 * `extra`: options beside those of today.
 * @throws {CliError} for an unknown option, a missing or unwanted value, or a bad one.
 */
export function parseArguments(argv: readonly string[], extra: readonly OptionSpec[] = []): ParsedArguments {
  const specs = [...OPTIONS, ...extra]
  const words: string[] = []
  const queue = [...argv]
  let options = DEFAULT_OPTIONS
  while (queue.length > 0 && options.show === undefined) {
    const word = queue.shift()!
    if (word === '--') words.push(...queue.splice(0))
    else if (word.startsWith('--')) options = takeLong(word.slice(2), queue, options, specs)
    else if (word.startsWith('-') && word.length > 1) options = takeShorts(word.slice(1), queue, options)
    else words.push(word)
  }
  checkTogether(options)
  return { options, words }
}

function takeLong(word: string, queue: string[], options: Options, specs: readonly OptionSpec[]): Options {
  const equals = word.indexOf('=')
  const name = equals < 0 ? word : word.slice(0, equals)
  const given = equals < 0 ? undefined : word.slice(equals + 1)
  const spec = findLong(name, specs)
  if (spec.value === undefined) {
    if (given !== undefined) throw usageError(`option '--${spec.long}' doesn't allow an argument`)
    return changed(options, spec, '')
  }
  const value = given ?? (spec.optional ? '' : queue.shift())
  if (value === undefined) throw usageError(`option '--${spec.long}' requires an argument`)
  return changed(options, spec, value)
}

function findLong(name: string, specs: readonly OptionSpec[]): OptionSpec {
  const exact = specs.find(({ long }) => long === name)
  if (exact !== undefined) return exact
  const candidates = specs.filter(({ long }) => name !== '' && long?.startsWith(name))
  if (candidates.length === 1) return candidates[0]!
  const theirs = candidates.filter(({ isOurs }) => isOurs !== true)
  if (theirs.length === 1) return theirs[0]! // what scripts shorten is the original's option (C-1)
  if (candidates.length === 0) throw unknownOption(name, specs)
  const possible = candidates.map(({ long }) => `'--${long}'`).join(' ')
  throw usageError(`option '--${name}' is ambiguous; possibilities: ${possible}`)
}

function unknownOption(name: string, specs: readonly OptionSpec[]): CliError {
  const known = specs.flatMap(({ long }) => long ?? [])
  return usageError(`unrecognized option '--${name}'${didYouMean(name, known, '--')}`)
}

function takeShorts(letters: string, queue: string[], start: Options): Options {
  let options = start
  for (let at = 0; at < letters.length; at++) {
    const spec = OPTIONS.find(({ short }) => short === letters[at])
    if (spec === undefined) throw usageError(`invalid option -- '${letters[at]}'`)
    if (spec.value !== undefined) return changed(options, spec, shortValue(letters, at, queue))
    options = changed(options, spec, '')
  }
  return options
}

function changed(options: Options, spec: OptionSpec, value: string): Options {
  return { ...options, ...spec.apply(options, value) }
}

/** What follows the letter in the same word, else the next word. */
function shortValue(letters: string, at: number, queue: string[]): string {
  const value = at + 1 < letters.length ? letters.slice(at + 1) : queue.shift()
  if (value === undefined) throw usageError(`option requires an argument -- '${letters[at]}'`)
  return value
}

function checkTogether(options: Options): void {
  if (options.show !== undefined) return
  if (options.class !== undefined && options.type === undefined) {
    throw new CliError('--class= may only be used in conjunction with --type=.')
  }
  if (options.raw !== undefined && options.json !== 'off') {
    throw new CliError('--raw and --json= cannot be used together.')
  }
}
