import { TYPE } from './numbers.ts'

/**
 * How one field of rdata is laid out and read. Numbers: `u8 u16 u32`, `time` (seconds since 1970), `type` (a record
 * type), `algorithm` (of DNSSEC). Bytes of fixed size: `ipv4 ipv6 eui48 eui64`; after a length byte: `string word salt
 * hash`; up to the end: `hex base64 text`. Lists up to the end: `strings`, `types` (RFC 4034 §4.1.2), `params`
 * (RFC 9460 §2.2). `name` is an uncompressed domain name.
 */
// biome-ignore format: grouped as in the comment
export type FieldKind =
  | 'u8' | 'u16' | 'u32' | 'time' | 'type' | 'algorithm'
  | 'ipv4' | 'ipv6' | 'eui48' | 'eui64'
  | 'string' | 'word' | 'salt' | 'hash'
  | 'hex' | 'base64' | 'text'
  | 'strings' | 'types' | 'params'
  | 'name'

/** Fields in wire order, under the names they have in JSON (varlink.md §3.2). */
export type RdataLayout = Readonly<Record<string, FieldKind>>

/** The fields that people and clients are shown; undefined for a type whose rdata is only bytes to them (RFC 3597 §5). */
export function layoutOf(type: number): RdataLayout | undefined {
  return UNSHOWN.has(type) ? undefined : LAYOUTS.get(type)
}

/** A stretch of rdata: so many plain bytes, a domain name, a string behind its length byte, or whatever follows. */
export type Part = number | 'name' | 'text' | 'rest'

/** The parts of a type whose names may come compressed (RFC 3597 §4, RFC 2782, RFC 4034); undefined for other types. */
export function partsOf(type: number): readonly Part[] | undefined {
  return PARTS.get(type)
}

/** Where names sit that we may compress ourselves: those of types that RFC 1035 itself defines (RFC 3597 §4). */
export function compressibleParts(type: number): readonly Part[] | undefined {
  return type <= TYPE.MX ? PARTS.get(type) : undefined
}

/** The same for multicast DNS, where names of some newer types are to be compressed too (RFC 6762 §18.14). */
export function compressiblePartsInMulticastDns(type: number): readonly Part[] | undefined {
  return type <= TYPE.MX || NEWER_COMPRESSIBLE.has(type) ? PARTS.get(type) : undefined
}

// biome-ignore format: a table reads better in rows
const NEWER_COMPRESSIBLE: ReadonlySet<number> = new Set([
  TYPE.RP, TYPE.AFSDB, TYPE.RT, TYPE.PX, TYPE.SRV, TYPE.KX, TYPE.DNAME, TYPE.NSEC,
])

const ONE_NAME: RdataLayout = { name: 'name' }
const TEXTS: RdataLayout = { items: 'strings' }
const DIGEST: RdataLayout = { keyTag: 'u16', algorithm: 'u8', digestType: 'u8', digest: 'hex' }
const PUBLIC_KEY: RdataLayout = { flags: 'u16', protocol: 'u8', algorithm: 'algorithm', dnskey: 'base64' }
const CERTIFICATE: RdataLayout = { certUsage: 'u8', selector: 'u8', matchingType: 'u8', data: 'hex' }
const SERVICE_BINDING: RdataLayout = { priority: 'u16', target: 'name', svcparams: 'params' }

const SIGNATURE: RdataLayout = {
  typeCovered: 'type',
  algorithm: 'algorithm',
  labels: 'u8',
  originalTtl: 'u32',
  expiration: 'time',
  inception: 'time',
  keyTag: 'u16',
  signer: 'name',
  signature: 'base64',
}

