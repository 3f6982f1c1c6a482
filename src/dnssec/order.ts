import type { Name } from '../wire/index.ts'
import { labelCount, labelsOf, ROOT, wireOfName } from '../wire/index.ts'

/**
 * A text whose plain order is the canonical order of names (RFC 4034 §6.1): labels from the right, as octets, a missing
 * one first. The octets 0 and 1 become two characters each, so that 0 can stand between labels.
 */
export function orderKey(name: Name): string {
  const wire = wireOfName(name)
  const labels: string[] = []
  for (let at = 0; (wire[at] as number) > 0; at += 1 + (wire[at] as number)) {
    labels.push(wire.toString('latin1', at + 1, at + 1 + (wire[at] as number)))
  }
  return labels.map(separable).toReversed().join('\0')
}

/** In the same order, without the octet 0. */
function separable(label: string): string {
  return label.replaceAll('\x01', '\x01\x02').replaceAll('\0', '\x01\x01')
}

/** The name's own rightmost `count` labels. */
export function lastLabels(name: Name, count: number): Name {
  return count === 0 ? ROOT : (labelsOf(name).slice(-count).join('.') as Name)
}

/** Labels without a leading `*`, as the Labels field of an RRSIG counts them (RFC 4034 §3.1.3). */
export function signedLabels(name: Name): number {
  const isWildcard = name === '*' || name.startsWith('*.')
  return labelCount(name) - (isWildcard ? 1 : 0)
}

/** The longest name that both are at or below. */
export function commonAncestor(a: Name, b: Name): Name {
  const [ours, theirs] = [labelsOf(a).toReversed(), labelsOf(b).toReversed()]
  const different = ours.findIndex((label, i) => label !== theirs[i])
  return lastLabels(a, different < 0 ? ours.length : different)
}

/** From the name one label below `top` down to `name` itself; nothing when they are the same. */
export function namesDown(top: Name, name: Name): Name[] {
  const [from, to] = [labelsOf(top).length, labelsOf(name).length]
  return Array.from({ length: Math.max(0, to - from) }, (_none, i) => lastLabels(name, from + i + 1))
}

/** The wildcard right below `encloser` (RFC 4592 §3.3.1); undefined when it is too long to be a name. */
export function wildcardOf(encloser: Name): Name | undefined {
  if (encloser === ROOT) return '*' as Name
  return wireOfName(encloser).length > 253 ? undefined : (`*.${encloser}` as Name)
}
