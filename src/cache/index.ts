export type { Cacheability } from './cacheable.ts'
export { cacheabilityOf, FAILURE_SECONDS, LONGEST } from './cacheable.ts'
export { CacheBudget } from './budget.ts'
export type {
  CachedAnswer,
  CacheHit,
  CacheRow,
  CacheView,
  CacheVariant,
  AnswerOrigin,
  StaleHit,
} from './cached-answer.ts'
export type { CacheLimits } from './scope-cache.ts'
export { ScopeCache } from './scope-cache.ts'
