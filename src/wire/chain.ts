import type { Name } from './name.ts'
import { concatNames, isWithin, labelsOf, nameOf } from './name.ts'
import { CLASS, TYPE } from './numbers.ts'
import type { ResourceRecord } from './record.ts'
import { targetOf } from './record.ts'

/** CNAME and DNAME redirects a query may take (R-ORDER-5), and so the most that are looked for in one message. */
export const MAX_REDIRECTS = 16

/** Where a CNAME or DNAME leads. */
export interface Redirect {
  readonly record: ResourceRecord
  readonly target: Name
}

/** Types that stay where they are asked: a CNAME beside them is not followed (R-CACHE-13). */
const NEVER_REDIRECTED: ReadonlySet<number> = new Set([
  TYPE.CNAME,
  TYPE.DNAME,
  TYPE.NSEC,
  TYPE.NSEC3,
  TYPE.RRSIG,
  TYPE.NXT,
  TYPE.SIG,
  TYPE.KEY,
  TYPE.OPT,
  TYPE.TKEY,
  TYPE.TSIG,
  TYPE.IXFR,
  TYPE.AXFR,
  TYPE.ANY,
])

/** Whether a CNAME at the name answers a question for this type (RFC 1034 §3.6.2). */
export function mayBeRedirected(type: number): boolean {
  return !NEVER_REDIRECTED.has(type)
}

/** What records and RRsets are looked up by. */
type Owned = Pick<ResourceRecord, 'name' | 'type' | 'class'>

/** Whether a record answers a question of this name, type and class. */
export function matches(record: Owned, name: Name, type: number, recordClass: number): boolean {
  if (record.name !== name) return false
  if (type !== TYPE.ANY && record.type !== type) return false
  return recordClass === CLASS.ANY || record.class === recordClass
}

/** The CNAME at `name`, else the DNAME above it, that `records` hold (RFC 6672 §2.2: a DNAME leaves its own name alone). */
export function redirectFrom(name: Name, records: readonly ResourceRecord[]): Redirect | undefined {
  const cname = records.find((record) => record.type === TYPE.CNAME && record.name === name)
  if (cname !== undefined) return { record: cname, target: targetOf(cname) }
  const dname = records.find(
    (record) => record.type === TYPE.DNAME && record.name !== name && isWithin(name, record.name),
  )
  if (dname === undefined) return undefined
  const target = underDname(name, dname)
  return target && { record: dname, target }
}

/** `name` with the DNAME's owner replaced by its target; undefined when the result is too long. */
function underDname(name: Name, dname: ResourceRecord): Name | undefined {
  const kept = labelsOf(name).slice(0, -labelsOf(dname.name).length || undefined)
  return concatNames(nameOf(kept.join('.')), targetOf(dname))
}
