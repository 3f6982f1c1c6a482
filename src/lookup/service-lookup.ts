import type { AskedName, ResourceRecord } from '../wire/index.ts'
import { parseAskedName, ROOT, textOfWire, toAscii, TYPE, wireOfText, writtenName } from '../wire/index.ts'
import { ACCEPTED_FLAGS, FLAG } from '../resolve/index.ts'
import type { FoundService, Lookup, Lookups, ServiceRequest, ServiceResult } from './lookup-types.ts'
import { recordsAsWritten } from './as-written.ts'
import type { Resolver } from '../resolve/index.ts'
import { checkCommon, fail, failureOf, found, invalid, queryFor } from './lookup-results.ts'

/** Hosts looked up for one service at most (R-ORDER-5). */
const MAX_HOSTS = 64
/** priority, weight, port. */
const SRV_FIXED = 6

/** SRV and TXT of a service, then the addresses of its hosts (dbus.md §3.4). */
export async function lookUpService(
  request: ServiceRequest,
  lookups: Lookups,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<Lookup<ServiceResult>> {
  const problem = checkCommon(request, ACCEPTED_FLAGS.service, request.family)
  if (problem !== undefined) return invalid(problem, request.domain)
  if (request.name !== '' && request.type === '') return invalid('type', request.domain)
  const asked = serviceName(request)
  if (asked === undefined) return invalid('domain', request.domain)
  const name = writtenName(asked)
  if (resolver.refuses(TYPE.SRV)) return fail('query-refused', name) // the TXT records alone are no service
  const wantsTxt = (request.flags & FLAG.NO_TXT) === 0
  const flags = (request.flags & ~(FLAG.NO_TXT | FLAG.NO_ADDRESS)) | FLAG.NO_SEARCH
  const types = wantsTxt ? [TYPE.SRV, TYPE.TXT] : [TYPE.SRV]
  const resolution = await resolver.resolve(queryFor(asked, types, request.ifindex, flags, request.client), signal)
  const records = recordsAsWritten(resolution).map(({ record }) => record)
  const srvs = records.filter(({ type, rdata }) => type === TYPE.SRV && rdata.length > SRV_FIXED)
  if (srvs.length === 0) return failureOf(resolution, name)
  if (srvs.length === 1 && srvs[0]?.rdata[SRV_FIXED] === 0) return fail('no-such-service', name)
  const canonical = splitServiceName(srvs[0] as ResourceRecord, request)
  if (canonical === undefined) return fail('inconsistent-service', name)
  const hosts = await lookUpHosts(srvs, request, lookups, signal)
  const services = hosts.flatMap((host) => (host.ok ? [host.value] : []))
  const failed = hosts.findLast((host) => !host.ok)
  if (services.length === 0 && failed !== undefined) return failed
  return found({ services, txt: wantsTxt ? textsOf(records) : [], canonical }, resolution)
}

/** All at once; a host that fails is left out unless all fail. */
function lookUpHosts(
  srvs: readonly ResourceRecord[],
  request: ServiceRequest,
  lookups: Lookups,
  signal: AbortSignal,
): Promise<Lookup<FoundService>[]> {
  return Promise.all(srvs.slice(0, MAX_HOSTS).map((srv) => lookUpHost(srv, request, lookups, signal)))
}

async function lookUpHost(
  { rdata }: ResourceRecord,
  { ifindex, family, flags, client }: ServiceRequest,
  lookups: Lookups,
  signal: AbortSignal,
): Promise<Lookup<FoundService>> {
  const hostname = textOfWire(rdata.subarray(SRV_FIXED))
  const numbers = { priority: rdata.readUInt16BE(0), weight: rdata.readUInt16BE(2), port: rdata.readUInt16BE(4) }
  if ((flags & FLAG.NO_ADDRESS) !== 0) {
    return { ok: true, value: { ...numbers, hostname, addresses: [], canonicalName: '' } }
  }
  const hostFlags = (flags & ~(FLAG.NO_TXT | FLAG.NO_ADDRESS)) | FLAG.NO_SEARCH
  const host = await lookups.hostname(
    { name: hostname, ifindex, family, flags: hostFlags, ...(client && { client }) },
    signal,
  )
  if (!host.ok) return host
  const { addresses, canonical } = host.value
  return { ok: true, value: { ...numbers, hostname, addresses, canonicalName: canonical } }
}

/** `<name>.<type>.<domain>`, where the name is one label of any characters and never IDNA (RFC 6763 §4.1). */
function serviceName({ name, type, domain }: ServiceRequest): AskedName | undefined {
  const below = type === '' ? domain : toAscii(domain)
  if (below === undefined || (type !== '' && !isServiceType(type))) return undefined
  const instance = name === '' ? '' : `${escapeLabel(name)}.`
  return parseAskedName(type === '' ? below : `${instance}${type}.${below === '.' ? '' : below}`)
}

/** `_service._tcp` or `_service._udp`, sub-types in front allowed. */
function isServiceType(type: string): boolean {
  return /^(?:_[a-z0-9-]{1,63}\.)*_[a-z0-9-]{1,63}\._(?:tcp|udp)\.?$/i.test(type)
}

/** Dots and backslashes of an instance name do not separate labels (RFC 6763 §4.3). */
function escapeLabel(label: string): string {
  return label.replaceAll(/[.\\]/g, String.raw`\$&`)
}

/** The owner of the SRV record taken apart again: it may be another than was asked for, after a CNAME. */
function splitServiceName(
  srv: ResourceRecord,
  request: ServiceRequest,
): { name: string; type: string; domain: string } | undefined {
  const owner = textOfWire(srv.owner)
  const match =
    /^(?:(?<name>(?:[^_\\.]|\\.)(?:\\.|[^\\.])*)\.)?(?<type>_[^.]+(?:\._[^.]+)*\._(?:tcp|udp))(?:\.(?<domain>.+))?$/i
  const groups = match.exec(owner)?.groups
  if (groups === undefined) return request.type === '' ? { name: '', type: '', domain: owner } : undefined
  const name = groups.name === undefined ? '' : labelText(groups.name)
  return { name, type: groups.type ?? '', domain: groups.domain ?? ROOT }
}

/** The characters an escaped label stands for. */
function labelText(label: string): string {
  const wire = wireOfText(label)
  return wire === undefined ? label : wire.toString('utf8', 1, wire.length - 1)
}

/** The strings of all TXT records; empty ones carry nothing. */
function textsOf(records: readonly ResourceRecord[]): Uint8Array[] {
  return records.filter(({ type }) => type === TYPE.TXT).flatMap(({ rdata }) => stringsIn(rdata))
}

/** Character strings, each with its length in front (RFC 1035 §3.3.14). */
function stringsIn(rdata: Buffer): Uint8Array[] {
  const strings: Uint8Array[] = []
  for (let at = 0; at < rdata.length; at += 1 + (rdata[at] ?? 0)) {
    if (rdata[at] !== 0) strings.push(rdata.subarray(at + 1, at + 1 + (rdata[at] ?? 0)))
  }
  return strings
}
