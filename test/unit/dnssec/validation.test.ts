import { describe, expect, test } from 'vitest'
import { ChainMemory, TrustAnchors } from '../../../src/dnssec/index.ts'
import { nameOf, TYPE } from '../../../src/wire/index.ts'
import { SignedTree, TEST_TIME } from '../../kit/signed-tree.ts'
import type { ZoneScript } from '../../kit/signed-zone.ts'

const DATA = [
  'www A 192.0.2.1',
  'www TXT "two" "words"',
  'alias CNAME www',
  'away CNAME www.other.test.',
  'out CNAME www.plain.test.',
  '*.wild A 192.0.2.9',
  '*.walias CNAME www',
  'a.b.ent A 192.0.2.2',
  'moved DNAME other.test.',
  'sub NS ns.invalid.',
]
const zone = (apex: string, more: Partial<ZoneScript> = {}): ZoneScript => ({ apex, records: DATA, ...more })

const TREE = new SignedTree([
  zone('.', { records: [] }),
  zone('test', { records: ['nothing TXT "there"'] }),
  zone('nsec.test'),
  zone('nsec3.test', { denial: 'nsec3' }),
  zone('many.test', { denial: 'nsec3', iterations: 51 }),
  zone('fifty.test', { denial: 'nsec3', iterations: 50 }),
  zone('optout.test', { denial: 'opt-out' }),
  zone('compact.test', { denial: 'compact' }),
  zone('other.test', { denial: 'nsec3' }),
  zone('plain.test', { algorithm: 'unsigned' }),
  zone('island.test', { isIsland: true }),
  zone('deep.nsec.test'),
  // Broken, but real: an alias beside SOA and NS, which BIND does not load.
  zone('apex.test', { records: ['@ CNAME www.nsec.test.', 'www A 192.0.2.3'] }),
  zone('old.test', { validity: [TEST_TIME - 100_000, TEST_TIME - 20_000] }),
  zone('young.test', { validity: [TEST_TIME + 20_000, TEST_TIME + 100_000] }),
  zone('late.test', { validity: [TEST_TIME - 100_000, TEST_TIME - 3_000] }),
])

