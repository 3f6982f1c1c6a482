/**
 * The known word that a mistyped one probably stands for: one that it begins, or that few changes of a letter make of it;
 * undefined where none is near, or the word is too short to tell.
 */
export function suggestionFor(word: string, known: readonly string[]): string | undefined {
  const allowed = Math.min(3, Math.ceil(word.length / 4))
  const near = known
    .map((candidate) => ({ candidate, changes: changesBetween(word, candidate) }))
    .filter(({ changes }) => changes <= allowed)
    .toSorted((one, other) => one.changes - other.changes)
  return near[0]?.candidate ?? known.find((candidate) => word.length > 1 && candidate.startsWith(word))
}

/** `Did you mean "…"?` on a line of its own; empty where nothing is near. */
export function didYouMean(word: string, known: readonly string[], prefix = ''): string {
  const suggestion = suggestionFor(word, known)
  return suggestion === undefined ? '' : `\nDid you mean '${prefix}${suggestion}'?`
}

/** Letters to insert, remove, replace or exchange with their neighbour (optimal string alignment distance). */
function changesBetween(one: string, other: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, i) => i)
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1]
      row[j] = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + (isSame ? 0 : 1))
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      if (isSwapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1)
    }
    beforeLast = last
    last = row
  }
  return last[other.length]!
}
