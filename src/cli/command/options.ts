import { AF_INET, AF_INET6, AF_UNSPEC } from '../../base/index.ts'
import { CLASS, parseClass, parseType } from '../../wire/index.ts'
import { CliError } from './cli-error.ts'
import { FLAG, PROTOCOL_WORDS } from './flags.ts'
import { OUTCOMES } from './outcomes.ts'

/** What the options of one call ask for (resolvectl.md §3.1). */
export interface Options {
  readonly family: typeof AF_UNSPEC | typeof AF_INET | typeof AF_INET6
  /** Where the daemon's sockets are; undefined for the usual place. */
  readonly runtimeDirectory: string | undefined
  /** Every `-i` in turn: they must all mean the same link (C-6). */
  readonly interfaces: readonly string[]
  /** Lookup flags, protocol bits included. */
  readonly flags: number
  readonly type: number | undefined
  readonly class: number | undefined
  /** Undefined: depends on the form of the call (`service`). */
  readonly serviceTxt: boolean | undefined
  readonly raw: 'payload' | 'packet' | undefined
  readonly legend: boolean
  /** `auto`: pretty on a terminal, else short. */
  readonly json: 'pretty' | 'short' | 'off' | 'auto'
  readonly pager: boolean
  readonly askPassword: boolean
  /** `query`: tell where the answer comes from. */
  readonly explain: boolean
  /** `status`: tell who set what, and when. */
  readonly origins: boolean
  /** `why`: ask as well, instead of only telling what is known. */
  readonly ask: boolean
  /** `why`: also scopes that do not take the name, and scores. */
  readonly verbose: boolean
  /** `monitor`: who asks, and only what these let through. */
  readonly clients: boolean
  readonly filters: Filters
  /** `doctor`: repair what can be undone. */
  readonly fix: boolean
  /** Something to print instead of running a verb. */
  readonly show: 'help' | 'version' | 'types' | 'classes' | 'protocols' | undefined
}

export const DEFAULT_OPTIONS: Options = {
  family: AF_UNSPEC,
  runtimeDirectory: undefined,
  interfaces: [],
  flags: 0,
  type: undefined,
  class: undefined,
  serviceTxt: undefined,
  raw: undefined,
  legend: true,
  json: 'off',
  pager: true,
  askPassword: true,
  explain: false,
  origins: false,
  ask: true,
  verbose: false,
  clients: false,
  filters: {},
  fix: false,
  show: undefined,
}

/** What `monitor` lets through; undefined lets all through. */
export interface Filters {
  /** The name or a domain above it. */
  readonly name?: string
  /** Process name, uid, pid or address. */
  readonly client?: string
  /** Source, state or response code, such as `network`, `cache`, `nxdomain`, `failed`. */
  readonly outcome?: string
}

/** One option: how it is written, what help says, and what it changes. */
export interface OptionSpec {
  /** The original has none of that name: abbreviations go to its own. */
  readonly isOurs?: true
  readonly long?: string
  readonly short?: string
  /** Name of its value; `optional` values need `=`. */
  readonly value?: string
  readonly optional?: boolean
  /** All values there are, for shells to offer. */
  readonly words?: readonly string[]
  readonly help: string
  /** The verbs that heed it; undefined for all. */
  readonly verbs?: readonly string[]
  apply(options: Options, value: string): Partial<Options>
}

const LOOKUPS = ['query', 'service', 'openpgp', 'tlsa']
const LOOKUPS_AND_WHY = [...LOOKUPS, 'why']
const ADDRESSES = ['query', 'service', 'why']
const RECORDS = ['query', 'openpgp', 'tlsa']
const SETTINGS = ['dns', 'domain', 'default-route', 'llmnr', 'mdns', 'dnsovertls', 'dnssec', 'nta']
const SHOWN = [
  'status',
  'statistics',
  'reset-statistics',
  'monitor',
  'browse',
  'show-cache',
  'show-server-state',
  'why',
  'doctor',
]
const ORDERS = [...SETTINGS, 'revert', 'log-level', 'flush-caches', 'reset-server-features', 'reset-statistics']

