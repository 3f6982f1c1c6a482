import { describe, expect, test } from 'vitest'
import { Budget, ChainMemory, DEFAULT_LIMITS, nodeAlgorithms } from '../../../src/dnssec/index.ts'
import { zoneKey } from '../../../src/dnssec/keys.ts'
import { KnownSignatures } from '../../../src/dnssec/known-signatures.ts'
import { rrsetsOf } from '../../../src/dnssec/rrset.ts'
import { verifySet } from '../../../src/dnssec/signature.ts'
import type { Message, ResourceRecord } from '../../../src/wire/index.ts'
import { nameOf, TYPE } from '../../../src/wire/index.ts'
import { SignedTree, TEST_TIME } from '../../kit/signed-tree.ts'

const bytes = (text: string) => Buffer.from(text)

describe('what a key is known to have signed', () => {
  test('is the data and the signature together', () => {
    const known = new KnownSignatures()
    known.add(bytes('data'), bytes('signature'))
    expect(known.has(bytes('data'), bytes('signature'))).toBe(true)
    expect(known.has(bytes('Data'), bytes('signature'))).toBe(false)
    expect(known.has(bytes('data'), bytes('Signature'))).toBe(false)
  })

  test('is little: what was used last stays', () => {
    const known = new KnownSignatures()
    for (let i = 0; i < 20; i++) {
      known.add(bytes(`data ${i}`), bytes(`signature ${i}`))
      expect(known.has(bytes('data 0'), bytes('signature 0'))).toBe(true)
    }
    expect(known.has(bytes('data 1'), bytes('signature 1'))).toBe(false)
    known.add(Buffer.alloc(5000), bytes('long'))
    expect(known.has(Buffer.alloc(5000), bytes('long'))).toBe(false)
  })
})

describe.each(['nsec', 'nsec3'] as const)('the SOA of each denial was checked anew: %s', (denial) => {
  const open = () =>
    new SignedTree([{ apex: 'test', denial, records: ['b A 192.0.2.1', 'm A 192.0.2.1', 'x A 192.0.2.1'] }])
  const name = 'aa.test'
  const soaOf = (change: (record: ResourceRecord) => ResourceRecord) => (message: Message) => ({
    ...message,
    authority: message.authority.map((record) => (record.type === TYPE.SOA ? change(record) : record)),
  })
  const changed = ({ rdata, ...record }: ResourceRecord) => {
    const copy = Buffer.from(rdata)
    copy.writeUInt32BE(86_400, copy.length - 4)
    return { ...record, rdata: copy }
  }

  test('once is enough', () => {
    const [tree, memory] = [open(), new ChainMemory()]
    expect(tree.validate(name, 'A', { memory })).toMatchObject({ kind: 'secure', denied: 'nxdomain' })
    expect(tree.validate(name, 'A', { memory, limits: { checks: 0 } })).toMatchObject({ kind: 'secure' })
  })

  test('not where the records are others, with the same signature', () => {
    const [tree, memory] = [open(), new ChainMemory()]
    tree.validate(name, 'A', { memory })
    tree.tamper = soaOf(changed)
    expect(tree.validate(name, 'A', { memory })).toMatchObject({ kind: 'failure', result: 'invalid' })
  })

  test('not longer than the signature holds', () => {
    const tree = open()
    const set = rrsetsOf(tree.reply({ name: nameOf(name), type: TYPE.A }), 'authority').find(
      ({ type }) => type === TYPE.SOA,
    )
    const key = tree.zones.find(({ apex }) => apex === 'test')?.key?.key
    if (set === undefined || key === undefined) throw new Error('the zone is not signed')
    const keys = [zoneKey(key, nodeAlgorithms())]
    const at = (now: number, checks = 10) => {
      const work = verifySet(set, nameOf('test'), keys, now, new Budget({ ...DEFAULT_LIMITS, checks }))
      for (;;) {
        const { value, done } = work.next()
        if (done === true) return value
        if (value.kind === 'check') value.make()
      }
    }
    expect(at(TEST_TIME)).toMatchObject({ kind: 'verified' })
    expect(at(TEST_TIME, 0)).toMatchObject({ kind: 'verified' })
    expect(at(TEST_TIME + 60 * 86_400)).toMatchObject({ kind: 'failure', result: 'signature-expired' })
  })
})
