/** Bits of the 64-bit flags of every lookup (dbus.md §7); those a client sees or sends all fit a safe integer. */
export const FLAG = {
  DNS: 0x1,
  LLMNR_IPV4: 0x2,
  LLMNR_IPV6: 0x4,
  MDNS_IPV4: 0x8,
  MDNS_IPV6: 0x10,
  NO_CNAME: 0x20,
  NO_TXT: 0x40,
  NO_ADDRESS: 0x80,
  NO_SEARCH: 0x100,
  AUTHENTICATED: 0x200,
  NO_VALIDATE: 0x400,
  NO_SYNTHESIZE: 0x800,
  NO_CACHE: 0x1000,
  NO_ZONE: 0x2000,
  NO_TRUST_ANCHOR: 0x4000,
  NO_NETWORK: 0x8000,
  CONFIDENTIAL: 0x40000,
  SYNTHETIC: 0x80000,
  FROM_CACHE: 0x100000,
  FROM_ZONE: 0x200000,
  FROM_TRUST_ANCHOR: 0x400000,
  FROM_NETWORK: 0x800000,
  NO_STALE: 0x1000000,
  RELAX_SINGLE_LABEL: 0x2000000,
  FROM_HOOK: 0x8000000,
} as const

/** The protocols behind bits 0 to 4, in the words of status and legend (C-S-3, C-Q-6). */
// biome-ignore format: a table reads better in rows
export const PROTOCOLS = [
  { bit: FLAG.DNS, text: 'DNS', protocol: 'dns', family: undefined },
  { bit: FLAG.LLMNR_IPV4, text: 'LLMNR/IPv4', protocol: 'llmnr', family: 2 },
  { bit: FLAG.LLMNR_IPV6, text: 'LLMNR/IPv6', protocol: 'llmnr', family: 10 },
  { bit: FLAG.MDNS_IPV4, text: 'mDNS/IPv4', protocol: 'mdns', family: 2 },
  { bit: FLAG.MDNS_IPV6, text: 'mDNS/IPv6', protocol: 'mdns', family: 10 },
] as const

/** What `--protocol=` accepts. */
export const PROTOCOL_WORDS: ReadonlyMap<string, number> = new Map([
  ['dns', FLAG.DNS],
  ['llmnr', FLAG.LLMNR_IPV4 | FLAG.LLMNR_IPV6],
  ['llmnr-ipv4', FLAG.LLMNR_IPV4],
  ['llmnr-ipv6', FLAG.LLMNR_IPV6],
  ['mdns', FLAG.MDNS_IPV4 | FLAG.MDNS_IPV6],
  ['mdns-ipv4', FLAG.MDNS_IPV4],
  ['mdns-ipv6', FLAG.MDNS_IPV6],
])

/** Where an answer came from, in the order of the legend's last line (C-Q-6). */
export const ORIGINS: readonly (readonly [bit: number, text: string])[] = [
  [FLAG.SYNTHETIC, 'synthetic'],
  [FLAG.FROM_CACHE, 'cache'],
  [FLAG.FROM_ZONE, 'zone'],
  [FLAG.FROM_TRUST_ANCHOR, 'trust-anchor'],
  [FLAG.FROM_NETWORK, 'network'],
  [FLAG.FROM_HOOK, 'hook'],
]

/** True when `flags` holds any of `bits`. */
export function has(flags: number, bits: number): boolean {
  return (flags & bits) !== 0
}
