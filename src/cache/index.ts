export type { CacheVerdict } from './cacheable.ts'
export { cacheVerdict, FAILURE_SECONDS, LONGEST } from './cacheable.ts'
export { CacheBudget } from './budget.ts'
export type {
  CachedAnswer,
  CacheHit,
  CacheRow,
  CacheSight,
  CacheVariant,
  Lesson,
  StaleHit,
} from './facts.ts'
export type { CacheLimits } from './scope-cache.ts'
export { ScopeCache } from './scope-cache.ts'
