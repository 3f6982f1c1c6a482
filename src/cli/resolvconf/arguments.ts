import { CliError } from '../command/cli-error.ts'

/** One call of `resolvconf` (resolvectl.md §8). */
export type ResolvconfCall =
  | { readonly action: 'help' }
  | { readonly action: 'version' }
  | { readonly action: 'update' }
  | {
      readonly action: 'add' | 'delete'
      readonly interface: string
      /** `exclusive`: takes every name; `private`: takes none by default. */
      readonly mode: 'exclusive' | 'private' | undefined
      /** A missing interface is no error. */
      readonly force: boolean
    }

/** Reads switches in any order; `env` may set the mode, switches beat it. @throws {CliError} */
export function parseResolvconf(argv: readonly string[], env: Readonly<NodeJS.ProcessEnv>): ResolvconfCall {
  const state: Switches = { action: undefined, stop: undefined, mode: modeOfEnvironment(env), force: false, words: [] }
  const queue = [...argv]
  while (queue.length > 0) {
    const word = queue.shift()!
    if (word === '--') state.words.push(...queue.splice(0))
    else if (word.startsWith('--')) takeLong(word, state)
    else if (word.startsWith('-') && word.length > 1) takeShorts(word.slice(1), queue, state)
    else state.words.push(word)
    if (state.stop !== undefined) return { action: state.stop }
  }
  return checked(state)
}

export const RESOLVCONF_HELP = `resolvconf -a INTERFACE < FILE
resolvconf -d INTERFACE

Register DNS server and domain configuration with the system's resolver.

  -h --help     Show this help
     --version  Show package version
  -a            Register per-interface DNS server and domain data
  -d            Unregister per-interface DNS server and domain data
  -p            Do not use this interface as default route
  -f            Ignore if specified interface does not exist
  -x            Send DNS traffic preferably over this interface
  -m METRIC     Accepted and ignored
  -u            Accepted: does nothing, successfully`

/** What was read so far; the last of contradicting modes counts. */
interface Switches {
  action: 'add' | 'delete' | undefined
  /** What ends the reading at once. */
  stop: 'help' | 'version' | 'update' | undefined
  mode: 'exclusive' | 'private' | undefined
  force: boolean
  readonly words: string[]
}

function modeOfEnvironment(env: Readonly<NodeJS.ProcessEnv>): Switches['mode'] {
  if (env.IF_PRIVATE !== undefined) return 'private'
  return env.IF_EXCLUSIVE !== undefined ? 'exclusive' : undefined
}

function takeLong(word: string, state: Switches): void {
  if (word === '--help') state.stop = 'help'
  else if (word === '--version') state.stop = 'version'
  else if (/^--(enable-updates|disable-updates|updates-are-enabled)$/.test(word)) throw unsupported(word)
  else throw new CliError(`resolvconf: unrecognized option '${word}'`)
}

function takeShorts(letters: string, queue: string[], state: Switches): void {
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at]!
    if (letter === 'm') {
      if (at + 1 === letters.length && queue.shift() === undefined) {
        throw new CliError("resolvconf: option requires an argument -- 'm'")
      }
      return
    }
    takeShort(letter, state)
  }
}

function takeShort(letter: string, state: Switches): void {
  switch (letter) {
    case 'a':
      state.action = 'add'
      break
    case 'd':
      state.action = 'delete'
      break
    case 'u':
      state.stop = 'update'
      break
    case 'h':
      state.stop = 'help'
      break
    case 'x':
      state.mode = 'exclusive'
      break
    case 'p':
      state.mode = 'private'
      break
    case 'f':
      state.force = true
      break
    default:
      if ('IilRrvV'.includes(letter)) throw unsupported(`-${letter}`)
      throw new CliError(`resolvconf: invalid option -- '${letter}'`)
  }
}

function unsupported(option: string): CliError {
  return new CliError(`Switch ${option} not supported.`)
}

/** What can be said only after all switches: which action, and whether its interface is there. */
function checked({ action, mode, force, words }: Switches): ResolvconfCall {
  if (action === undefined) throw new CliError('Expected either -a or -d on the command line.')
  if (words.length !== 1) throw new CliError('Expected interface name as argument.')
  return { action, mode, force, interface: words[0]! }
}
