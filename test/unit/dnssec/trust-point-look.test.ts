import { expect, test } from 'vitest'
import type { KeyObservation } from '../../../src/dnssec/index.ts'
import { Budget, DEFAULT_LIMITS, lookAtKeys, nodeAlgorithms, readDnskey, readDs } from '../../../src/dnssec/index.ts'
import type { Message, ResourceRecord } from '../../../src/wire/index.ts'
import { ROOT } from '../../../src/wire/index.ts'
import { SigningKey } from '../../kit/signing-key.ts'
import { SignedTree, TEST_TIME } from '../../kit/signed-tree.ts'
import { TEST_VALIDITY } from '../../kit/signed-zone.ts'

const [OLD, NEW, ZSK, REVOKED] = [
  new SigningKey(15),
  new SigningKey(13),
  new SigningKey(15, 256),
  new SigningKey(15, 385),
]
const TREE = new SignedTree([])

/** The reply with these keys, signed by those. */
function reply(keys: readonly (SigningKey | undefined)[], signers: readonly (SigningKey | undefined)[]): Message {
  const records = keys.flatMap((key) => key?.dnskey(ROOT) ?? [])
  const signatures = signers.flatMap((key): ResourceRecord[] =>
    key === undefined ? [] : [key.sign(records, ROOT, TEST_VALIDITY)],
  )
  return { ...TREE.reply({ name: ROOT, type: 48 }), answer: [...records, ...signatures] }
}

function looked(message: Message): KeyObservation | undefined {
  const ds = OLD === undefined ? undefined : readDs(OLD.ds(ROOT).rdata)
  const revoked = REVOKED === undefined ? undefined : readDnskey(REVOKED.rdata)
  const anchor = { name: ROOT, ds: [ds ?? []].flat(), keys: [revoked ?? []].flat() }
  const context = { algorithms: nodeAlgorithms(), budget: new Budget(DEFAULT_LIMITS), now: TEST_TIME }
  const look = lookAtKeys(message, anchor, context)
  for (;;) {
    const { value, done } = look.next()
    if (done === true) return value
    if (value.kind === 'check') value.make()
  }
}

const tags = (observation: KeyObservation | undefined) => [
  observation?.present?.map(({ tag }) => tag),
  observation?.revoked.map(({ tag }) => tag),
]

test.each([
  ['entry points of a set that a trusted key signs', [OLD, NEW, ZSK], [OLD], [[OLD, NEW], []]],
  ['nothing where only others sign', [OLD, NEW], [NEW], [undefined, []]],
  ['nothing where nobody signs', [OLD, NEW], [], [undefined, []]],
  ['a key that revokes itself', [OLD, REVOKED], [OLD, REVOKED], [[OLD], [REVOKED]]],
  ['a key that revokes itself where nobody else signs', [REVOKED], [REVOKED], [undefined, [REVOKED]]],
  ['no revocation that others sign', [OLD, REVOKED], [OLD], [[OLD], []]],
] as const)('S-ROLL-1: a look shows %s', (_what, keys, signers, [present, revoked]) => {
  const expected = [present?.map((key) => key?.tag), revoked.map((key) => key?.tag)]
  expect(tags(looked(reply(keys, signers)))).toEqual(expected)
})

test('S-ROLL-1: a reply without keys shows nothing', () => {
  expect(looked(reply([], []))).toBe(undefined)
})

test('S-ROLL-1: a look tells how long the set and its signature last', () => {
  expect(looked(reply([OLD], [OLD]))).toMatchObject({ originalTtl: 3600, validity: TEST_VALIDITY[1] - TEST_TIME })
})
