import type { Name } from '../wire/index.ts'
import { labelsOf, nameOf } from '../wire/index.ts'

/**
 * A zone whose names mean something here or nowhere: servers are not sent them, unless a search or route-only domain of the
 * scope is the zone or lies within it.
 */
export interface HomeZone {
  readonly domain: Name
  /** Why, for people. */
  readonly reason: string
  /** Whether `~.` claims it as well: whoever sends all names to a VPN means those of private networks too. */
  readonly goesWithRoot: boolean
}

const SPECIAL_USE: readonly HomeZone[] = [
  zone('onion', 'names of Tor are for Tor alone (RFC 7686)', false),
  zone('alt', 'names outside of DNS (RFC 9476)', false),
  zone('invalid', 'never exists (RFC 6761)', false),
  zone('resolver.arpa', 'is about the resolver itself (RFC 9462)', false),
  zone('internal', 'is for private use', true),
  zone('home.arpa', 'is for home networks (RFC 8375)', true),
]
/** RFC 6303 §4.2, RFC 7793, RFC 4193. */
const PRIVATE_REVERSE = [
  '10.in-addr.arpa',
  '168.192.in-addr.arpa',
  ...range(16, 31).map((octet) => `${octet}.172.in-addr.arpa`),
  ...range(64, 127).map((octet) => `${octet}.100.in-addr.arpa`),
  'c.f.ip6.arpa',
  'd.f.ip6.arpa',
].map((text) => zone(text, 'is for private networks (RFC 6303)', true))

const ZONES: ReadonlyMap<string, HomeZone> = new Map(
  [...SPECIAL_USE, ...PRIVATE_REVERSE].map((each) => [each.domain, each]),
)
const TOP_LABELS: ReadonlySet<string> = new Set(['onion', 'alt', 'invalid', 'internal', 'arpa'])
/** Labels of the longest zone. */
const MOST_LABELS = 4

/** The zone that a name stays at home with; undefined for nearly all, which costs next to nothing. */
export function homeZoneOf(name: Name): HomeZone | undefined {
  if (!TOP_LABELS.has(name.slice(name.lastIndexOf('.') + 1))) return undefined
  const labels = labelsOf(name)
  for (let count = 1; count <= Math.min(MOST_LABELS, labels.length); count++) {
    const found = ZONES.get(labels.slice(-count).join('.'))
    if (found !== undefined) return found
  }
  return undefined
}

function zone(text: string, reason: string, goesWithRoot: boolean): HomeZone {
  return { domain: nameOf(text), reason, goesWithRoot }
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}
