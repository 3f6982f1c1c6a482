import type { Control } from '../control/index.ts'
import { MANAGER } from '../dbus/index.ts'
import type { Lookups } from '../lookup/index.ts'
import { linkIndexOf } from './arguments.ts'
import type { Changes } from './changes.ts'
import { delegateMethods } from './delegate-object.ts'
import type { DnssdServices } from './dnssd-services.ts'
import { BusError, ERROR } from './errors.ts'
import { type BusInterface, implement, type PropertyReaders } from './interface.ts'
import { managerLinkMethods } from './link-object.ts'
import { lookupMethods } from './lookup-methods.ts'
import { linkPath } from './path.ts'
import {
  allDomains,
  allServers,
  currentGlobalServer,
  currentGlobalServerEx,
  globalServer,
  globalServerEx,
} from './values.ts'

/** `org.freedesktop.resolve1.Manager` (dbus.md §3, §4). */
export function managerInterface(
  lookups: Lookups,
  control: Control,
  changes: Changes,
  services: DnssdServices,
): BusInterface {
  return implement(
    MANAGER,
    {
      ...lookupMethods(lookups),
      GetLink([index]) {
        const ifindex = linkIndexOf(index)
        if (control.link(ifindex) === undefined) throw new BusError(ERROR.noSuchLink, `Link ${ifindex} not known`)
        return [linkPath(ifindex)]
      },
      ...managerLinkMethods(changes),
      ...services.methods(),
      ResetStatistics: (_, call) => changes.ofDaemon(call, 'reset-statistics', () => control.resetStatistics()),
      FlushCaches: (_, call) => changes.ofDaemon(call, 'flush-caches', () => control.flushCaches()),
      ResetServerFeatures: (_, call) =>
        changes.ofDaemon(call, 'reset-server-features', () => control.resetServerFeatures()),
      ...delegateMethods(control),
    },
    managerProperties(control),
  )
}

function managerProperties(control: Control): PropertyReaders<typeof MANAGER> {
  const global = () => control.global()
  const settings = () => control.global().settings
  return {
    LLMNRHostname: () => global().llmnrHostname,
    LLMNR: () => settings().llmnr,
    MulticastDNS: () => settings().multicastDns,
    DNSOverTLS: () => settings().dnsOverTls,
    DNS: () => allServers(global(), control.links(), globalServer),
    DNSEx: () => allServers(global(), control.links(), globalServerEx),
    FallbackDNS: () => settings().fallbackServers.map((server) => globalServer(server)),
    FallbackDNSEx: () => settings().fallbackServers.map((server) => globalServerEx(server)),
    CurrentDNSServer: () => currentGlobalServer(global().currentServer),
    CurrentDNSServerEx: () => currentGlobalServerEx(global().currentServer),
    Domains: () => allDomains(global(), control.links()),
    TransactionStatistics: () => {
      const { currentTransactions, totalTransactions } = control.statistics()
      return [BigInt(currentTransactions), BigInt(totalTransactions)]
    },
    CacheStatistics: () => {
      const { cacheSize, cacheHits, cacheMisses } = control.statistics()
      return [BigInt(cacheSize), BigInt(cacheHits), BigInt(cacheMisses)]
    },
    DNSSEC: () => settings().dnssec,
    DNSSECStatistics: () => {
      const { secure, insecure, bogus, indeterminate } = control.statistics().verdicts
      return [BigInt(secure), BigInt(insecure), BigInt(bogus), BigInt(indeterminate)]
    },
    DNSSECSupported: () => global().dnssecSupported,
    DNSSECNegativeTrustAnchors: () => global().negativeTrustAnchors,
    DNSStubListener: () => settings().stubListener,
    ResolvConfMode: () => global().resolvConfMode ?? '',
  }
}
