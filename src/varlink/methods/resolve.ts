import { constants } from 'node:os'
import type { Control } from '../../control/index.ts'
import type { FoundService, Lookup, Lookups } from '../../lookup/index.ts'
import type { Browser } from '../../multicast/index.ts'
import { CLASS, octalEscaped } from '../../wire/index.ts'
import { configurationOf } from '../output/dns-configuration.ts'
import { errorOfFailure, noSuchRecord, systemError } from '../errors.ts'
import { byteArray, int32, lookupParameters, uint16 } from './parameters.ts'
import { browseRequest } from './browse-request.ts'
import { untilGone } from './permit.ts'
import type { Inspection } from '../ports.ts'
import { sendServices, type ServiceOutput } from '../output/services.ts'
import { addressOutput, linkedRecord } from '../output/records.ts'
import { RESOLVE_INTERFACE } from '../../varlink-idl/index.ts'
import type { Served } from '../connection/service.ts'
import { serve } from '../connection/service.ts'

/** Everything `io.systemd.Resolve` needs. */
export interface ResolvePorts {
  readonly lookups: Lookups
  readonly control: Control
  readonly inspector: Pick<Inspection, 'isAccessible'>
  readonly browser: Browser
}

/**
 * `io.systemd.Resolve`: translates to lookups and back. Replies hold exactly the members of varlink.md §3 and never an
 * empty list, because clients of 252 give up on the one and abort on the other.
 */
export function resolveInterface({ lookups, control, inspector, browser }: ResolvePorts): Served {
  return serve(RESOLVE_INTERFACE, {
    async ResolveHostname({ name, family, ...where }, call) {
      const request = { name, family: int32(family, 'family'), ...lookupParameters(where, call) }
      const { addresses, canonical, answer } = found(await lookups.hostname(request, call.signal))
      const { dependsOn } = answer
      // Only what came out of caches as a whole may be replayed; the order of addresses changes from reply to reply.
      if (dependsOn !== undefined) call.mayRepeat({ entries: dependsOn, shuffled: addresses.length })
      return { addresses: some(addresses).map(addressOutput), name: canonical, flags: answer.flags }
    },
    async ResolveAddress({ address, family, ...where }, call) {
      const bytes = byteArray(address, 'address')
      const request = { address: bytes, family: int32(family, 'family'), ...lookupParameters(where, call) }
      const { names, answer } = found(await lookups.address(request, call.signal))
      const { dependsOn } = answer
      if (dependsOn !== undefined) call.mayRepeat({ entries: dependsOn, shuffled: names.length })
      return {
        names: some(names).map(({ ifindex, name }) => ({ ifindex: ifindex || undefined, name })),
        flags: answer.flags,
      }
    },
    async ResolveService({ name = '', type = '', domain, family, ...where }, call) {
      const request = { name, type, domain, family: int32(family, 'family'), ...lookupParameters(where, call) }
      const { services, txt, canonical, answer } = found(await lookups.service(request, call.signal))
      return {
        services: some(services).map(serviceOutput),
        txt: unlessEmpty(txt.map(octalEscaped)),
        canonical: { ...canonical, name: canonical.name || undefined },
        flags: answer.flags,
      }
    },
    async ResolveRecord({ name, type, class: recordClass = CLASS.IN, ...where }, call) {
      const key = { type: uint16(type, 'type'), class: uint16(recordClass, 'class') }
      const { records, answer } = found(
        await lookups.record({ name, ...key, ...lookupParameters(where, call) }, call.signal),
      )
      return { rrs: some(records).map(linkedRecord), flags: answer.flags }
    },
    async BrowseServices(parameters, call) {
      const send = (browserServiceData: readonly ServiceOutput[]) => call.send({ browserServiceData })
      const following = browser.browse(browseRequest(parameters), (changes) => sendServices(changes, send))
      if (following === undefined) throw systemError(constants.errno.EBUSY)
      using _ = following
      return await untilGone(call.signal)
    },
    DumpDNSConfiguration(_parameters, { oneway }) {
      if (oneway) throw systemError(constants.errno.EINVAL)
      return { configuration: configurationOf(control, inspector) }
    },
  })
}

/** @throws {VarlinkError} for a lookup that failed */
function found<T>(lookup: Lookup<T>): T {
  if (!lookup.ok) throw errorOfFailure(lookup.failure)
  return lookup.value
}

/** @throws {VarlinkError} NoSuchResourceRecord instead of an empty list */
function some<T>(items: readonly T[]): readonly T[] {
  if (items.length === 0) throw noSuchRecord()
  return items
}

function unlessEmpty<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items
}

function serviceOutput({ priority, weight, port, hostname, canonicalName, addresses }: FoundService) {
  return {
    priority,
    weight,
    port,
    hostname,
    canonicalName: canonicalName || undefined,
    addresses: unlessEmpty(addresses.map(addressOutput)),
  }
}
