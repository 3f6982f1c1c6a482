/** The only source of randomness. The daemon's is cryptographic: query IDs and ports rest on it. */
export interface Random {
  /** A uniformly distributed integer in 0..bound-1, for 1 <= bound <= 65 536. */
  below(bound: number): number
}
