import { type FoundAddress, type Lookup, type Lookups } from '../lookup/index.ts'
import type { MANAGER } from '../dbus/index.ts'
import { ACCEPTED_FLAGS, type QueryClient } from '../resolve/index.ts'
import { wireOfRecord } from '../wire/index.ts'
import { familyOf, flagsOf, lookupIndexOf } from './arguments.ts'
import { errorOfFailure } from './errors.ts'
import type { BusCall, MethodHandlers } from './interface.ts'

type LookupMethod = 'ResolveHostname' | 'ResolveAddress' | 'ResolveRecord' | 'ResolveService'

/** The four lookups (dbus.md §3): only translation to and from `lookups`. */
export function lookupMethods(lookups: Lookups): Pick<MethodHandlers<typeof MANAGER>, LookupMethod> {
  return {
    async ResolveHostname([ifindex, name, family, flags], call) {
      const where = { ifindex: lookupIndexOf(ifindex), family: familyOf(family) }
      const request = { ...where, name, flags: flagsOf(flags, ACCEPTED_FLAGS.hostname), client: clientOf(call) }
      const found = await waitFor(call, (signal) => lookups.hostname(request, signal))
      return [found.addresses.map(addressValue), found.canonical, BigInt(found.answer.flags)]
    },
    async ResolveAddress([ifindex, family, address, flags], call) {
      const where = { ifindex: lookupIndexOf(ifindex), family: familyOf(family) }
      const request = { ...where, address, flags: flagsOf(flags, ACCEPTED_FLAGS.address), client: clientOf(call) }
      const found = await waitFor(call, (signal) => lookups.address(request, signal))
      return [found.names.map(({ ifindex: link, name }) => [link, name] as const), BigInt(found.answer.flags)]
    },
    async ResolveRecord([ifindex, name, dnsClass, type, flags], call) {
      const key = { ifindex: lookupIndexOf(ifindex), name, class: dnsClass, type }
      const request = { ...key, flags: flagsOf(flags, ACCEPTED_FLAGS.record), client: clientOf(call) }
      const found = await waitFor(call, (signal) => lookups.record(request, signal))
      const records = found.records.map(({ ifindex: link, record }) => {
        return [link, record.class, record.type, wireOfRecord(record)] as const
      })
      return [records, BigInt(found.answer.flags)]
    },
    async ResolveService([ifindex, name, type, domain, family, flags], call) {
      const where = { ifindex: lookupIndexOf(ifindex), family: familyOf(family) }
      const accepted = flagsOf(flags, ACCEPTED_FLAGS.service)
      const request = { ...where, name, type, domain, flags: accepted, client: clientOf(call) }
      const found = await waitFor(call, (signal) => lookups.service(request, signal))
      const services = found.services.map(({ priority, weight, port, hostname, addresses, canonicalName }) => {
        return [priority, weight, port, hostname, addresses.map(addressValue), canonicalName] as const
      })
      const { canonical } = found
      return [services, found.txt, canonical.name, canonical.type, canonical.domain, BigInt(found.answer.flags)]
    },
  }
}

/** For those who watch: the bus is asked who it is only for them. */
function clientOf({ client }: BusCall): QueryClient {
  return { via: 'bus', busName: client.busName, identity: client.identity, identify: () => client.identify() }
}

/** Waits as long as the caller is on the bus. @throws {BusError} for a lookup that found nothing, and for too many at once */
async function waitFor<T>(call: BusCall, lookUp: (signal: AbortSignal) => Promise<Lookup<T>>): Promise<T> {
  using slot = call.client.enter('lookup')
  const result = await lookUp(slot.signal)
  if (!result.ok) throw errorOfFailure(result.failure)
  return result.value
}

/** `(iiay)`. */
function addressValue({ ifindex, address }: FoundAddress): readonly [number, number, Uint8Array] {
  return [ifindex, address.family, address.bytes]
}
