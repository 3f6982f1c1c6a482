import type { Seconds } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import { ROOT, TYPE } from '../wire/index.ts'
import type { TypeBitmap } from './type-bitmap.ts'
import type { Denied } from './verdict.ts'

/** What verified NSEC or NSEC3 records of one zone say of a name and type that a reply does not have. */
export interface Denial {
  readonly denied: Denied
  /** It leans on a span that may hold unsigned delegations: to be accepted, but as unsigned (RFC 5155 §9.2). */
  readonly isOptOut: boolean
  /** The name is delegated, without DS: unsigned from there on (RFC 6840 §4.4). */
  readonly isDelegation: boolean
}

/** NXNAME: the bit by which an NSEC at a name says that the name does not exist (RFC 9824 §3). */
const NXNAME = 128

export function denial(denied: Denied, isOptOut = false): Denial {
  return { denied, isOptOut, isDelegation: false }
}

/** The parent's side of a zone cut: it speaks for DS alone (RFC 6840 §4.1). */
export function isDelegation(types: TypeBitmap): boolean {
  return types.has(TYPE.NS) && !types.has(TYPE.SOA)
}

/** Whether a record at an ancestor can say anything of names below it (RFC 6840 §4.1). */
export function speaksForBelow(types: TypeBitmap): boolean {
  return !isDelegation(types) && !types.has(TYPE.DNAME)
}

/**
 * What the bitmap of the very name says: undefined when the type is there, or an alias, or when the record stands on
 * the wrong side of a zone cut (S-DEN-3, S-DEN-5).
 */
export function denialAt(types: TypeBitmap, name: Name, type: number): Denial | undefined {
  if (types.has(NXNAME)) return denial('nxdomain')
  if (type === TYPE.ANY || types.has(type) || types.has(TYPE.CNAME)) return undefined
  if (type === TYPE.DS) {
    const isChildSide = types.has(TYPE.SOA) && name !== ROOT
    return isChildSide ? undefined : { ...denial('nodata'), isDelegation: isDelegation(types) }
  }
  return isDelegation(types) ? undefined : denial('nodata')
}

/** Least TTL of what a proof was made from. */
export function leastTtl(ttls: Iterable<Seconds>): Seconds {
  return Math.min(86_400, ...ttls)
}
