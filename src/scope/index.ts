/**
 * Scopes: one per protocol and link, one without a link, one per delegate, each with its own servers, cache and questions
 * under way. In come facts of the kernel, settings and requests of the resolver; out come answers. It knows no query of a
 * client and no chain of CNAMEs (`resolve/`), no retries and no health of servers (`upstream/`), and no socket.
 *
 * `Scope` is all that others need to know of one; `UnicastScope` implements it for DNS, `MulticastScope` for multicast DNS and
 * LLMNR, whose engines are in `multicast/`. `ScopeSet` holds those in force
 * and routes names to them; `planScopes` and `planMulticast` say, from facts and settings alone, which there should be. `Answer` is what
 * every source of answers makes and what is carried, as it is, to whoever asked.
 *
 * Policy. A scope is planned for the global servers, for each link that can carry DNS (`isRelevant`) and has servers, and
 * for each delegate with servers. A new plan with the same id and fingerprint keeps its scope with all it knows; with
 * another fingerprint (servers, domains, modes, network) the old scope is closed: its cache is gone, its questions are
 * aborted and asked anew by the resolver, so that nothing learnt on one network is served on another (R-LINK-5,
 * R-CACHE-21). When a scope gains domains or networks, the others forget names within them.
 *
 * A lookup goes through: cache; obstacle (no network, missing encryption, own stub); the same question under way, which
 * it joins; a transaction. While one is under way, an expired answer helps out after `staleAnswerAfter` (RFC 8767).
 * `MAX_OFFLINE` = 8 questions go out while no server answers: enough to notice when one does. `MAX_LIVE` = 4096
 * transactions of all scopes bounds memory (R-ORDER-5). Refreshes ahead of expiry: one for ten questions, 8 at once.
 */
export type { GatewayRoute, LinkAddress, LinkFacts, NetworkFacts, Route, RouteTo } from './network-facts.ts'
export {
  IFA_F_DEPRECATED,
  IFA_F_TENTATIVE,
  IFF_DORMANT,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_POINTOPOINT,
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
export type { MulticastPlan } from './multicast-plan.ts'
export { planMulticast } from './multicast-plan.ts'
export { hasCarrier, isRelevant, isUsable } from './relevance.ts'
export type { Answer, AnswerState, DnssecResult, LinkedRecord, OwnKnowledge, QueryState, Source } from './answer.ts'
export { combined, failed, flagsOfAll, hookAnswer, isPositive, ownAnswer, unrepeatable } from './answer.ts'
export { ACCEPTED_FLAGS, FLAG, PROTOCOLS } from './flags.ts'
export { flatOf, joined } from './flat.ts'
export type { ScopeRequest } from './request.ts'
export type { Protocol } from './protocol.ts'
export { DNS, permits } from './protocol.ts'
export type { RouteRequest, Scope, ScopeQuestions } from './scope.ts'
export { UnicastScope } from './unicast-scope.ts'
export type { ScopeIdentity } from './scope-identity.ts'
export type { Neighbours, ScopeServices } from './services.ts'
export { ScopeSet } from './scope-set.ts'
export { TransactionCounts } from './transaction-counts.ts'
export type { DnssecServices } from './answer-validation.ts'
