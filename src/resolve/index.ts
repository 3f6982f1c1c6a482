/**
 * From question to answer, whoever asks: the sources in their order (`order.ts`, R-ORDER-1), the walk along CNAMEs
 * (`chain.ts`), the best of several scopes (`merge.ts`), and how many questions may be under way (`admission.ts`).
 * In comes a `Query`, out comes a `Resolution` around one `Answer`; failures are answers too. `explain` walks the same
 * list of sources without asking. It knows no message of a client, no bus and no socket.
 *
 * A new source is a file in `sources/` and a line in `resolver.ts`.
 */
export type { ExplainedCache, ExplainedScope, ExplainedStep, ExplainedTrust, Explanation } from './explained.ts'
export type { ClientIdentity, QueryClient } from './client.ts'
export type { Query, RelayedMessage, Resolution, Resolved, ScopeScore } from './query.ts'
export type { HookReply, LookupHook, LookupHooks } from './sources/lookup-hook.ts'
export { NO_HOOKS } from './sources/lookup-hook.ts'
export type { LocalSources, ResolverServices } from './services.ts'
export { Resolver } from './resolver.ts'
export type { QueryListener } from './watchers.ts'
export { QueryWatchers } from './watchers.ts'
export type { Answer, AnswerState, DnssecResult, LinkedRecord, QueryState, Source } from '../scope/index.ts'
export { ACCEPTED_FLAGS, FLAG, PROTOCOLS } from '../scope/index.ts'
