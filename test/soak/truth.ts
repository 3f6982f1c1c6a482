import {
  CLASS,
  isWithin,
  type Name,
  nameOf,
  recordOf,
  type ResourceRecord,
  TYPE,
  wireOfName,
} from '../../src/wire/index.ts'

/** What the names of a soak are made of: `KINDNUMBER.ZONE`. The kind says what the answer is like. */
export type Kind = 'address' | 'alias' | 'nothing' | 'empty' | 'large' | 'poisoned' | 'late'

const KINDS: Readonly<Record<string, Kind>> = {
  a: 'address',
  c: 'alias',
  n: 'nothing',
  e: 'empty',
  b: 'large',
  p: 'poisoned',
  g: 'late',
}
export const LETTERS = Object.keys(KINDS)
/** Records of a large answer: more than a datagram holds. */
const LARGE = 90
export const NEVER = '203.0.113.66'

export function kindOf(name: Name): Kind | undefined {
  return KINDS[name[0] ?? '']
}

/** Where a name leads: its number and its zone stay. */
export function targetOf(name: Name): Name {
  return kindOf(name) === 'alias' ? nameOf(`a${name.slice(1)}`) : name
}

/** The addresses of a name on the link of this network: they say which name and which link they belong to. */
export function addressesOf(name: Name, net: number): string[] {
  const hash = hashOf(name)
  const count = kindOf(name) === 'large' ? LARGE : 1
  return Array.from({ length: count }, (_, i) => `${100 + net}.${(hash >> 8) & 0xff}.${hash & 0xff}.${i}`)
}

/** The records that answer a question on the link of this network. */
export function recordsOf(name: Name, type: number, net: number, ttl: number): ResourceRecord[] {
  const target = targetOf(name)
  const alias = target === name ? [] : [recordOf(name, TYPE.CNAME, wireOfName(target), ttl, CLASS.IN)]
  if (type !== TYPE.A || kindOf(name) === 'nothing' || kindOf(name) === 'empty') return alias
  return [...alias, ...addressesOf(target, net).map((text) => addressRecord(target, text, ttl))]
}

export function addressRecord(name: Name, text: string, ttl: number): ResourceRecord {
  return recordOf(name, TYPE.A, Buffer.from(text.split('.').map(Number)), ttl, CLASS.IN)
}

/** Zones that a link claims, while it is up; all other names are the first link's. */
export const CLAIMS = {
  vpn: { zone: nameOf('corp.soak'), net: 2 },
  wifi: { zone: nameOf('home.soak'), net: 3 },
} as const
export type Claimant = keyof typeof CLAIMS
export const ZONES = ['pub.soak', 'corp.soak', 'home.soak', 'a.corp.soak', 'other.example']
export const DEFAULT_NET = 1

/** Whose name it is. */
export function claimantOf(name: Name): Claimant | undefined {
  return (Object.keys(CLAIMS) as Claimant[]).find((link) => isWithin(name, CLAIMS[link].zone))
}

/** FNV-1a, 16 bits of it. */
function hashOf(name: Name): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193)
  return ((hash >>> 16) ^ hash) & 0xffff
}
