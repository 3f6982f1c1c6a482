export type { CacheVerdict } from './cacheable.ts'
export { cacheVerdict, FAILURE_SECONDS, LONGEST } from './cacheable.ts'
export type {
  CachedAnswer,
  CacheHit,
  CacheLimits,
  CacheRow,
  CacheSight,
  CacheVariant,
  Fact,
  Lesson,
  StaleHit,
} from './scope-cache.ts'
export { ScopeCache } from './scope-cache.ts'
