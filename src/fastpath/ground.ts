import type { Millis } from '../base/index.ts'
import type { Fact } from '../cache/index.ts'

/** What all replies rest on besides what they repeat. */
export interface Ground {
  /** As they are now; when one falls, nothing may be replayed that was worked out before. */
  facts(): readonly Fact[]
  /**
   * Somebody asks, at this time: what has to be looked at every now and then is looked at when it is due. False while
   * the last look is too long ago to go by: a file may have been changed while nobody asked.
   */
  glance(now: Millis): boolean
}