/** What is asked for, and the verdict: its kind, then what is denied or the result. */
const each: readonly [rule: string, name: string, type: string, verdict: string][] = [
  ['S-SIG-1: a signed set', 'www.nsec.test', 'A', 'secure'],
  ['S-ASK-2: the apex', 'nsec.test', 'SOA', 'secure'],
  ['S-ASK-2: keys themselves', 'nsec.test', 'DNSKEY', 'secure'],
  ['S-ASK-2: the keys of the root', '.', 'DNSKEY', 'secure'],
  ["S-ASK-7: DS is the parent's", 'nsec.test', 'DS', 'secure'],
  ['S-ASK-7: no DS, by the parent', 'plain.test', 'DS', 'secure nodata'],
  ['S-ASK-7: the root has no parent', '.', 'DS', 'insecure'],
  ['S-ASK-8: ANY, every set', 'www.nsec.test', 'ANY', 'secure'],
  ['S-ASK-8: nothing signs signatures', 'www.nsec.test', 'RRSIG', 'insecure'],
  ['S-CN-1: an alias within its zone', 'alias.nsec.test', 'A', 'secure'],
  ['S-CN-1: into another signed zone', 'away.nsec.test', 'A', 'secure'],
  ['S-CN-1: into an unsigned zone', 'out.nsec.test', 'A', 'insecure'],
  ['S-CN-2: DNAME and the CNAME made of it', 'www.moved.nsec.test', 'A', 'secure'],
  ['S-CN-2: the CNAME that a DNAME makes, asked for itself', 'www.moved.nsec.test', 'CNAME', 'secure'],
  ['S-CN-2: all there is below a DNAME', 'www.moved.nsec.test', 'ANY', 'secure'],
  ['S-CN-6: DNAME to a name that is not there', 'none.moved.nsec.test', 'A', 'secure nxdomain'],
  ['S-CN-5: an alias at an apex', 'apex.test', 'A', 'secure'],
  ['S-CN-5: keys beside an alias at the apex', 'apex.test', 'DNSKEY', 'secure'],
  ['S-CN-5: below an alias at an apex', 'www.apex.test', 'A', 'secure'],
  ['S-CN-5: DS of an alias', 'alias.nsec.test', 'DS', 'secure nodata'],
  ['S-DEN-4: NSEC, no such name', 'none.nsec.test', 'A', 'secure nxdomain'],
  ['S-DEN-4: NSEC, before the first name', 'aaa.nsec.test', 'A', 'secure nxdomain'],
  ['S-DEN-4: NSEC, after the last name', 'zzz.nsec.test', 'A', 'secure nxdomain'],
  ['S-DEN-5: NSEC, no such type', 'www.nsec.test', 'AAAA', 'secure nodata'],
  ['S-DEN-5: NSEC, empty non-terminal', 'b.ent.nsec.test', 'A', 'secure nodata'],
  ['S-DEN-6: NSEC, the wildcard lacks the type', 'x.wild.nsec.test', 'AAAA', 'secure nodata'],
  ['S-DEN-7: NSEC, expanded from a wildcard', 'x.y.wild.nsec.test', 'A', 'secure'],
  ['S-CN-3: NSEC, alias from a wildcard', 'x.walias.nsec.test', 'A', 'secure'],
  ['S-DEN-11: NSEC3, no such name', 'none.nsec3.test', 'A', 'secure nxdomain'],
  ['S-DEN-11: NSEC3, far below what there is', 'a.b.c.none.nsec3.test', 'A', 'secure nxdomain'],
  ['S-DEN-11: NSEC3, no such type', 'www.nsec3.test', 'AAAA', 'secure nodata'],
  ['S-DEN-11: NSEC3, empty non-terminal', 'b.ent.nsec3.test', 'A', 'secure nodata'],
  ['S-DEN-11: NSEC3, the wildcard lacks the type', 'x.wild.nsec3.test', 'AAAA', 'secure nodata'],
  ['S-DEN-7: NSEC3, expanded from a wildcard', 'x.y.wild.nsec3.test', 'A', 'secure'],
  ['S-DEN-12: opt-out, no such name', 'none.optout.test', 'A', 'insecure'],
  ['S-DEN-12: opt-out, a name that is there', 'www.optout.test', 'AAAA', 'secure nodata'],
  ['S-DEN-12: opt-out, expanded from a wildcard', 'x.wild.optout.test', 'A', 'insecure'],
  ['S-DEN-12: opt-out, no DS', 'sub.optout.test', 'DS', 'insecure'],
  ['S-DEN-13: 50 iterations', 'none.fifty.test', 'A', 'secure nxdomain'],
  ['S-DEN-13: 51 iterations', 'none.many.test', 'A', 'insecure'],
  ['S-DEN-13: data beside 51 iterations', 'www.many.test', 'A', 'secure'],
  ['S-DEN-15: compact, no such name', 'none.compact.test', 'A', 'secure nxdomain'],
  ['S-DEN-15: compact, no such type', 'www.compact.test', 'AAAA', 'secure nodata'],
  ['S-WALK-1: an unsigned zone', 'www.plain.test', 'A', 'insecure'],
  ['S-WALK-1: nothing in an unsigned zone', 'none.plain.test', 'A', 'insecure'],
  ['S-WALK-1: signed, but without DS', 'www.island.test', 'A', 'insecure'],
  ['S-WALK-1: two zone cuts', 'www.deep.nsec.test', 'A', 'secure'],
  ['S-SIG-4: expired', 'www.old.test', 'A', 'failure signature-expired 7'],
  ['S-SIG-4: not valid yet', 'www.young.test', 'A', 'failure signature-expired 8'],
  ['S-SIG-4: expired no longer than clocks may differ', 'www.late.test', 'A', 'secure'],
]

function told(verdict: ReturnType<SignedTree['validate']>): string {
  if (verdict.kind === 'failure') return `failure ${verdict.result} ${verdict.ede}`
  return verdict.kind === 'secure' && verdict.denied !== undefined ? `secure ${verdict.denied}` : verdict.kind
}

