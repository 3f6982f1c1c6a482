/**
 * Answers this machine gives itself: names of /etc/hosts, and those that need no file (localhost, its own name,
 * `_gateway`). Pure functions of a name and of facts that others have read; when they are consulted is `resolve/order.ts`.
 */
export { answerFromHosts } from './from-hosts.ts'
export { hostFactsOf } from './host-facts-of.ts'
export type { HostAddress, HostFacts } from './host-facts.ts'
export type { LocalAnswer } from './local-answer.ts'
export { ownNamesOf } from './own-names.ts'
export { synthesize } from './synthesize.ts'
