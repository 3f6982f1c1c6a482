import type { Seconds } from '../base/index.ts'
import { TYPE } from './numbers.ts'

const HIGHEST_TTL = 0x7fffffff
/** A week: no zone means more, and whoever keeps an answer need not believe it for longer (RFC 8767 §4). */
const LONGEST_TTL: Seconds = 604_800

/**
 * What a TTL field means, 0..604800: with its top bit set it counts as 0 (RFC 2181 §8), and more than a week as a week.
 * The OPT record's field is not a TTL and comes whole.
 */
export function ttlOf(field: number, type: number): Seconds {
  if (field <= LONGEST_TTL || type === TYPE.OPT) return field
  return field > HIGHEST_TTL ? 0 : LONGEST_TTL
}