describe('what a signed tree says', () => {
  test.each(each)('%s', (_rule, name, type, verdict) => {
    const found = TREE.validate(name, type)
    expect(told(found), JSON.stringify(found, ['kind', 'reason'])).toBe(verdict)
  })

  test.each([5, 7, 8, 10, 13, 14, 15, 16])('S-ALG-1: algorithm %i', (algorithm) => {
    const tree = new SignedTree([
      zone('.', { records: [] }),
      zone('a.test', { algorithm }),
      zone('test', { algorithm }),
    ])
    expect(told(tree.validate('www.a.test'))).toBe('secure')
    expect(told(tree.validate('none.a.test'))).toBe('secure nxdomain')
  })

  test.each([1, 2, 4])('S-ALG-1: DS digest %i', (digestType) => {
    const tree = new SignedTree([zone('a.test', { digestType }), zone('test')])
    expect(told(tree.validate('www.a.test'))).toBe('secure')
  })

  test('S-ALG-1: a digest that nobody can compute makes the zone unsigned', () => {
    const tree = new SignedTree([zone('a.test', { digestType: 3 }), zone('test')])
    expect(tree.validate('www.a.test')).toMatchObject({ kind: 'insecure', ede: 2 })
  })

  test('S-SIG-5: no longer than the least TTL of all', () => {
    expect(TREE.validate('www.nsec.test')).toMatchObject({ kind: 'secure', ttl: 300 })
    const soon = new SignedTree([zone('test', { validity: [TEST_TIME - 50, TEST_TIME + 50] })])
    expect(soon.validate('www.test')).toMatchObject({ kind: 'secure', ttl: 50 })
  })

  test('S-WALK-6: a chain that is known costs no questions', () => {
    const tree = new SignedTree([zone('nsec.test'), zone('test')])
    const memory = new ChainMemory()
    tree.validate('www.nsec.test', 'A', { memory })
    tree.asked.length = 0
    expect(told(tree.validate('none.nsec.test', 'A', { memory }))).toBe('secure nxdomain')
    expect(tree.asked).toEqual([])
  })
})

describe('trust anchors', () => {
  const [anchor] = TREE.anchors.positive

  test('S-NTA-1: nothing is asked below a negative one', () => {
    const anchors = new TrustAnchors(anchor === undefined ? [] : [anchor], [nameOf('nsec.test')])
    TREE.asked.length = 0
    expect(told(TREE.validate('www.nsec.test', 'A', { anchors }))).toBe('insecure')
    expect(TREE.asked).toEqual([])
    expect(told(TREE.validate('www.other.test', 'A', { anchors }))).toBe('secure')
  })

  test('S-TA-7: a zone below an insecure cut has one of its own', () => {
    const island = TREE.zones.find(({ apex }) => apex === 'island.test')?.key?.key
    if (island === undefined || anchor === undefined) throw new Error('no key')
    const anchors = new TrustAnchors([anchor, { name: nameOf('island.test'), ds: [], keys: [island] }], [])
    expect(told(TREE.validate('www.island.test', 'A', { anchors }))).toBe('secure')
  })

  test('S-TA-9: a key that does not fit is no key', () => {
    const wrong = TREE.zones.find(({ apex }) => apex === 'other.test')?.key?.key
    if (wrong === undefined) throw new Error('no key')
    const anchors = new TrustAnchors([{ name: nameOf('.'), ds: [], keys: [wrong] }], [])
    expect(told(TREE.validate('www.nsec.test', 'A', { anchors }))).toBe('failure missing-key 9')
  })
})

describe('S-ROLL-3: root key sentinel', () => {
  const tag = TREE.root.key?.tag ?? 0
  const other = (tag + 1) % 65_536
  const digits = (number: number) => String(number).padStart(5, '0')
  const names = (number: number) => [
    `root-key-sentinel-is-ta-${digits(number)}`,
    `root-key-sentinel-not-ta-${digits(number)}`,
  ]
  const [isTrusted = '', notTrusted = ''] = names(tag)
  const [isOther = '', notOther = ''] = names(other)
  const all = [isTrusted, notTrusted, isOther, notOther, 'root-key-sentinel-is-ta-1']
  const records = all.flatMap((name) => [`${name} A 192.0.2.1`, `${name} TXT "x"`])
  const tree = new SignedTree([
    zone('.', { records: [] }),
    zone('test', { records }),
    zone('p.test', { records, algorithm: 'unsigned' }),
  ])

  test.each([
    [isTrusted, 'A', 'test', 'secure'],
    [notTrusted, 'A', 'test', 'failure invalid 6'],
    [isOther, 'A', 'test', 'failure invalid 6'],
    [notOther, 'A', 'test', 'secure'],
    [isOther, 'TXT', 'test', 'secure'],
    [isOther, 'A', 'p.test', 'insecure'],
    ['root-key-sentinel-is-ta-1', 'A', 'test', 'secure'],
  ])('%s %s in %s: %s', (name, type, apex, expected) => {
    const [anchor] = tree.anchors.positive
    const key = TREE.root.key?.key
    if (anchor === undefined || key === undefined) throw new Error('no key')
    const anchors = new TrustAnchors([{ ...anchor, keys: [key] }], [])
    expect(told(tree.validate(`${name}.${apex}`, type, { anchors }))).toBe(expected)
  })
})

