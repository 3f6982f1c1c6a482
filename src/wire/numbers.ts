import { lazily } from '../base/index.ts'

// biome-ignore format: a table reads better in rows
/** Record types by mnemonic (IANA "Resource Record (RR) TYPEs"). */
export const TYPE = {
  A: 1, NS: 2, MD: 3, MF: 4, CNAME: 5, SOA: 6, MB: 7, MG: 8, MR: 9, NULL: 10, WKS: 11, PTR: 12, HINFO: 13, MINFO: 14,
  MX: 15, TXT: 16, RP: 17, AFSDB: 18, X25: 19, ISDN: 20, RT: 21, NSAP: 22, 'NSAP-PTR': 23, SIG: 24, KEY: 25, PX: 26,
  GPOS: 27, AAAA: 28, LOC: 29, NXT: 30, EID: 31, NIMLOC: 32, SRV: 33, ATMA: 34, NAPTR: 35, KX: 36, CERT: 37, A6: 38,
  DNAME: 39, SINK: 40, OPT: 41, APL: 42, DS: 43, SSHFP: 44, IPSECKEY: 45, RRSIG: 46, NSEC: 47, DNSKEY: 48, DHCID: 49,
  NSEC3: 50, NSEC3PARAM: 51, TLSA: 52, SMIMEA: 53, HIP: 55, NINFO: 56, RKEY: 57, TALINK: 58, CDS: 59, CDNSKEY: 60,
  OPENPGPKEY: 61, CSYNC: 62, ZONEMD: 63, SVCB: 64, HTTPS: 65, SPF: 99, UINFO: 100, UID: 101,
  GID: 102, UNSPEC: 103, NID: 104, L32: 105, L64: 106, LP: 107, EUI48: 108, EUI64: 109, TKEY: 249, TSIG: 250, IXFR: 251, AXFR: 252, MAILB: 253, MAILA: 254, ANY: 255, URI: 256,
  CAA: 257, AVC: 258, DOA: 259, AMTRELAY: 260, RESINFO: 261, TA: 32768, DLV: 32769,
} as const

/** IANA "DNS CLASSes". */
export const CLASS = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const

/** Response codes (IANA "DNS RCODEs"); those above 15 need an OPT record. */
// biome-ignore format: a table reads better in rows
export const RCODE = {
  NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, YXDOMAIN: 6, YRRSET: 7, NXRRSET: 8,
  NOTAUTH: 9, NOTZONE: 10, DSOTYPENI: 11, BADVERS: 16, BADKEY: 17, BADTIME: 18, BADMODE: 19, BADNAME: 20, BADALG: 21,
  BADTRUNC: 22, BADCOOKIE: 23,
} as const

const typeNames = lazily(() => invert(TYPE))
const classNames = lazily(() => invert(CLASS))
const rcodeNames = lazily(() => invert(RCODE))

/** Mnemonic of a type, or `TYPE123` (RFC 3597 §5). */
export function typeText(type: number): string {
  return typeNames().get(type) ?? `TYPE${type}`
}

/** Number of a mnemonic or of `TYPE123`, any letter case; undefined when unknown. */
export function parseType(text: string): number | undefined {
  return parseMnemonic(text, 'TYPE', TYPE)
}

/** Mnemonic of a class, or `CLASS123`. */
export function classText(value: number): string {
  return classNames().get(value) ?? `CLASS${value}`
}

/** A mnemonic in any letter case, or `CLASSn` (RFC 3597 §5); undefined for anything else. */
export function parseClass(text: string): number | undefined {
  return parseMnemonic(text, 'CLASS', CLASS)
}

/** Name of a response code, or its decimal number. */
export function rcodeText(rcode: number): string {
  return rcodeNames().get(rcode) ?? String(rcode)
}

/** All mnemonics of record types, for help texts. */
export function typeMnemonics(): string[] {
  return Object.keys(TYPE)
}

function parseMnemonic(text: string, prefix: string, table: Readonly<Record<string, number>>): number | undefined {
  const upper = text.toUpperCase()
  if (Object.hasOwn(table, upper)) return table[upper]
  const digits = upper.startsWith(prefix) ? upper.slice(prefix.length) : ''
  const value = /^\d{1,5}$/.test(digits) ? Number(digits) : Number.NaN
  return value <= 0xffff ? value : undefined
}

function invert(table: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(table).map(([name, value]) => [value, name]))
}
