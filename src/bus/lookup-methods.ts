import type { IpAddress } from '../base/index.ts'
import { type FoundAddress, type Lookup, type Lookups } from '../lookup/index.ts'
import { ACCEPTED_FLAGS, type QueryClient } from '../resolve/index.ts'
import { wireOfRecord } from '../wire/index.ts'
import { familyOf, flagsOf, lookupIndexOf } from './arguments.ts'
import { errorOfFailure } from './errors.ts'
import { args, type Call, type Method } from './interface.ts'

/** ResolveHostname, ResolveAddress, ResolveRecord and ResolveService (dbus.md §3): only translation to and from `lookups`. */
export function lookupMethods(lookups: Lookups): readonly Method[] {
  return [hostnameMethod(lookups), addressMethod(lookups), recordMethod(lookups), serviceMethod(lookups)]
}

function hostnameMethod(lookups: Lookups): Method {
  return {
    name: 'ResolveHostname',
    in: args('i ifindex, s name, i family, t flags'),
    out: args('a(iiay) addresses, s canonical, t flags'),
    async run(call) {
      const [ifindex, name, family, flags] = call.args as [number, string, number, bigint]
      const [link, kind] = [lookupIndexOf(ifindex), familyOf(family)]
      const accepted = flagsOf(flags, ACCEPTED_FLAGS.hostname)
      const request = { ifindex: link, name, family: kind, flags: accepted, client: clientOf(call) }
      const found = await waitFor(call, (signal) => lookups.hostname(request, signal))
      return [found.addresses.map(addressValue), found.canonical, BigInt(found.flags)]
    },
  }
}

function addressMethod(lookups: Lookups): Method {
  return {
    name: 'ResolveAddress',
    in: args('i ifindex, i family, ay address, t flags'),
    out: args('a(is) names, t flags'),
    async run(call) {
      const [ifindex, family, address, flags] = call.args as [number, number, Buffer, bigint]
      const request = {
        ifindex: lookupIndexOf(ifindex),
        family: familyOf(family),
        address,
        flags: flagsOf(flags, ACCEPTED_FLAGS.address),
        client: clientOf(call),
      }
      const found = await waitFor(call, (signal) => lookups.address(request, signal))
      return [found.names.map(({ ifindex: link, name }) => [link, name]), BigInt(found.flags)]
    },
  }
}

function recordMethod(lookups: Lookups): Method {
  return {
    name: 'ResolveRecord',
    in: args('i ifindex, s name, q class, q type, t flags'),
    out: args('a(iqqay) records, t flags'),
    async run(call) {
      const [ifindex, name, dnsClass, type, flags] = call.args as [number, string, number, number, bigint]
      const accepted = flagsOf(flags, ACCEPTED_FLAGS.record)
      const request = {
        ifindex: lookupIndexOf(ifindex),
        name,
        class: dnsClass,
        type,
        flags: accepted,
        client: clientOf(call),
      }
      const found = await waitFor(call, (signal) => lookups.record(request, signal))
      const records = found.records.map(({ ifindex: link, record }) => {
        return [link, record.class, record.type, wireOfRecord(record)]
      })
      return [records, BigInt(found.flags)]
    },
  }
}

function serviceMethod(lookups: Lookups): Method {
  return {
    name: 'ResolveService',
    in: args('i ifindex, s name, s type, s domain, i family, t flags'),
    out: args(
      'a(qqqsa(iiay)s) srv_data, aay txt_data, s canonical_name, s canonical_type, s canonical_domain, t flags',
    ),
    async run(call) {
      const [ifindex, name, type, domain, family, flags] = call.args as [number, string, string, string, number, bigint]
      const [link, kind] = [lookupIndexOf(ifindex), familyOf(family)]
      const accepted = flagsOf(flags, ACCEPTED_FLAGS.service)
      const request = { ifindex: link, name, type, domain, family: kind, flags: accepted, client: clientOf(call) }
      const found = await waitFor(call, (signal) => lookups.service(request, signal))
      const services = found.services.map(({ priority, weight, port, hostname, addresses, canonicalName }) => {
        return [priority, weight, port, hostname, addresses.map(addressValue), canonicalName]
      })
      const { canonical } = found
      return [services, found.txt, canonical.name, canonical.type, canonical.domain, BigInt(found.flags)]
    },
  }
}

/** For those who watch: the bus is asked who it is only for them. */
function clientOf({ client }: Call): QueryClient {
  return { door: 'bus', busName: client.busName, identify: () => client.identify() }
}

/** Waits as long as the caller is on the bus. @throws {BusError} for a lookup that found nothing, and for too many at once */
async function waitFor<T>(call: Call, lookUp: (signal: AbortSignal) => Promise<Lookup<T>>): Promise<T> {
  using slot = call.client.enter('lookup')
  const result = await lookUp(slot.signal)
  if (!result.ok) throw errorOfFailure(result.failure)
  return result.value
}

/** `(iiay)`. */
function addressValue({ ifindex, address }: FoundAddress): [number, number, IpAddress['bytes']] {
  return [ifindex, address.family, address.bytes]
}
