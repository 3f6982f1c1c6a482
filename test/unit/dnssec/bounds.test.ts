import { describe, expect, test } from 'vitest'
import { Budget, ChainMemory, DEFAULT_LIMITS, nodeAlgorithms, Replies, validate } from '../../../src/dnssec/index.ts'
import type { Message, ResourceRecord } from '../../../src/wire/index.ts'
import { CLASS, nameOf, TYPE } from '../../../src/wire/index.ts'
import { SignedTree, TEST_TIME } from '../../kit/signed-tree.ts'

/** A change that leaves the tag of a key or signature as it is: two 16-bit words trade a bit. */
function sibling(rdata: Buffer, nth: number, from: number): Buffer {
  const copy = Buffer.from(rdata)
  const at = from + 4 * (nth % 6)
  const step = 1 + Math.floor(nth / 6)
  copy.writeUInt16BE((copy.readUInt16BE(at) + step) & 0xffff, at)
  copy.writeUInt16BE((copy.readUInt16BE(at + 2) - step) & 0xffff, at + 2)
  return copy
}

describe('S-LIM-1: a hostile zone', () => {
  test('with hundreds of keys of one tag and hundreds of signatures is given up', () => {
    const tree = new SignedTree([{ apex: 'test', records: ['www A 192.0.2.1'] }])
    const many = (record: ResourceRecord, from: number) =>
      Array.from({ length: 200 }, (_none, i) => ({ ...record, rdata: sibling(record.rdata, i, from) }))
    tree.tamper = (message: Message, { name, type }) => {
      const isKeys = type === TYPE.DNSKEY && name === 'test'
      const isData = type === TYPE.A
      const answer = message.answer.flatMap((record) => {
        if (isKeys && record.type === TYPE.DNSKEY) return [record, ...many(record, 4)]
        return isData && record.type === TYPE.RRSIG ? many(record, 40) : [record]
      })
      return { ...message, answer }
    }
    const verdict = tree.validate('www.test')
    expect(verdict.kind).toBe('failure')
  })

  test('with signatures that do not verify by the hundred is given up', () => {
    const tree = new SignedTree([{ apex: 'test', records: ['www A 192.0.2.1'] }])
    tree.tamper = (message: Message, { type }) => {
      if (type !== TYPE.A) return message
      const answer = message.answer.flatMap((record) =>
        record.type === TYPE.RRSIG
          ? Array.from({ length: 300 }, (_none, i) => ({ ...record, rdata: sibling(record.rdata, i, 40) }))
          : [record],
      )
      return { ...message, answer }
    }
    expect(tree.validate('www.test')).toMatchObject({ kind: 'failure', result: 'too-many-validations', ede: 5 })
  })

  test('with long names under NSEC3 of many iterations gets no more than its share of hashes', () => {
    const tree = new SignedTree([{ apex: 'test', denial: 'nsec3', iterations: 50, records: ['www A 192.0.2.1'] }])
    const deep = `${'a.'.repeat(100)}test`
    expect(tree.validate(deep)).toMatchObject({ kind: 'secure', denied: 'nxdomain' })
    expect(tree.validate(deep, 'A', { limits: { hashes: 1000 } })).toMatchObject({ result: 'too-many-validations' })
  })

  test('with a chain that never ends is given up', () => {
    const tree = new SignedTree([{ apex: 'test', records: ['www A 192.0.2.1'] }])
    expect(tree.validate('www.test', 'A', { limits: { questions: 2 } })).toMatchObject({
      result: 'too-many-validations',
    })
  })
})

test('S-LIM-1: work on one question lets others have their turn every few milliseconds', () => {
  const tree = new SignedTree([{ apex: 'test', denial: 'nsec3', iterations: 50, records: ['www A 192.0.2.1'] }])
  const question = { name: nameOf(`${'a.'.repeat(100)}test`), type: TYPE.A, class: CLASS.IN }
  const replies = new Replies()
  const validation = validate(question, tree.reply(question), {
    anchors: tree.anchors,
    algorithms: nodeAlgorithms(),
    memory: new ChainMemory(),
    budget: new Budget(DEFAULT_LIMITS),
    counts: { secure: 0, insecure: 0, bogus: 0, indeterminate: 0 },
    now: TEST_TIME,
    replies,
    followsAliases: true,
  })
  let pauses = 0
  for (let step = validation.next(); step.done !== true; step = validation.next()) {
    if (step.value.kind === 'pause') pauses++
    else replies.receive(step.value.question, { kind: 'reply', message: tree.reply(step.value.question) })
  }
  expect(pauses).toBeGreaterThan(5)
})
