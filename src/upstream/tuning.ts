import type { Millis } from '../base/index.ts'
import { FIRST_PATIENCE } from './round-trips.ts'

/** What an administrator may set about the choice among servers (`tsresolved.conf`); the defaults suit everybody. */
export interface Tuning {
  /** How long to wait for a server of which nothing is known before the next is asked as well. */
  readonly firstPatience: Millis
  /** Extra messages allowed on a healthy network, as a share of the questions, 0..1. 0: only after a long silence. */
  readonly hedgeShare: number
  /**
   * Sizes of the groups, from the top of the list, whose servers are equally good: within one the fastest is asked
   * first. Beyond them each server is its own group, and the order of the list is the order of preference.
   */
  readonly tiers: readonly number[]
}

export const DEFAULT_TUNING: Tuning = { firstPatience: FIRST_PATIENCE, hedgeShare: 0.05, tiers: [] }