// biome-ignore format: a table reads better in rows
export const OPTIONS: readonly OptionSpec[] = [
  { long: 'help', short: 'h', help: 'Show this help', apply: () => ({ show: 'help' }) },
  { long: 'version', verbs: [], help: 'Show package version', apply: () => ({ show: 'version' }) },
  { long: 'runtime-dir', value: 'DIR', help: 'Ask the daemon that runs in this directory, such as a try-out', apply: (_, value) => ({ runtimeDirectory: directory(value) }) },
  { long: 'no-pager', verbs: ['status', 'why'], help: 'Do not pipe output into a pager', apply: () => ({ pager: false }) },
  { long: 'no-ask-password', verbs: ORDERS, help: 'Do not prompt for password', apply: () => ({ askPassword: false }) },
  { short: '4', verbs: ADDRESSES, help: 'Resolve IPv4 addresses', apply: () => ({ family: AF_INET }) },
  { short: '6', verbs: ADDRESSES, help: 'Resolve IPv6 addresses', apply: () => ({ family: AF_INET6 }) },
  { long: 'interface', short: 'i', value: 'INTERFACE', verbs: [...LOOKUPS_AND_WHY, ...SETTINGS, 'revert', 'monitor', 'browse'], help: 'Look on interface', apply: ({ interfaces }, value) => ({ interfaces: [...interfaces, value] }) },
  { long: 'protocol', short: 'p', value: 'PROTO|help', verbs: LOOKUPS_AND_WHY, help: 'Look via protocol', apply: withProtocol },
  { long: 'type', short: 't', value: 'TYPE|help', verbs: ['query', 'why'], help: 'Query RR with DNS type', apply: withType },
  { long: 'class', short: 'c', value: 'CLASS|help', words: ['IN', 'ANY', 'help'], verbs: ['query', 'why'], help: 'Query RR with DNS class', apply: withClass },
  unless('service-address', FLAG.NO_ADDRESS, 'Resolve address for services', ['service']),
  { long: 'service-txt', value: 'BOOL', verbs: ['service'], help: 'Resolve TXT records for services (default: yes)', apply: (_, value) => ({ serviceTxt: truth('service-txt', value) }) },
  unless('cname', FLAG.NO_CNAME, 'Follow CNAME redirects'),
  unless('validate', FLAG.NO_VALIDATE, 'Allow DNSSEC validation'),
  unless('synthesize', FLAG.NO_SYNTHESIZE, 'Allow synthetic response'),
  unless('cache', FLAG.NO_CACHE, 'Allow response from cache'),
  unless('stale-data', FLAG.NO_STALE, 'Allow response from cache with stale data'),
  { long: 'relax-single-label', value: 'BOOL', verbs: LOOKUPS_AND_WHY, help: 'Allow single label lookups to go upstream to DNS (default: no)', apply: ({ flags }, value) => ({ flags: withBit(flags, FLAG.RELAX_SINGLE_LABEL, truth('relax-single-label', value)) }) },
  unless('zone', FLAG.NO_ZONE, 'Allow response from locally registered mDNS/LLMNR records'),
  unless('trust-anchor', FLAG.NO_TRUST_ANCHOR, 'Allow response from local trust anchor'),
  unless('network', FLAG.NO_NETWORK, 'Allow response from network'),
  unless('search', FLAG.NO_SEARCH, 'Use search domains for single-label names', ['query', 'why']),
  { long: 'explain', verbs: RECORDS, help: 'Tell where an answer comes from, and why', apply: () => ({ explain: true }) },
  { long: 'origins', verbs: ['status'], help: 'With status: tell who set what, and when', apply: () => ({ origins: true }) },
  { long: 'ask', verbs: ['why'], help: 'With why: ask for the name, too (default)', apply: () => ({ ask: true }) },
  { long: 'no-ask', verbs: ['why'], help: 'With why: only tell what is known, ask nobody', apply: () => ({ ask: false }) },
  { long: 'verbose', short: 'v', isOurs: true, verbs: ['why'], help: 'With why: also scopes that do not take the name, and scores', apply: () => ({ verbose: true }) },
  { long: 'clients', verbs: ['monitor'], help: 'With monitor: show who asks, source, server and time', apply: () => ({ clients: true }) },
  filter('name', 'NAME', 'With monitor: only this name and those below it'),
  filter('client', 'WHO', 'With monitor: only this process name, uid, pid or address'),
  { ...filter('outcome', 'WORD', 'With monitor: only this source or result, such as cache, network, nxdomain, failed'), words: OUTCOMES },
  { long: 'fix', verbs: ['doctor'], help: 'With doctor: repair what can be undone', apply: () => ({ fix: true }) },
  { long: 'raw', value: 'payload|packet', optional: true, words: ['payload', 'packet'], verbs: RECORDS, help: 'Dump the answer as binary data', apply: withRaw },
  { long: 'legend', value: 'BOOL', verbs: LOOKUPS, help: 'Print headers and additional info (default: yes)', apply: (_, value) => ({ legend: truth('legend', value) }) },
  { long: 'json', value: 'MODE', words: ['pretty', 'short', 'off'], verbs: [...RECORDS, ...SETTINGS, ...SHOWN], help: 'Output as JSON: pretty, short or off', apply: withJson },
  { short: 'j', verbs: [...RECORDS, ...SETTINGS, ...SHOWN], help: 'Same as --json=pretty on tty, --json=short otherwise', apply: () => ({ json: 'auto' }) },
]

