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
export type { ConfiguredLink, Obstacle, ScopeInput, ScopePlan, ScopeTuning, UnicastPlan } from './plan.ts'
export { isDefaultRoute, isLinkRelevant, planScopes } from './plan.ts'
export { isRelevant, isUsable } from './relevance.ts'
export type { Answer, AnswerState, LinkedRecord, OwnKnowledge, QueryState, Source } from './answer.ts'
export { combined, failed, flagsOfAll, isPositive, ownAnswer, unrepeatable } from './answer.ts'
export { ACCEPTED_FLAGS, FLAG, PROTOCOLS } from './flags.ts'
export { flatOf, joined } from './flat.ts'
export type { ScopeRequest } from './request.ts'
export type { Protocol } from './protocol.ts'
export { DNS, permits } from './protocol.ts'
export type { RouteRequest, Scope, ScopeQuestions } from './scope.ts'
export { UnicastScope } from './unicast-scope.ts'
export type { ScopeIdentity } from './scope-identity.ts'
export type { ScopeServices } from './services.ts'
export { ScopeSet } from './scope-set.ts'
export { TransactionCounts } from './transaction-counts.ts'
