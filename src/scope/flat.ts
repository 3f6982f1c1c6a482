/** All in one list. Mostly there is one, which is taken as it is. */
export function flatOf<T>(parts: readonly (readonly T[])[]): readonly T[] {
  return parts.length === 1 ? (parts[0] as readonly T[]) : parts.flat()
}

/** The same, or undefined when one of them is. */
export function joined<T>(parts: readonly (readonly T[] | undefined)[]): readonly T[] | undefined {
  if (parts.length === 1) return parts[0]
  const known = parts.filter((part) => part !== undefined)
  return known.length === parts.length ? known.flat() : undefined
}
