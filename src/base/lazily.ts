/** Made at the first call and kept: for what a start does not need. `make` must not fail half-way and be called again. */
export function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
