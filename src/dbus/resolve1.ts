import type { InterfaceDescription, PropertyDescription } from './description.ts'

export const MANAGER_PATH = '/org/freedesktop/resolve1'
export const LOG_CONTROL_PATH = '/org/freedesktop/LogControl1'

/** The setters of a link as the manager has them; networkd offers the same under its own name. */
const LINK_SETTERS = {
  SetLinkDNS: { in: 'i ifindex, a(iay) addresses', out: '' },
  SetLinkDNSEx: { in: 'i ifindex, a(iayqs) addresses', out: '' },
  SetLinkDomains: { in: 'i ifindex, a(sb) domains', out: '' },
  SetLinkDefaultRoute: { in: 'i ifindex, b enable', out: '' },
  SetLinkLLMNR: { in: 'i ifindex, s mode', out: '' },
  SetLinkMulticastDNS: { in: 'i ifindex, s mode', out: '' },
  SetLinkDNSOverTLS: { in: 'i ifindex, s mode', out: '' },
  SetLinkDNSSEC: { in: 'i ifindex, s mode', out: '' },
  SetLinkDNSSECNegativeTrustAnchors: { in: 'i ifindex, as names', out: '' },
} as const

/** `org.freedesktop.resolve1.Manager` (dbus.md §3, §4). */
export const MANAGER = {
  name: 'org.freedesktop.resolve1.Manager',
  methods: {
    ResolveHostname: {
      in: 'i ifindex, s name, i family, t flags',
      out: 'a(iiay) addresses, s canonical, t flags',
    },
    ResolveAddress: { in: 'i ifindex, i family, ay address, t flags', out: 'a(is) names, t flags' },
    ResolveRecord: { in: 'i ifindex, s name, q class, q type, t flags', out: 'a(iqqay) records, t flags' },
    ResolveService: {
      in: 'i ifindex, s name, s type, s domain, i family, t flags',
      out: 'a(qqqsa(iiay)s) srv_data, aay txt_data, s canonical_name, s canonical_type, s canonical_domain, t flags',
    },
    GetLink: { in: 'i ifindex', out: 'o path' },
    ...LINK_SETTERS,
    RevertLink: { in: 'i ifindex', out: '' },
    RegisterService: {
      in: 's id, s name_template, s type, q service_port, q service_priority, q service_weight, aa{say} txt_datas',
      out: 'o service_path',
    },
    UnregisterService: { in: 'o service_path', out: '' },
    ResetStatistics: { in: '', out: '' },
    FlushCaches: { in: '', out: '' },
    ResetServerFeatures: { in: '', out: '' },
    GetDelegate: { in: 's id', out: 'o path' },
    ListDelegates: { in: '', out: 'a(so) delegates' },
  },
  properties: {
    LLMNRHostname: told('s'),
    LLMNR: read('s'),
    MulticastDNS: read('s'),
    DNSOverTLS: read('s'),
    DNS: told('a(iiay)'),
    DNSEx: told('a(iiayqs)'),
    FallbackDNS: fixed('a(iiay)'),
    FallbackDNSEx: fixed('a(iiayqs)'),
    CurrentDNSServer: told('(iiay)'),
    CurrentDNSServerEx: told('(iiayqs)'),
    Domains: read('a(isb)'),
    TransactionStatistics: read('(tt)'),
    CacheStatistics: read('(ttt)'),
    DNSSEC: read('s'),
    DNSSECStatistics: read('(tttt)'),
    DNSSECSupported: read('b'),
    DNSSECNegativeTrustAnchors: read('as'),
    DNSStubListener: read('s'),
    ResolvConfMode: read('s'),
  },
} as const satisfies InterfaceDescription

/** `org.freedesktop.resolve1.Link` (dbus.md §5). Unlike in the original, the server in use is told when it changes, as the manager's is. */
export const LINK = {
  name: 'org.freedesktop.resolve1.Link',
  methods: {
    SetDNS: { in: 'a(iay) addresses', out: '' },
    SetDNSEx: { in: 'a(iayqs) addresses', out: '' },
    SetDomains: { in: 'a(sb) domains', out: '' },
    SetDefaultRoute: { in: 'b enable', out: '' },
    SetLLMNR: { in: 's mode', out: '' },
    SetMulticastDNS: { in: 's mode', out: '' },
    SetDNSOverTLS: { in: 's mode', out: '' },
    SetDNSSEC: { in: 's mode', out: '' },
    SetDNSSECNegativeTrustAnchors: { in: 'as names', out: '' },
    Revert: { in: '', out: '' },
  },
  properties: {
    ScopesMask: read('t'),
    DNS: read('a(iay)'),
    DNSEx: read('a(iayqs)'),
    CurrentDNSServer: read('(iay)'),
    CurrentDNSServerEx: read('(iayqs)'),
    Domains: read('a(sb)'),
    DefaultRoute: read('b'),
    LLMNR: read('s'),
    MulticastDNS: read('s'),
    DNSOverTLS: read('s'),
    DNSSEC: read('s'),
    DNSSECNegativeTrustAnchors: read('as'),
    DNSSECSupported: read('b'),
  },
} as const satisfies InterfaceDescription

/** `org.freedesktop.resolve1.DnsDelegate`: properties only (dbus.md §6). */
export const DELEGATE = {
  name: 'org.freedesktop.resolve1.DnsDelegate',
  methods: {},
  properties: {
    DNS: read('a(iiayqs)'),
    CurrentDNSServer: read('(iiayqs)'),
    Domains: read('a(sb)'),
    DefaultRoute: read('b'),
  },
} as const satisfies InterfaceDescription

/** `org.freedesktop.resolve1.DnssdService` (dbus.md §6). */
export const DNSSD_SERVICE = {
  name: 'org.freedesktop.resolve1.DnssdService',
  methods: { Unregister: { in: '', out: '' } },
  properties: {},
  signals: { Conflicted: '' },
} as const satisfies InterfaceDescription

/** `org.freedesktop.LogControl1`, which many services of systemd's kind have. */
export const LOG_CONTROL = {
  name: 'org.freedesktop.LogControl1',
  methods: {},
  properties: { LogLevel: read('s'), LogTarget: read('s'), SyslogIdentifier: read('s') },
} as const satisfies InterfaceDescription

/** `org.freedesktop.network1.Manager`: the setters for links that networkd manages. */
export const NETWORK_MANAGER = {
  name: 'org.freedesktop.network1.Manager',
  methods: { ...LINK_SETTERS, RevertLinkDNS: { in: 'i ifindex', out: '' } },
  properties: {},
} as const satisfies InterfaceDescription

/** Every change is told with the new value. */
function told<T extends string>(type: T): PropertyDescription & { readonly type: T; readonly emitsChange: 'true' } {
  return { type, emitsChange: 'true' }
}

function read<T extends string>(type: T): PropertyDescription & { readonly type: T } {
  return { type, emitsChange: 'false' }
}

function fixed<T extends string>(type: T): PropertyDescription & { readonly type: T } {
  return { type, emitsChange: 'const' }
}
