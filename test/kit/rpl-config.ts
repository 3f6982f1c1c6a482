/** What of unbound's configuration means something here. */
export interface RplConfig {
  readonly forwards: readonly { readonly name: string; readonly servers: readonly string[] }[]
  /** Authority and additional are left out where nobody needs them: unbound's default, not ours (R-STUB-12). */
  readonly isMinimal: boolean
  /** Clauses and options without counterpart: `serve-expired: yes`. */
  readonly ignored: readonly string[]
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
  const others = clauses.filter(({ kind }) => kind !== 'forward-zone' && kind !== 'server')
  const zoneOptions = forwards.flatMap((clause) => clause.options.filter(([key]) => key.startsWith('forward-')))
  const unread = [...options, ...zoneOptions].filter(([key]) => key !== 'minimal-responses' && key !== 'forward-addr')
  const minimal = options.findLast(([key]) => key === 'minimal-responses')
  return {
    forwards: forwards.map((clause) => ({
      name: valuesOf(clause, 'name')[0] ?? '.',
      servers: valuesOf(clause, 'forward-addr').map(serverText),
    })),
    isMinimal: minimal?.[1] !== 'no',
    ignored: [...others.map(({ kind }) => kind), ...unread.map(([key, value]) => `${key}: ${value}`)],
  }
}

/** What only a server that asks authoritative servers, validates or serves data of its own could play. */
export function obstacleIn({ forwards, ignored }: RplConfig): string | undefined {
  if (forwards.length === 0) return 'no forward-zone: only a forwarder can be played'
  return ignored.find((option) =>
    /^(stub-zone|auth-zone|rpz|trust-anchor:|local-|module-config: (?!iterator$))/.test(option),
  )
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
