import type { ResourceRecord } from '../../wire/index.ts'
import { fieldsOf, nameOfWire, TYPE } from '../../wire/index.ts'

/** The highest type that the one bitmap of multicast DNS can tell of (RFC 6762 §6.1). */
const HIGHEST = 255

/**
 * Whether a type is denied by an NSEC record of multicast DNS, whose next name is its own; undefined for one that says more, or that
 * cannot be read (MD-Q-8).
 */
export function deniedTypes(record: ResourceRecord): ((type: number) => boolean) | undefined {
  const fields = fieldsOf(TYPE.NSEC, record.rdata)
  const next = fields?.find(({ kind }) => kind === 'name')?.value as Buffer | undefined
  const types = fields?.find(({ kind }) => kind === 'types')?.value as readonly number[] | undefined
  if (next === undefined || types === undefined || nameOfWire(next) !== record.name) return undefined
  if (types.some((type) => type > HIGHEST)) return undefined
  // A name of another address in the same packet may have an alias; ANY is denied by no list.
  return (type) => type < HIGHEST && type !== TYPE.NSEC && !types.includes(type) && !types.includes(TYPE.CNAME)
}
