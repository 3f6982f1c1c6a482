import type { Name } from '../wire/index.ts'
import { isWithin, labelCount } from '../wire/index.ts'
import type { Denial } from './denial.ts'
import { denial, denialAt, isDelegation, speaksForBelow } from './denial.ts'
import { commonAncestor, orderKey, wildcardOf } from './order.ts'
import type { Nsec } from './rdata.ts'
import { TYPE } from '../wire/index.ts'

/**
 * What verified NSEC records of `zone` say of `name` and `type` (RFC 4035 §5.4); undefined when that is no proof. None
 * of them may have been expanded from a wildcard.
 */
export function denialByNsec(name: Name, type: number, zone: Name, nsecs: readonly Nsec[]): Denial | undefined {
  const own = nsecs.find(({ owner }) => owner === name)
  if (own !== undefined) return denialAt(own.types, name, type)
  for (const cover of nsecs) {
    if (!covers(cover, name, zone)) continue
    if (isWithin(cover.next, name)) return denial('nodata') // an empty non-terminal
    const found = denialOfWildcard(type, zone, encloserBy(cover, name), nsecs)
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether they prove that no name closer than the wildcard below `encloser` could have answered (RFC 4035 §5.3.4). */
export function provesExpansionByNsec(name: Name, encloser: Name, zone: Name, nsecs: readonly Nsec[]): boolean {
  return nsecs.some((nsec) => {
    const isNothing = covers(nsec, name, zone) && !isWithin(nsec.next, name)
    return isNothing && encloserBy(nsec, name) === encloser
  })
}

/** The wildcard could have answered: it must lack the type, or not exist either. */
function denialOfWildcard(type: number, zone: Name, encloser: Name, nsecs: readonly Nsec[]): Denial | undefined {
  const wildcard = wildcardOf(encloser)
  if (wildcard === undefined) return denial('nxdomain')
  const own = nsecs.find(({ owner }) => owner === wildcard)
  if (own !== undefined) {
    if (own.types.has(type) || own.types.has(TYPE.CNAME) || isDelegation(own.types) || type === TYPE.ANY)
      return undefined
    return denial('nodata')
  }
  const cover = nsecs.find((nsec) => covers(nsec, wildcard, zone))
  if (cover === undefined) return undefined
  return denial(isWithin(cover.next, wildcard) ? 'nodata' : 'nxdomain')
}

/** Strictly between owner and next name, the last one of the zone leading round to its apex; and entitled to say so. */
function covers({ owner, next, types }: Nsec, name: Name, zone: Name): boolean {
  if (!isWithin(name, zone) || !isWithin(next, zone) || owner === name) return false
  if (isWithin(name, owner) && !speaksForBelow(types)) return false
  const [from, at, to] = [orderKey(owner), orderKey(name), orderKey(next)]
  if (at <= from) return false
  return next === zone ? true : at < to
}

/** The longest name above `name` that exists: what it shares with one of the two names around it. */
export function encloserBy({ owner, next }: Nsec, name: Name): Name {
  const [before, after] = [commonAncestor(name, owner), commonAncestor(name, next)]
  return labelCount(before) >= labelCount(after) ? before : after
}
