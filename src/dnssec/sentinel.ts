import type { Question } from '../wire/index.ts'
import { labelsOf, ROOT, TYPE } from '../wire/index.ts'
import type { TrustAnchors } from './anchors.ts'
import type { ValidationFailure } from './verdict.ts'
import { EDE, validationFailure } from './verdict.ts'

const SENTINEL = /^root-key-sentinel-(is|not)-ta-(\d{5})$/

/**
 * Root key sentinel (RFC 8509 §3): whoever asks for addresses of such a name with a secure answer learns from a failure that
 * a key of the root is not trusted, or that it is. Undefined for all other names, and where the answer stands.
 */
export function sentinelFailure({ name, type }: Question, anchors: TrustAnchors): ValidationFailure | undefined {
  if (type !== TYPE.A && type !== TYPE.AAAA) return undefined
  const [, word, digits] = SENTINEL.exec(labelsOf(name)[0] ?? '') ?? []
  if (word === undefined) return undefined
  const tag = Number(digits)
  const root = anchors.at(ROOT)
  const isTrusted = [
    ...(root?.ds ?? []).map(({ keyTag }) => keyTag),
    ...(root?.keys ?? []).map((key) => key.tag),
  ].includes(tag)
  if (isTrusted === (word === 'is')) return undefined
  const what = isTrusted ? 'is' : 'is not'
  return validationFailure('invalid', EDE.BOGUS, `root key sentinel: key ${tag} ${what} a trust anchor of the root`)
}
