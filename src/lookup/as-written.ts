import type { Resolution } from '../resolve/index.ts'
import type { LinkedRecord } from '../scope/index.ts'
import type { Name, Spelling } from '../wire/index.ts'
import { completedSpelling, spellingIn, targetOf, TYPE } from '../wire/index.ts'

/**
 * The records with their owners written as the client wrote its name, or as the CNAME before them writes it; an owner that
 * a server or the hosts file writes with capital letters of its own stays as it is. Same for everybody, cached or not.
 */
export function recordsAsWritten(resolution: Resolution): readonly LinkedRecord[] {
  const { records } = resolution.answer
  const spellings = spellingsOf(resolution)
  if (spellings.size === 0) return records
  return records.map((linked) => {
    const { record, ifindex } = linked
    const spelling = spellingIn(record.owner) === undefined ? spellings.get(record.name) : undefined
    return spelling === undefined ? linked : { record: { ...record, owner: Buffer.from(spelling) }, ifindex }
  })
}

/** How names are written that the query led to: only those with capital letters. */
export function spellingsOf({ query, collected, name, answer }: Resolution): ReadonlyMap<Name, Spelling> {
  const spellings = new Map<Name, Spelling>()
  const first = collected[0]?.name ?? name // completed by a search domain, where one was needed
  if (query.spelling !== undefined) spellings.set(first, completedSpelling(first, query.spelling))
  for (const { record } of answer.records) {
    const spelling = record.type === TYPE.CNAME ? spellingIn(record.rdata) : undefined
    if (spelling !== undefined) spellings.set(targetOf(record), spelling)
  }
  return spellings
}
