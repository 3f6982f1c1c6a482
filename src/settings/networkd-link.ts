import type { IfIndex } from '../base/index.ts'
import { parseEnvFile } from './env-file.ts'
import { DEFAULT_LINK_SETTINGS, type Domain, type LinkSettings } from './link-settings.ts'
import { extendLinkServers, LinkValues } from './link-values.ts'
import { extendDomains } from './lists.ts'
import type { ConfigWarning, SourceFile } from './config-warning.ts'
import type { IfIndexOf, ServerSpec } from './server-spec.ts'

/** What systemd-networkd says of one link. */
export interface NetworkdLink {
  /** Then it alone configures the link, and the bus may not (R-NETD-6). */
  readonly isManaged: boolean
  /** `routable`, `degraded`, … (R-NETD-5); undefined when not given or not managed. */
  readonly operState: string | undefined
  /** Defaults when not managed. */
  readonly settings: LinkSettings
}

const UNMANAGED_STATES = new Set(['', 'pending', 'initialized', 'unmanaged'])

/** Reads `/run/systemd/netif/links/<ifindex>` (R-NETD-3, R-NETD-4). Never fails. */
export function readNetworkdLink(
  { path, text }: SourceFile,
  ifindex: IfIndex,
  ifindexOf: IfIndexOf,
): { link: NetworkdLink; warnings: readonly ConfigWarning[] } {
  const warnings: ConfigWarning[] = []
  const report = (key: string, message: string) => warnings.push({ file: path, line: undefined, key, message })
  const values = new LinkValues(parseEnvFile(text), report)
  const isManaged = !UNMANAGED_STATES.has(values.text('ADMIN_STATE'))
  if (!isManaged) return { link: { isManaged, operState: undefined, settings: DEFAULT_LINK_SETTINGS }, warnings }
  const settings: LinkSettings = {
    servers: serversOf(values, ifindex, ifindexOf),
    domains: domainsOf(values),
    defaultRoute: values.boolean('DNS_DEFAULT_ROUTE'),
    llmnr: values.multicast('LLMNR'),
    multicastDns: values.multicast('MDNS'),
    dnssec: values.dnssec('DNSSEC'),
    dnsOverTls: values.dnsOverTls('DNS_OVER_TLS'),
    negativeTrustAnchors: values.names('DNSSEC_NTA'),
  }
  return { link: { isManaged, operState: values.text('OPER_STATE') || undefined, settings }, warnings }
}

/** One bad server clears the list (R-NETD-4): asking only some of them might be asking the wrong ones. */
function serversOf(values: LinkValues, ifindex: IfIndex, ifindexOf: IfIndexOf): readonly ServerSpec[] {
  let isSpoilt = false
  const report = (message: string) => {
    isSpoilt = true
    values.reporter('DNS')(message)
  }
  const servers = extendLinkServers(values.text('DNS'), ifindex, ifindexOf, report)
  return isSpoilt ? [] : servers
}

/** Search domains first, then those that only route; a domain in both lists only routes. */
function domainsOf(values: LinkValues): readonly Domain[] {
  const searched = extendDomains([], values.text('DOMAINS'), values.reporter('DOMAINS'))
  const routed = extendDomains([], values.text('ROUTE_DOMAINS'), values.reporter('ROUTE_DOMAINS'))
  const byName = new Map([...searched, ...routed.map(asRouteOnly)].map((domain) => [domain.name, domain]))
  return [...byName.values()]
}

function asRouteOnly({ name }: Domain): Domain {
  return { name, routeOnly: true }
}
