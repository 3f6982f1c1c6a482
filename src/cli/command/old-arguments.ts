import { CliError } from './cli-error.ts'
import type { OptionSpec, Options } from './options.ts'
import { parseArguments } from './parse-arguments.ts'

/** A call in the way of `systemd-resolve`, in which options say what to do (resolvectl.md §9). */
export interface OldCall {
  readonly options: Options
  /** Verbs of today with their words, to be run one after the other. */
  readonly calls: readonly (readonly [verb: string, ...words: string[]])[]
}

export const OLD_HELP = `systemd-resolve [OPTIONS...] HOSTNAME|ADDRESS...

This is the old way of calling tsresolvectl, kept for scripts. New ones say
'tsresolvectl COMMAND': see 'tsresolvectl --help'.`

/** In this order, whatever that of the options. */
const SETTINGS = ['dns', 'domain', 'nta', 'llmnr', 'mdns', 'dnsovertls', 'dnssec'] as const
const VERBS = [
  'service',
  'openpgp',
  'status',
  'statistics',
  'reset-statistics',
  'flush-caches',
  'reset-server-features',
]

/** @throws {CliError} */
export function parseOldArguments(argv: readonly string[]): OldCall {
  const asked: Asked = { verb: 'query', before: [], settings: new Map(), revert: false }
  const { options, words } = parseArguments(argv, oldOptions(asked))
  const isLinkCall = asked.settings.size > 0 || asked.revert
  if (!isLinkCall) return { options, calls: [[asked.verb, ...asked.before, ...words]] }
  const [link] = options.interfaces
  if (link === undefined) throw new CliError(`${LINK_OPTIONS} and --revert require --interface=.`)
  if (asked.revert) return { options, calls: [['revert', link]] }
  const calls = SETTINGS.flatMap((name): OldCall['calls'] => {
    const values = asked.settings.get(name)
    return values === undefined ? [] : [[name, link, ...values]]
  })
  return { options, calls }
}

interface Asked {
  verb: string
  /** Goes before the words of the call. */
  before: readonly string[]
  readonly settings: Map<string, string[]>
  revert: boolean
}

const LINK_OPTIONS =
  '--set-dns=, --set-domain=, --set-llmnr=, --set-mdns=, --set-dnsovertls=, --set-dnssec=, --set-nta='

function oldOptions(asked: Asked): OptionSpec[] {
  const setting = (name: string): OptionSpec => ({
    ...option(`set-${name}`, (value) => asked.settings.set(name, [...(asked.settings.get(name) ?? []), value])),
    value: 'VALUE',
  })
  const family = (value: string) => Object.assign(asked, { verb: 'tlsa', before: value === '' ? [] : [value] })
  return [
    ...VERBS.map((verb) => option(verb, () => (asked.verb = verb))),
    { ...option('tlsa', family), value: 'FAMILY', optional: true },
    ...SETTINGS.map(setting),
    option('revert', () => (asked.revert = true)),
  ]
}

function option(long: string, note: (value: string) => void): OptionSpec {
  const apply = (_: Options, value: string) => {
    note(value)
    return {}
  }
  return { long, help: '', apply }
}
