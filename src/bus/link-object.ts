import type { Control, LinkStatus, Operation } from '../control/index.ts'
import type { LinkSettings } from '../settings/index.ts'
import { dnsOverTlsModeOf, dnssecModeOf, domainsOf, multicastModeOf, serversOf, trustAnchorsOf } from './arguments.ts'
import type { Changes } from './changes.ts'
import { BusError, ERROR } from './errors.ts'
import { args, type BusInterface, type Call, type Method, type Property } from './interface.ts'
import { currentLinkServer, currentLinkServerEx, linkDomain, linkServer, linkServerEx } from './values.ts'

/** A setter of a link: `SetX` on the link's object, `SetLinkX` with an index in front on the manager. */
interface Setter {
  readonly name: string
  readonly argument: string
  readonly operation: Operation
  readonly read: (value: unknown) => Partial<LinkSettings>
}

const SETTERS: readonly Setter[] = [
  {
    name: 'DNS',
    argument: 'a(iay) addresses',
    operation: 'set-dns-servers',
    read: (value) => ({ servers: serversOf(value) }),
  },
  {
    name: 'DNSEx',
    argument: 'a(iayqs) addresses',
    operation: 'set-dns-servers',
    read: (value) => ({ servers: serversOf(value) }),
  },
  {
    name: 'Domains',
    argument: 'a(sb) domains',
    operation: 'set-domains',
    read: (value) => ({ domains: domainsOf(value) }),
  },
  {
    name: 'DefaultRoute',
    argument: 'b enable',
    operation: 'set-default-route',
    read: (value) => ({ defaultRoute: value as boolean }),
  },
  {
    name: 'LLMNR',
    argument: 's mode',
    operation: 'set-llmnr',
    read: (value) => ({ llmnr: multicastModeOf(value, 'LLMNR') }),
  },
  {
    name: 'MulticastDNS',
    argument: 's mode',
    operation: 'set-mdns',
    read: (value) => ({ multicastDns: multicastModeOf(value, 'MulticastDNS') }),
  },
  {
    name: 'DNSOverTLS',
    argument: 's mode',
    operation: 'set-dns-over-tls',
    read: (value) => ({ dnsOverTls: dnsOverTlsModeOf(value) }),
  },
  {
    name: 'DNSSEC',
    argument: 's mode',
    operation: 'set-dnssec',
    read: (value) => ({ dnssec: dnssecModeOf(value) }),
  },
  {
    name: 'DNSSECNegativeTrustAnchors',
    argument: 'as names',
    operation: 'set-dnssec-negative-trust-anchors',
    read: (value) => ({ negativeTrustAnchors: trustAnchorsOf(value) }),
  },
]

/** `org.freedesktop.resolve1.Link` of one interface (dbus.md §5). */
export function linkInterface(ifindex: number, control: Control, changes: Changes): BusInterface {
  return {
    name: 'org.freedesktop.resolve1.Link',
    properties: linkProperties(() => statusOf(control, ifindex)),
    methods: linkMethods('Set', 'Revert', '', (call) => [ifindex, call.args[0]], changes),
    signals: [],
  }
}

/** The same setters as the manager has them. */
export function managerLinkMethods(changes: Changes): readonly Method[] {
  return linkMethods('SetLink', 'RevertLink', 'i ifindex', (call) => call.args as [number, unknown], changes)
}

function linkMethods(
  prefix: string,
  revert: string,
  index: string,
  target: (call: Call) => [ifindex: number, value: unknown],
  changes: Changes,
): readonly Method[] {
  const setters = SETTERS.map(({ name, argument, operation, read }) => ({
    name: `${prefix}${name}`,
    in: [...args(index), ...args(argument)],
    out: [],
    run(call: Call) {
      const [ifindex, value] = target(call)
      return changes.setLink(call, ifindex, operation, () => read(value))
    },
  }))
  return [
    ...setters,
    { name: revert, in: args(index), out: [], run: (call) => changes.revertLink(call, target(call)[0]) },
  ]
}

function linkProperties(status: () => LinkStatus): readonly Property[] {
  const property = (name: string, type: string, read: (link: LinkStatus) => unknown): Property => {
    return { name, type, emitsChange: 'false', read: () => read(status()) }
  }
  return [
    property('ScopesMask', 't', (link) => BigInt(link.scopesMask)),
    property('DNS', 'a(iay)', (link) => link.settings.servers.map(linkServer)),
    property('DNSEx', 'a(iayqs)', (link) => link.settings.servers.map(linkServerEx)),
    property('CurrentDNSServer', '(iay)', (link) => currentLinkServer(link.currentServer)),
    property('CurrentDNSServerEx', '(iayqs)', (link) => currentLinkServerEx(link.currentServer)),
    property('Domains', 'a(sb)', (link) => link.settings.domains.map(linkDomain)),
    property('DefaultRoute', 'b', (link) => link.isDefaultRoute),
    property('LLMNR', 's', (link) => link.llmnr),
    property('MulticastDNS', 's', (link) => link.multicastDns),
    property('DNSOverTLS', 's', (link) => link.dnsOverTls),
    property('DNSSEC', 's', (link) => link.dnssec),
    property('DNSSECNegativeTrustAnchors', 'as', (link) => link.settings.negativeTrustAnchors),
    property('DNSSECSupported', 'b', (link) => link.dnssecSupported),
  ]
}

function statusOf(control: Control, ifindex: number): LinkStatus {
  const status = control.link(ifindex)
  if (status === undefined) throw new BusError(ERROR.noSuchLink, `Link ${ifindex} not known`)
  return status
}
