/**
 * What one scope has learnt from its servers, good or bad. Parsed replies come in with the time; out come messages whose
 * TTLs count down. Nothing here knows servers, links, clients or sockets, and nothing has a timer: expiry is a comparison.
 *
 * ## Policy
 *
 * **What is kept, and how long** (`cacheable.ts`). Positive answers for the least TTL of the message, negative ones for no
 * more than the SOA's MINIMUM and not without an SOA (RFC 2308 §5), SERVFAIL for 10 s; nothing for more than 2 hours
 * (R-CACHE-5). An answer is kept whole under its question and nowhere else: what came along with it, the targets of CNAMEs
 * and DNAMEs included, answers no question of its own, as one forged reply would then take any name. NXDOMAIN is kept once
 * for all types of a name, unless its server contradicts itself (`contradictions.ts`). Replies of another shape (DNSSEC records, relayed messages) are variants of their own.
 *
 * **What makes room.** Each scope holds at most `maxEntries` (`EntryStore`): what was asked for once goes first, and what was
 * asked for again after a second or more only when it is more than three quarters, so that a flood of new names pushes out
 * nothing that is in use. A new answer inherits the place of the one that expired. All scopes share the bytes of one
 * `CacheBudget`: whoever needs room gets it from the scope that holds most. One answer gets at most 1/16.
 *
 * **What becomes invalid.** Every entry is a `Dependency` (see `base/validity.ts`) until it is replaced, evicted, flushed,
 * or its name moves to another scope. A flush takes constant time. So does a change of routes: entries belong to a
 * `CacheVersion`, and are checked against the names that moved (`MovedNames`) when they are next used: once for all changes since,
 * however many links came and went.
 *
 * **Expired answers** (RFC 8767, `StaleRetentionSec=`). A positive one may be served with a TTL of 30 s when no server
 * answers in time; a refresh that failed is not tried again for 30 s. Nothing negative is ever served expired.
 *
 * **Refreshing ahead**. An answer that is asked for twice in the last tenth of its life is reported once as due, where
 * that life is at least 10 s long: shorter ones would be refreshed all the time.
 */
export { keyOf } from './keys.ts'
export { CacheBudget } from './budget.ts'
export type { Cacheability } from './cacheable.ts'
export { cacheabilityOf, FAILURE_SECONDS } from './cacheable.ts'
export type {
  AnswerOrigin,
  CachedAnswer,
  CacheHit,
  CacheRow,
  CacheVariant,
  CacheView,
  StaleHit,
  ViewableCache,
} from './cached-answer.ts'
export type { Network } from './moved-names.ts'
export { MovedNames } from './moved-names.ts'
export type { CacheLimits } from './scope-cache.ts'
export { ScopeCache } from './scope-cache.ts'