describe('what somebody on the way does', () => {
  const attacked = (change: SignedTree['tamper']) => {
    const tree = new SignedTree([
      zone('.', { records: [] }),
      zone('test', { records: [] }),
      zone('nsec.test'),
      zone('plain.test', { algorithm: 'unsigned' }),
    ])
    tree.tamper = change
    return tree
  }

  test('all signatures stripped: bogus, no reason to believe it', () => {
    const tree = attacked((message) => {
      const without = (type: number) => type !== TYPE.RRSIG && type !== TYPE.NSEC
      return {
        ...message,
        answer: message.answer.filter(({ type }) => without(type)),
        authority: message.authority.filter(({ type }) => without(type)),
      }
    })
    expect(tree.validate('www.nsec.test').kind).toBe('failure')
    expect(tree.validate('www.plain.test').kind).toBe('failure')
  })

  test('S-WALK-2: a proof without NS bit does not make a name unsigned', () => {
    const tree = attacked((message, { type, name }) =>
      type === TYPE.A && name === 'www.nsec.test'
        ? { ...message, answer: message.answer.filter((record) => record.type !== TYPE.RRSIG) }
        : message,
    )
    expect(told(tree.validate('www.nsec.test'))).toBe('failure no-signature 10')
  })

  test.each([
    ['S-ASK-5: a denial without any signature', [TYPE.RRSIG, TYPE.NSEC], 'failure no-signature 10'],
    ['S-ASK-5: a denial whose SOA alone is signed', [TYPE.NSEC], 'failure no-signature 12'],
  ])('%s', (_what, missing, expected) => {
    const tree = attacked((message, { type }) =>
      type === TYPE.AAAA
        ? { ...message, authority: message.authority.filter((record) => !missing.some((gone) => gone === record.type)) }
        : message,
    )
    expect(told(tree.validate('www.nsec.test', 'AAAA'))).toBe(expected)
  })

  test("S-CN-5: an apex's own alias instead of DS does not make its zone part of the parent's", () => {
    const tree = new SignedTree([
      zone('test'),
      zone('apex.test', { records: ['@ CNAME www.test.', 'www A 192.0.2.3'] }),
    ])
    tree.tamper = (message, { name, type }) => {
      if (name !== 'apex.test')
        return { ...message, answer: message.answer.filter((record) => record.type !== TYPE.RRSIG) }
      return type === TYPE.DS ? tree.reply({ name, type: TYPE.CNAME }) : message
    }
    expect(tree.validate('www.apex.test').kind).toBe('failure')
  })

  test('S-CN-5: an alias instead of DS, signed from above, is no cut: what is missing is the signature', () => {
    const tree = attacked((message, { name, type }) =>
      name === 'alias.nsec.test' && type === TYPE.A
        ? { ...message, answer: message.answer.filter((record) => record.type !== TYPE.RRSIG) }
        : message,
    )
    expect(told(tree.validate('alias.nsec.test'))).toBe('failure no-signature 10')
    expect(tree.asked).toContain('alias.nsec.test DS')
  })

  test('no reply about the chain is a failure, not a verdict', () => {
    const tree = attacked((message, { type }) => (type === TYPE.DS ? undefined : message))
    expect(told(tree.validate('www.nsec.test'))).toBe('failure failed-auxiliary 22')
  })

  test('the wildcard without the proof that nothing is closer', () => {
    const tree = attacked((message) => ({ ...message, authority: [] }))
    expect(told(tree.validate('x.wild.nsec.test'))).toBe('failure nsec-mismatch 6')
  })

  test('data of another name', () => {
    const tree = attacked((message, { name }) => {
      if (name !== 'www.nsec.test') return message
      const owner = Buffer.from('\x03www\x04nsec\x04test\0', 'latin1')
      const stolen = TREE.reply({ name: nameOf('b.ent.nsec.test'), type: TYPE.A }).authority
      return { ...message, answer: [], authority: stolen.map((record) => ({ ...record, owner })) }
    })
    expect(tree.validate('www.nsec.test').kind).toBe('failure')
  })
})
