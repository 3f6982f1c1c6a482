/** Bits of the 64-bit flags word of bus and varlink calls (dbus.md §7); all in use are below 2^31. */
export const FLAG = {
  DNS: 1 << 0,
  LLMNR_IPV4: 1 << 1,
  LLMNR_IPV6: 1 << 2,
  MDNS_IPV4: 1 << 3,
  MDNS_IPV6: 1 << 4,
  NO_CNAME: 1 << 5,
  NO_TXT: 1 << 6,
  NO_ADDRESS: 1 << 7,
  NO_SEARCH: 1 << 8,
  AUTHENTICATED: 1 << 9,
  NO_VALIDATE: 1 << 10,
  NO_SYNTHESIZE: 1 << 11,
  NO_CACHE: 1 << 12,
  NO_ZONE: 1 << 13,
  NO_TRUST_ANCHOR: 1 << 14,
  NO_NETWORK: 1 << 15,
  CONFIDENTIAL: 1 << 18,
  SYNTHETIC: 1 << 19,
  FROM_CACHE: 1 << 20,
  FROM_ZONE: 1 << 21,
  FROM_TRUST_ANCHOR: 1 << 22,
  FROM_NETWORK: 1 << 23,
  NO_STALE: 1 << 24,
  RELAX_SINGLE_LABEL: 1 << 25,
  FROM_HOOK: 1 << 27,
} as const

export const PROTOCOLS = FLAG.DNS | FLAG.LLMNR_IPV4 | FLAG.LLMNR_IPV6 | FLAG.MDNS_IPV4 | FLAG.MDNS_IPV6

/** What every Resolve call accepts from clients. */
const GENERIC =
  PROTOCOLS |
  FLAG.NO_CNAME |
  FLAG.NO_VALIDATE |
  FLAG.NO_SYNTHESIZE |
  FLAG.NO_CACHE |
  FLAG.NO_ZONE |
  FLAG.NO_TRUST_ANCHOR |
  FLAG.NO_NETWORK |
  FLAG.NO_STALE |
  FLAG.RELAX_SINGLE_LABEL

/** Input bits each call accepts; any other is an invalid argument. */
export const ACCEPTED_FLAGS = {
  hostname: GENERIC | FLAG.NO_SEARCH,
  address: GENERIC,
  record: GENERIC | FLAG.NO_SEARCH,
  service: GENERIC | FLAG.NO_TXT | FLAG.NO_ADDRESS,
} as const
