import type { LinkFacts, Scope, ScopeSet, TransactionCounts } from '../scope/index.ts'
import { FLAG } from '../resolve/index.ts'
import { IFF_LOOPBACK, isDefaultRoute } from '../scope/index.ts'
import type { Delegate, MulticastMode, ResolvedSettings } from '../settings/index.ts'
import type { LinkRecord } from './link-table.ts'
import type { DelegateStatus, LinkStatus, Statistics } from './types.ts'

const MODES: readonly MulticastMode[] = ['no', 'resolve', 'yes']

/** A link with what is configured for it, and the scope it has, if any. */
export function linkStatus(
  link: LinkFacts,
  { settings, isManaged, origins }: LinkRecord,
  scope: Scope | undefined,
  { llmnr, multicastDns, dnssec, dnsOverTls }: ResolvedSettings,
): LinkStatus {
  return {
    ifindex: link.ifindex,
    name: link.name,
    isLoopback: isLoopback(link),
    isManaged,
    settings,
    origins,
    scopesMask: scope === undefined ? 0 : FLAG.DNS,
    isDefaultRoute: settings.defaultRoute ?? (scope !== undefined && isDefaultRoute(settings)),
    currentServer: scope?.upstreams.current?.spec,
    llmnr: lesser(settings.llmnr, llmnr),
    multicastDns: lesser(settings.multicastDns, multicastDns),
    dnssec: settings.dnssec ?? dnssec,
    dnsOverTls: settings.dnsOverTls ?? dnsOverTls,
    dnssecSupported: false,
  }
}

export function delegateStatus(delegate: Delegate, scope: Scope | undefined): DelegateStatus {
  return { ...delegate, scopesMask: scope === undefined ? 0 : FLAG.DNS, currentServer: scope?.upstreams.current?.spec }
}

export function statisticsOf({ all }: ScopeSet, counts: TransactionCounts): Statistics {
  const sum = (pick: (cache: Scope['cache']) => number) => all.reduce((total, { cache }) => total + pick(cache), 0)
  return {
    currentTransactions: counts.current,
    totalTransactions: counts.total,
    totalTimeouts: counts.timeouts,
    totalTimeoutsServedStale: counts.timeoutsServedStale,
    totalFailedResponses: counts.failures,
    totalFailedResponsesServedStale: counts.failuresServedStale,
    cacheSize: sum((cache) => cache.size),
    cacheHits: sum((cache) => cache.hits) + counts.replays,
    cacheMisses: sum((cache) => cache.misses),
  }
}

export function isLoopback({ flags }: LinkFacts): boolean {
  return (flags & IFF_LOOPBACK) !== 0
}

function lesser(a: MulticastMode, b: MulticastMode): MulticastMode {
  return MODES[Math.min(MODES.indexOf(a), MODES.indexOf(b))] ?? 'no'
}
