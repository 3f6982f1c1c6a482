import { octalEscaped } from './escape.ts'
import { TYPE } from './numbers.ts'
import { fieldsOf, type RdataField, type ServiceParam } from './rdata-fields.ts'
import { plainBytesText } from './rdata-text.ts'
import { serviceParamName, serviceParamText } from './service-params.ts'

/** What JSON.stringify writes without loss. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** What identifies a record or a question. `name` is text without final dot. */
export interface RecordKey {
  readonly class: number
  readonly type: number
  readonly name: string
}

/**
 * The JSON form of a record (varlink.md §3.2): its key and the fields of its type, without the TTL. Undefined for types
 * that have no such form, and for malformed rdata: callers then have only the raw bytes to give.
 */
export function recordJson(key: RecordKey, rdata: Buffer): Readonly<Record<string, Json>> | undefined {
  const fields = HAS_JSON.has(key.type) ? fieldsOf(key.type, rdata) : undefined
  if (fields === undefined) return undefined
  const data = Object.fromEntries(fields.map((field) => [field.name, fieldJson(field)]))
  return { key: { class: key.class, type: key.type, name: key.name }, ...data }
}

/** Clients know exactly these types; one more would be a key they have never seen. */
// biome-ignore format: a table reads better in rows
const HAS_JSON: ReadonlySet<number> = new Set([
  TYPE.A, TYPE.AAAA, TYPE.PTR, TYPE.NS, TYPE.CNAME, TYPE.DNAME, TYPE.SRV, TYPE.MX, TYPE.TXT, TYPE.SPF, TYPE.SOA,
  TYPE.HINFO, TYPE.LOC, TYPE.DS, TYPE.SSHFP, TYPE.DNSKEY, TYPE.RRSIG, TYPE.NSEC, TYPE.NSEC3, TYPE.TLSA,
  TYPE.OPENPGPKEY, TYPE.CAA, TYPE.SVCB, TYPE.HTTPS, TYPE.NAPTR,
])

function fieldJson(field: RdataField): Json {
  switch (field.kind) {
    case 'u8':
    case 'u16':
    case 'u32':
    case 'algorithm':
    case 'type':
    case 'time':
      return field.value
    case 'strings':
      return field.value.map(octalEscaped)
    case 'types':
      return field.value
    case 'params':
      return Object.fromEntries(field.value.map((param) => [serviceParamName(param.key), paramJson(param)]))
    default:
      return bytesJson(field)
  }
}

function bytesJson({ kind, value }: RdataField & { value: Buffer }): Json {
  switch (kind) {
    case 'ipv4':
    case 'ipv6':
      return [...value]
    case 'string':
    case 'word':
    case 'text':
      return octalEscaped(value)
    default:
      return plainBytesText(kind, value)
  }
}

/** A parameter's value in its text form, without the quotes. */
function paramJson(param: ServiceParam): Json {
  const text = serviceParamText(param)
  return text.slice(serviceParamName(param.key).length + 1).replace(/^"(.*)"$/, '$1')
}
