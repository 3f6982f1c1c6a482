/** The only source of chance. The daemon's is cryptographic: query IDs and ports rest on it. */
export interface Random {
  /** A uniformly distributed integer in 0..bound-1, for 1 <= bound <= 65 536. */
  below(bound: number): number
}

/** Puts `items` in random order, in place (Fisher–Yates), and returns them. */
export function shuffle<T>(items: T[], random: Random): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const moved = items[last] as T
    items[last] = items[other] as T
    items[other] = moved
  }
  return items
}
