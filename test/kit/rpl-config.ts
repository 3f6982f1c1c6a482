import { secondsOf } from './master-file.ts'

/** What of unbound's configuration means something here. */
export interface RplConfig {
  readonly forwards: readonly { readonly name: string; readonly servers: readonly string[] }[]
  /** Authority and additional are left out where nobody needs them: unbound's default, not ours (R-STUB-12). */
  readonly isMinimal: boolean
  /** Nothing is validated without. */
  readonly dnssec: RplDnssec | undefined
  /** It asks authoritative servers itself: what they say is folded into one forwarder (S-TEST-3). */
  readonly stubs: readonly { readonly name: string; readonly servers: readonly string[] }[]
  /** Clauses and options without counterpart: `serve-expired: yes`. */
  readonly ignored: readonly string[]
}

/** What validation works with. */
export interface RplDnssec {
  /** Lines of zone files. */
  readonly anchors: readonly string[]
  readonly insecureDomains: readonly string[]
  /** Seconds since 1970; undefined to take signatures of any time. */
  readonly date: number | undefined
  /** Above it NSEC3 zones count as unsigned. */
  readonly iterations: number
  /** Signatures of SHA-1 and DSA algorithms are good, whatever they are. */
  readonly takesFakeSignatures: boolean
}

interface Clause {
  readonly kind: string
  readonly options: (readonly [key: string, value: string])[]
}

/** Clauses begin with a keyword of their own. */
const CLAUSES: ReadonlySet<string> = new Set([
  'server',
  'forward-zone',
  'stub-zone',
  'auth-zone',
  'rpz',
  'view',
  'remote-control',
  'python',
  'cachedb',
])

/** Reads the lines before CONFIG_END: `forward-zone:`, then keys and values, any number on a line. */
export function readRplConfig(lines: readonly string[]): RplConfig {
  const clauses = readClauses(lines)
  const forwards = clauses.filter(({ kind }) => kind === 'forward-zone')
  const options = clauses.filter(({ kind }) => kind === 'server').flatMap((clause) => clause.options)
  const others = clauses.filter(({ kind }) => !['forward-zone', 'stub-zone', 'server'].includes(kind))
  const zoneOptions = forwards.flatMap((clause) => clause.options.filter(([key]) => key.startsWith('forward-')))
  const unread = [...options, ...zoneOptions].filter(([key]) => !READ.has(key))
  const stubs = clauses.filter(({ kind }) => kind === 'stub-zone')
  const minimal = options.findLast(([key]) => key === 'minimal-responses')
  return {
    forwards: forwards.map((clause) => ({
      name: valuesOf(clause, 'name')[0] ?? '.',
      servers: valuesOf(clause, 'forward-addr').map(serverText),
    })),
    isMinimal: minimal?.[1] !== 'no',
    dnssec: dnssecOf(options),
    stubs: stubs.map((clause) => ({
      name: valuesOf(clause, 'name')[0] ?? '.',
      servers: valuesOf(clause, 'stub-addr').map((text) => text.split('@')[0] as string),
    })),
    ignored: [...others.map(({ kind }) => kind), ...unread.map(([key, value]) => `${key}: ${value}`)],
  }
}

/** What only a server that asks authoritative servers or serves data of its own could play. */
export function obstacleIn({ forwards, stubs, dnssec, ignored }: RplConfig): string | undefined {
  if (forwards.length === 0 && stubs.length === 0) return 'no forward-zone: only a forwarder can be played'
  if (stubs.length > 0 && dnssec === undefined) return 'stub-zone: only a forwarder can be played'
  const missing =
    /^(auth-zone|rpz|local-|serve-expired|auto-trust-anchor-file|harden-dnssec-stripped: no|harden-algo-downgrade: yes|module-config: (?!(validator )?iterator$))/
  return ignored.find((option) => missing.test(option))
}

const READ: ReadonlySet<string> = new Set([
  'minimal-responses',
  'forward-addr',
  'trust-anchor',
  'domain-insecure',
  'val-override-date',
  'val-nsec3-keysize-iterations',
  'fake-sha1',
  'fake-dsa',
])

/** unbound's, where nothing else is said. */
const USUAL_ITERATIONS = 150

function dnssecOf(options: Clause['options']): RplDnssec | undefined {
  const all = (wanted: string) => options.filter(([key]) => key === wanted).map(([, value]) => value)
  const anchors = all('trust-anchor')
  if (!options.some(([key]) => /^(val-|trust-anchor|fake-)/.test(key))) return undefined
  const date = all('val-override-date').at(-1)
  const iterations = all('val-nsec3-keysize-iterations').at(-1)?.split(/\s+/).map(Number)
  return {
    anchors,
    insecureDomains: all('domain-insecure'),
    date: date === undefined || date === '-1' ? undefined : secondsOf(date),
    iterations: Math.min(...(iterations?.filter((_each, i) => i % 2 === 1) ?? [USUAL_ITERATIONS])),
    takesFakeSignatures: [...all('fake-sha1'), ...all('fake-dsa')].includes('yes'),
  }
}

function readClauses(lines: readonly string[]): Clause[] {
  const clauses: Clause[] = []
  const words = lines
    .filter((line) => !line.startsWith(';'))
    .flatMap((line) => [...line.matchAll(/"([^"]*)"|#.*|(\S+)/g)].filter(([all]) => !all.startsWith('#')))
  let key: string | undefined
  for (const [, quoted, bare] of words) {
    const isKey = bare?.endsWith(':') === true && !bare.includes('::')
    const clause = clauses.at(-1)
    if (isKey) key = bare.slice(0, -1)
    if (isKey && CLAUSES.has(key as string)) clauses.push({ kind: key as string, options: [] })
    else if (!isKey && key !== undefined) clause?.options.push([key, quoted ?? bare ?? ''])
  }
  return clauses
}

function valuesOf({ options }: Clause, key: string): string[] {
  return options.filter(([name]) => name === key).map(([, value]) => value)
}

/** `192.0.2.1@5353` in the words of resolved.conf. */
function serverText(text: string): string {
  const [address = '', port] = text.split('@')
  if (port === undefined) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
