import { TYPE } from './numbers.ts'

const UNASKABLE: ReadonlySet<number> = new Set([0, TYPE.OPT, TYPE.TSIG, TYPE.TKEY, TYPE.RRSIG])
const OBSOLETE: ReadonlySet<number> = new Set([
  TYPE.MD,
  TYPE.MF,
  TYPE.MB,
  TYPE.MG,
  TYPE.MR,
  TYPE.NULL,
  TYPE.WKS,
  TYPE.MINFO,
  TYPE.NXT,
  TYPE.A6,
  TYPE.MAILB,
  TYPE.MAILA,
])

/** Types that cannot stand in a question (R-STUB-7). */
export function isUnaskableType(type: number): boolean {
  return UNASKABLE.has(type)
}

/** AXFR and IXFR: a stub resolver hands out no zones (R-STUB-9). */
export function isZoneTransfer(type: number): boolean {
  return type === TYPE.AXFR || type === TYPE.IXFR
}

/** Types that no zone has any more (R-STUB-9). */
export function isObsoleteType(type: number): boolean {
  return OBSOLETE.has(type)
}
