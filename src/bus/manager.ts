import type { Control, GlobalStatus } from '../control/index.ts'
import type { Lookups } from '../lookup/index.ts'
import { linkIndexOf } from './arguments.ts'
import type { Changes } from './changes.ts'
import { delegateMethods } from './delegate-object.ts'
import { BusError, ERROR } from './errors.ts'
import { args, type BusInterface, type EmitsChange, type Method, type Property } from './interface.ts'
import { managerLinkMethods } from './link-object.ts'
import { lookupMethods } from './lookup-methods.ts'
import { DNSSD_PATH, elementBelow, linkPath } from './path.ts'
import {
  allDomains,
  allServers,
  currentGlobalServer,
  currentGlobalServerEx,
  globalServer,
  globalServerEx,
} from './values.ts'

export const MANAGER_INTERFACE = 'org.freedesktop.resolve1.Manager'

/** `org.freedesktop.resolve1.Manager` (dbus.md §3, §4). */
export function managerInterface(lookups: Lookups, control: Control, changes: Changes): BusInterface {
  return {
    name: MANAGER_INTERFACE,
    properties: managerProperties(control),
    methods: [
      ...lookupMethods(lookups),
      getLink(control),
      ...managerLinkMethods(changes),
      ...serviceMethods(),
      ...daemonMethods(control, changes),
      ...delegateMethods(control),
    ],
    signals: [],
  }
}

function getLink(control: Control): Method {
  return {
    name: 'GetLink',
    in: args('i ifindex'),
    out: args('o path'),
    run(call) {
      const ifindex = linkIndexOf(call.args[0])
      if (control.link(ifindex) === undefined) throw new BusError(ERROR.noSuchLink, `Link ${ifindex} not known`)
      return [linkPath(ifindex)]
    },
  }
}

/** Publishing by multicast does not exist yet: nothing can be registered, so nothing is there to unregister. */
function serviceMethods(): readonly Method[] {
  return [
    {
      name: 'RegisterService',
      in: args(
        's id, s name_template, s type, q service_port, q service_priority, q service_weight, aa{say} txt_datas',
      ),
      out: args('o service_path'),
      run() {
        throw new BusError(ERROR.notSupported, 'Support for MulticastDNS is disabled')
      },
    },
    {
      name: 'UnregisterService',
      in: args('o service_path'),
      out: [],
      run(call) {
        const path = call.args[0] as string
        const id = elementBelow(DNSSD_PATH, path)
        throw new BusError(
          ERROR.noSuchDnssdService,
          id === undefined
            ? `DNS-SD service with object path '${path}' does not exist`
            : `DNS-SD service '${id}' not known`,
        )
      },
    },
  ]
}

function daemonMethods(control: Control, changes: Changes): readonly Method[] {
  return [
    {
      name: 'ResetStatistics',
      in: [],
      out: [],
      run: (call) => changes.ofDaemon(call, 'reset-statistics', () => control.resetStatistics()),
    },
    {
      name: 'FlushCaches',
      in: [],
      out: [],
      run: (call) => changes.ofDaemon(call, 'flush-caches', () => control.flushCaches()),
    },
    {
      name: 'ResetServerFeatures',
      in: [],
      out: [],
      run: (call) => changes.ofDaemon(call, 'reset-server-features', () => control.resetServerFeatures()),
    },
  ]
}

function managerProperties(control: Control): readonly Property[] {
  const property = (
    name: string,
    type: string,
    emitsChange: EmitsChange,
    read: (global: GlobalStatus) => unknown,
  ): Property => ({ name, type, emitsChange, read: () => read(control.global()) })
  return [
    property('LLMNRHostname', 's', 'true', (global) => global.llmnrHostname),
    property('LLMNR', 's', 'false', (global) => global.settings.llmnr),
    property('MulticastDNS', 's', 'false', (global) => global.settings.multicastDns),
    property('DNSOverTLS', 's', 'false', (global) => global.settings.dnsOverTls),
    property('DNS', 'a(iiay)', 'true', (global) => allServers(global, control.links(), globalServer)),
    property('DNSEx', 'a(iiayqs)', 'true', (global) => allServers(global, control.links(), globalServerEx)),
    property('FallbackDNS', 'a(iiay)', 'const', ({ settings }) => settings.fallbackServers.map((s) => globalServer(s))),
    property('FallbackDNSEx', 'a(iiayqs)', 'const', ({ settings }) =>
      settings.fallbackServers.map((server) => globalServerEx(server)),
    ),
    property('CurrentDNSServer', '(iiay)', 'true', (global) => currentGlobalServer(global.currentServer)),
    property('CurrentDNSServerEx', '(iiayqs)', 'true', (global) => currentGlobalServerEx(global.currentServer)),
    property('Domains', 'a(isb)', 'false', (global) => allDomains(global, control.links())),
    property('TransactionStatistics', '(tt)', 'false', () => {
      const { currentTransactions, totalTransactions } = control.statistics()
      return [BigInt(currentTransactions), BigInt(totalTransactions)]
    }),
    property('CacheStatistics', '(ttt)', 'false', () => {
      const { cacheSize, cacheHits, cacheMisses } = control.statistics()
      return [BigInt(cacheSize), BigInt(cacheHits), BigInt(cacheMisses)]
    }),
    property('DNSSEC', 's', 'false', (global) => global.settings.dnssec),
    // Nothing is validated yet, so nothing has been found secure, insecure, bogus or indeterminate.
    property('DNSSECStatistics', '(tttt)', 'false', () => [0n, 0n, 0n, 0n]),
    property('DNSSECSupported', 'b', 'false', (global) => global.dnssecSupported),
    property('DNSSECNegativeTrustAnchors', 'as', 'false', (global) => global.negativeTrustAnchors),
    property('DNSStubListener', 's', 'false', (global) => global.settings.stubListener),
    property('ResolvConfMode', 's', 'false', (global) => global.resolvConfMode ?? ''),
  ]
}
