import type { Control, LinkStatus, Operation } from '../control/index.ts'
import { LINK, type MANAGER } from '../dbus/index.ts'
import type { LinkSettings } from '../settings/index.ts'
import {
  type DomainArgument,
  dnsOverTlsModeOf,
  dnssecModeOf,
  domainsOf,
  multicastModeOf,
  type ServerArgument,
  serversOf,
  trustAnchorsOf,
} from './arguments.ts'
import type { Changes } from './changes.ts'
import { BusError, ERROR } from './errors.ts'
import { type BusInterface, type BusCall, implement, type MethodHandlers, type PropertyReaders } from './interface.ts'
import { currentLinkServer, currentLinkServerEx, linkDomain, linkServer, linkServerEx } from './values.ts'

/** `org.freedesktop.resolve1.Link` of one interface (dbus.md §5). */
export function linkInterface(ifindex: number, control: Control, changes: Changes): BusInterface {
  const set = setters(changes)
  return implement(
    LINK,
    {
      SetDNS: ([value], call) => set.servers(ifindex, value, call),
      SetDNSEx: ([value], call) => set.servers(ifindex, value, call),
      SetDomains: ([value], call) => set.domains(ifindex, value, call),
      SetDefaultRoute: ([value], call) => set.defaultRoute(ifindex, value, call),
      SetLLMNR: ([value], call) => set.llmnr(ifindex, value, call),
      SetMulticastDNS: ([value], call) => set.multicastDns(ifindex, value, call),
      SetDNSOverTLS: ([value], call) => set.dnsOverTls(ifindex, value, call),
      SetDNSSEC: ([value], call) => set.dnssec(ifindex, value, call),
      SetDNSSECNegativeTrustAnchors: ([value], call) => set.negativeTrustAnchors(ifindex, value, call),
      Revert: (_, call) => changes.revertLink(call, ifindex),
    },
    linkProperties(() => statusOf(control, ifindex)),
  )
}

/** The manager's methods that name their link by an argument. */
type LinkMethod = Extract<keyof (typeof MANAGER)['methods'], `SetLink${string}` | 'RevertLink'>

/** The same setters as the manager has them. */
export function managerLinkMethods(changes: Changes): Pick<MethodHandlers<typeof MANAGER>, LinkMethod> {
  const set = setters(changes)
  return {
    SetLinkDNS: ([ifindex, value], call) => set.servers(ifindex, value, call),
    SetLinkDNSEx: ([ifindex, value], call) => set.servers(ifindex, value, call),
    SetLinkDomains: ([ifindex, value], call) => set.domains(ifindex, value, call),
    SetLinkDefaultRoute: ([ifindex, value], call) => set.defaultRoute(ifindex, value, call),
    SetLinkLLMNR: ([ifindex, value], call) => set.llmnr(ifindex, value, call),
    SetLinkMulticastDNS: ([ifindex, value], call) => set.multicastDns(ifindex, value, call),
    SetLinkDNSOverTLS: ([ifindex, value], call) => set.dnsOverTls(ifindex, value, call),
    SetLinkDNSSEC: ([ifindex, value], call) => set.dnssec(ifindex, value, call),
    SetLinkDNSSECNegativeTrustAnchors: ([ifindex, value], call) => set.negativeTrustAnchors(ifindex, value, call),
    RevertLink: ([ifindex], call) => changes.revertLink(call, ifindex),
  }
}

/**
 * One setter for each setting, whichever object it is called on. `read` checks the value as a client wrote it. @throws
 * {BusError}
 */
function setters(changes: Changes) {
  const setter =
    <T>(operation: Operation, read: (value: T) => Partial<LinkSettings>) =>
    (ifindex: number, value: T, call: BusCall) =>
      changes.setLink(call, ifindex, operation, () => read(value))
  return {
    servers: setter('set-dns-servers', (value: readonly ServerArgument[]) => ({ servers: serversOf(value) })),
    domains: setter('set-domains', (value: readonly DomainArgument[]) => ({ domains: domainsOf(value) })),
    defaultRoute: setter('set-default-route', (defaultRoute: boolean) => ({ defaultRoute })),
    llmnr: setter('set-llmnr', (mode: string) => ({ llmnr: multicastModeOf(mode, 'LLMNR') })),
    multicastDns: setter('set-mdns', (mode: string) => ({ multicastDns: multicastModeOf(mode, 'MulticastDNS') })),
    dnsOverTls: setter('set-dns-over-tls', (mode: string) => ({ dnsOverTls: dnsOverTlsModeOf(mode) })),
    dnssec: setter('set-dnssec', (mode: string) => ({ dnssec: dnssecModeOf(mode) })),
    negativeTrustAnchors: setter('set-dnssec-negative-trust-anchors', (names: readonly string[]) => {
      return { negativeTrustAnchors: trustAnchorsOf(names) }
    }),
  }
}

function linkProperties(link: () => LinkStatus): PropertyReaders<typeof LINK> {
  return {
    ScopesMask: () => BigInt(link().scopesMask),
    DNS: () => link().settings.servers.map(linkServer),
    DNSEx: () => link().settings.servers.map(linkServerEx),
    CurrentDNSServer: () => currentLinkServer(link().currentServer),
    CurrentDNSServerEx: () => currentLinkServerEx(link().currentServer),
    Domains: () => link().settings.domains.map(linkDomain),
    DefaultRoute: () => link().isDefaultRoute,
    LLMNR: () => link().llmnr,
    MulticastDNS: () => link().multicastDns,
    DNSOverTLS: () => link().dnsOverTls,
    DNSSEC: () => link().dnssec,
    DNSSECNegativeTrustAnchors: () => link().settings.negativeTrustAnchors,
    DNSSECSupported: () => link().dnssecSupported,
  }
}

/** The link may have gone between lookup of the object and the read. @throws {BusError} NoSuchLink */
function statusOf(control: Control, ifindex: number): LinkStatus {
  const status = control.link(ifindex)
  if (status === undefined) throw new BusError(ERROR.noSuchLink, `Link ${ifindex} not known`)
  return status
}
