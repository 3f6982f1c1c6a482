import { IpAddress } from '../base/index.ts'
import { type Name, nameOfWire } from './name.ts'
import { TYPE } from './numbers.ts'
import { fieldsOf, type ServiceParam } from './rdata-fields.ts'
import type { ResourceRecord } from './record.ts'
import { inGroups, protocolsOf, SERVICE_PARAM } from './service-params.ts'

/** A record of type SVCB or HTTPS (RFC 9460). */
export interface ServiceBinding {
  /** The least comes first; 0: the target is an alias, and the parameters say nothing. */
  readonly priority: number
  readonly target: Name
  /** Keys that must be understood by whoever uses the record. */
  readonly mandatory: readonly number[]
  readonly alpn: readonly string[]
  readonly port: number | undefined
  /** Of both families, as hinted. */
  readonly addresses: readonly IpAddress[]
  /** Relative URI template for DNS over HTTPS (RFC 9461 §5). */
  readonly dohPath: string | undefined
}

/** Undefined for other types, and for rdata or parameters that are malformed: the whole record is void then (RFC 9460 §2.2). */
export function serviceBindingOf(record: ResourceRecord): ServiceBinding | undefined {
  if (record.type !== TYPE.SVCB && record.type !== TYPE.HTTPS) return undefined
  const [priority, target, params] = fieldsOf(record.type, record.rdata) ?? []
  if (priority?.kind !== 'u16' || target?.kind !== 'name' || params?.kind !== 'params') return undefined
  const mandatory = valueOf(params.value, SERVICE_PARAM.MANDATORY, Buffer.alloc(0))
  const alpn = protocolsOf(valueOf(params.value, SERVICE_PARAM.ALPN, Buffer.alloc(0)))
  const port = valueOf(params.value, SERVICE_PARAM.PORT, undefined)
  const v4 = inGroups(valueOf(params.value, SERVICE_PARAM.IPV4HINT, Buffer.alloc(0)), 4)
  const v6 = inGroups(valueOf(params.value, SERVICE_PARAM.IPV6HINT, Buffer.alloc(0)), 16)
  const keys = inGroups(mandatory, 2)
  const isPort = port === undefined || port.length === 2
  if (alpn === undefined || v4 === undefined || v6 === undefined || keys === undefined || !isPort) return undefined
  return {
    priority: priority.value,
    target: nameOfWire(target.value),
    mandatory: keys.map((key) => key.readUInt16BE()),
    alpn,
    port: port?.readUInt16BE(),
    addresses: [...v4, ...v6].map((bytes) => IpAddress.fromBytes(bytes)).filter((address) => address !== undefined),
    dohPath: valueOf(params.value, SERVICE_PARAM.DOHPATH, undefined)?.toString('utf8'),
  }
}

function valueOf<T>(params: readonly ServiceParam[], key: number, otherwise: T): Buffer | T {
  return params.find((param) => param.key === key)?.value ?? otherwise
}
