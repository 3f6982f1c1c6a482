export type { GatewayRoute, LinkAddress, LinkFacts, NetworkFacts } from './network-facts.ts'
export {
  IFA_F_DEPRECATED,
  IFA_F_TENTATIVE,
  IFF_DORMANT,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_RUNNING,
  IFF_UP,
  NO_NETWORK,
  OPERSTATE_UNKNOWN,
  OPERSTATE_UP,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
} from './network-facts.ts'
export type { ConfiguredLink, Manners, Obstacle, ScopeInput, ScopePlan } from './plan.ts'
export { isDefaultRoute, isLinkRelevant, planScopes } from './plan.ts'
export { isRelevant, isUsable } from './relevance.ts'
export type { ScopeAnswer, ScopeFailure, ScopeOutcome, ScopeRequest } from './outcome.ts'
export { Scope } from './scope.ts'
export type { ScopeServices } from './services.ts'
export type { RouteRequest } from './scope-set.ts'
export { ScopeSet } from './scope-set.ts'
export { TransactionCounts } from './transaction-counts.ts'
