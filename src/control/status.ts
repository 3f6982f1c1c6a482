import type { LinkFacts, Scope, ScopeSet, TransactionCounts } from '../scope/index.ts'
import { IFF_LOOPBACK, isDefaultRoute, UnicastScope } from '../scope/index.ts'
import { type Delegate, lesserMode, type ResolvedSettings } from '../settings/index.ts'
import type { LinkRecord } from './link-table.ts'
import type { DelegateStatus, LinkStatus, Statistics } from './types.ts'

/** A link with what is configured for it, and the scopes it has. */
export function linkStatus(
  link: LinkFacts,
  { settings, isManaged, origins }: LinkRecord,
  scopes: readonly Scope[],
  { llmnr, multicastDns, dnssec, dnsOverTls }: ResolvedSettings,
): LinkStatus {
  const unicast = scopes.find((scope) => scope instanceof UnicastScope)
  return {
    ifindex: link.ifindex,
    name: link.name,
    isLoopback: isLoopback(link),
    isManaged,
    settings,
    origins,
    scopesMask: scopesMaskOf(...scopes),
    isDefaultRoute: settings.defaultRoute ?? (unicast !== undefined && isDefaultRoute(settings)),
    currentServer: unicast?.upstreams.current?.spec,
    llmnr: lesserMode(settings.llmnr, llmnr),
    multicastDns: lesserMode(settings.multicastDns, multicastDns),
    dnssec: settings.dnssec ?? dnssec,
    dnsOverTls: settings.dnsOverTls ?? dnsOverTls,
    dnssecSupported: unicast?.supportsDnssec ?? (settings.dnssec ?? dnssec) !== 'no',
  }
}

/** `scope` is undefined where the plan has none for it. */
export function delegateStatus(delegate: Delegate, scope: UnicastScope | undefined): DelegateStatus {
  const scopesMask = scope === undefined ? 0 : scopesMaskOf(scope)
  return { ...delegate, scopesMask, currentServer: scope?.upstreams.current?.spec }
}

/** Bits 0–4 of `FLAG`: what is spoken there. */
export function scopesMaskOf(...scopes: readonly Scope[]): number {
  return scopes.reduce((mask, { protocol }) => mask | protocol.flag, 0)
}

/** Over all scopes. A reply replayed from memory counts as a hit, though no cache was looked at for it. */
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
    verdicts: counts.verdicts,
  }
}

export function isLoopback({ flags }: LinkFacts): boolean {
  return (flags & IFF_LOOPBACK) !== 0
}