/** Boolean words of all releases; undefined for any other text. */
export function parseBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase()
  if (['1', 'yes', 'y', 'true', 't', 'on'].includes(word)) return true
  if (['0', 'no', 'n', 'false', 'f', 'off'].includes(word)) return false
  return undefined
}

/** An option that is on by default and whose `no` sets a flag. */
function unless(long: string, bit: number, help: string, verbs: readonly string[] = LOOKUPS_AND_WHY): OptionSpec {
  const apply = ({ flags }: Options, value: string) => ({ flags: withBit(flags, bit, !truth(long, value)) })
  return { long, value: 'BOOL', verbs, help: `${help} (default: yes)`, apply }
}

/** Filters need the view that shows what they filter. */
function filter(long: keyof Filters, value: string, help: string): OptionSpec {
  const apply = ({ filters }: Options, word: string) => ({ clients: true, filters: { ...filters, [long]: word } })
  return { long, value, verbs: ['monitor'], help, apply }
}

function withBit(flags: number, bit: number, on: boolean): number {
  return on ? flags | bit : flags & ~bit
}

function truth(long: string, value: string): boolean {
  const parsed = parseBoolean(value)
  if (parsed === undefined) throw new CliError(`Failed to parse boolean argument to --${long}=: ${value}.`)
  return parsed
}

function directory(value: string): string {
  if (value === '') throw new CliError('--runtime-dir=: the directory is empty.')
  return value
}

function withProtocol({ flags }: Options, value: string): Partial<Options> {
  if (value === 'help') return { show: 'protocols' }
  const bits = PROTOCOL_WORDS.get(value)
  if (bits === undefined) throw new CliError(`Unknown protocol specifier: ${value}`)
  return { flags: flags | bits }
}

function withType(_: Options, value: string): Partial<Options> {
  if (value === 'help') return { show: 'types' }
  const type = parseType(value)
  if (type === undefined) throw new CliError(`Failed to parse RR record type ${value}: Invalid argument`)
  return { type }
}

function withClass(_: Options, value: string): Partial<Options> {
  if (value === 'help') return { show: 'classes' }
  const parsed = parseClass(value)
  if (parsed !== CLASS.IN && parsed !== CLASS.ANY) {
    throw new CliError(`Failed to parse RR record class ${value}: Invalid argument`)
  }
  return { class: parsed }
}

function withRaw(_: Options, value: string): Partial<Options> {
  if (value !== '' && value !== 'payload' && value !== 'packet') {
    throw new CliError(`Unknown --raw specifier "${value}".`)
  }
  return { raw: value === '' ? 'payload' : value, legend: false }
}

function withJson(_: Options, value: string): Partial<Options> {
  if (value !== 'pretty' && value !== 'short' && value !== 'off') {
    throw new CliError(`Unknown argument to --json= switch: ${value}`)
  }
  return { json: value }
}