// biome-ignore format: a table reads better in rows
const LAYOUTS: ReadonlyMap<number, RdataLayout> = new Map<number, RdataLayout>([
  [TYPE.A, { address: 'ipv4' }],
  [TYPE.AAAA, { address: 'ipv6' }],
  [TYPE.NS, ONE_NAME],
  [TYPE.CNAME, ONE_NAME],
  [TYPE.PTR, ONE_NAME],
  [TYPE.DNAME, ONE_NAME],
  [TYPE.MX, { priority: 'u16', exchange: 'name' }],
  [TYPE.SRV, { priority: 'u16', weight: 'u16', port: 'u16', name: 'name' }],
  [TYPE.SOA, { mname: 'name', rname: 'name', serial: 'u32', refresh: 'u32', retry: 'u32', expire: 'u32', minimum: 'u32' }],
  [TYPE.TXT, TEXTS],
  [TYPE.SPF, TEXTS],
  [TYPE.HINFO, { cpu: 'word', os: 'word' }],
  [TYPE.RP, { mbox: 'name', txt: 'name' }],
  [TYPE.AFSDB, { subtype: 'u16', hostname: 'name' }],
  [TYPE.KX, { priority: 'u16', exchange: 'name' }],
  [TYPE.NAPTR, { order: 'u16', preference: 'u16', naptrFlags: 'string', services: 'string', regexp: 'string', replacement: 'name' }],
  [TYPE.LOC, { version: 'u8', size: 'u8', horiz_pre: 'u8', vert_pre: 'u8', latitude: 'u32', longitude: 'u32', altitude: 'u32' }],
  [TYPE.DS, DIGEST],
  [TYPE.CDS, DIGEST],
  [TYPE.DNSKEY, PUBLIC_KEY],
  [TYPE.CDNSKEY, PUBLIC_KEY],
  [TYPE.RRSIG, SIGNATURE],
  [TYPE.NSEC, { nextDomain: 'name', types: 'types' }],
  [TYPE.NSEC3, { algorithm: 'u8', flags: 'u8', iterations: 'u16', salt: 'salt', hash: 'hash', types: 'types' }],
  [TYPE.NSEC3PARAM, { algorithm: 'u8', flags: 'u8', iterations: 'u16', salt: 'salt' }],
  [TYPE.CERT, { certType: 'u16', keyTag: 'u16', algorithm: 'u8', certificate: 'base64' }],
  [TYPE.SSHFP, { algorithm: 'u8', fptype: 'u8', fingerprint: 'hex' }],
  [TYPE.TLSA, CERTIFICATE],
  [TYPE.SMIMEA, CERTIFICATE],
  [TYPE.OPENPGPKEY, { data: 'base64' }],
  [TYPE.SVCB, SERVICE_BINDING],
  [TYPE.HTTPS, SERVICE_BINDING],
  [TYPE.EUI48, { address: 'eui48' }],
  [TYPE.EUI64, { address: 'eui64' }],
  [TYPE.URI, { priority: 'u16', weight: 'u16', target: 'text' }],
  [TYPE.CAA, { flags: 'u8', tag: 'word', value: 'text' }],
  [TYPE.DHCID, { data: 'base64' }],
  [TYPE.CSYNC, { serial: 'u32', flags: 'u16', types: 'types' }],
  [TYPE.ZONEMD, { serial: 'u32', scheme: 'u8', algorithm: 'u8', digest: 'hex' }],
  [TYPE.MD, ONE_NAME],
  [TYPE.MF, ONE_NAME],
  [TYPE.MB, ONE_NAME],
  [TYPE.MG, ONE_NAME],
  [TYPE.MR, ONE_NAME],
  [TYPE.MINFO, { rmailbox: 'name', emailbox: 'name' }],
  [TYPE.RT, { preference: 'u16', host: 'name' }],
  [TYPE.SIG, SIGNATURE],
  [TYPE.PX, { preference: 'u16', map822: 'name', mapx400: 'name' }],
  [TYPE.NXT, { nextDomain: 'name', bitmap: 'hex' }],
])

/** Types out of use: their names are expanded as they come, but nobody is told their fields. */
const UNSHOWN: ReadonlySet<number> = new Set([
  TYPE.MD,
  TYPE.MF,
  TYPE.MB,
  TYPE.MG,
  TYPE.MR,
  TYPE.MINFO,
  TYPE.RT,
  TYPE.SIG,
  TYPE.PX,
  TYPE.NXT,
])

/** Types whose names may come compressed, which is forbidden for newer ones such as SVCB. */
// biome-ignore format: a table reads better in rows
const COMPRESSED: readonly number[] = [
  ...UNSHOWN,
  TYPE.NS, TYPE.CNAME, TYPE.SOA, TYPE.PTR, TYPE.MX, TYPE.RP, TYPE.AFSDB, TYPE.SRV, TYPE.NAPTR, TYPE.KX, TYPE.DNAME,
  TYPE.RRSIG, TYPE.NSEC,
]

const SIZES: Partial<Record<FieldKind, number>> = { u8: 1, algorithm: 1, u16: 2, type: 2, u32: 4, time: 4 }

const PARTS: ReadonlyMap<number, readonly Part[]> = new Map(
  COMPRESSED.map((type) => [type, partsOfLayout(LAYOUTS.get(type) as RdataLayout)]),
)

/** Neighbouring numbers make one part. */
function partsOfLayout(layout: RdataLayout): Part[] {
  const parts: Part[] = []
  for (const kind of Object.values(layout)) {
    const part = SIZES[kind] ?? (kind === 'name' ? 'name' : kind === 'string' ? 'text' : 'rest')
    const last = parts.at(-1)
    if (typeof part === 'number' && typeof last === 'number') parts[parts.length - 1] = last + part
    else parts.push(part)
  }
  return parts
}
