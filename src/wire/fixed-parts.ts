/** The bytes of a message between a name and what follows it: type and class, and for a record TTL and length. */
export interface FixedPart {
  readonly fixedAt: number
  readonly rdataAt: number
}

/** Whether the bytes from `from` to `to`, both included, touch one of `parts`, which are in the order of the message. */
export function touchesFixedPart(parts: readonly FixedPart[], from: number, to: number): boolean {
  let low = 0
  let high = parts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((parts[middle] as FixedPart).fixedAt <= to) low = middle + 1
    else high = middle
  }
  return low > 0 && (parts[low - 1] as FixedPart).rdataAt > from
}
