import { describe, expect, test } from 'vitest'
import type { Algorithms, Dnskey, SignatureAlgorithm, SignatureKey } from '../../../src/dnssec/index.ts'
import {
  Budget,
  ChainMemory,
  DEFAULT_LIMITS,
  nodeAlgorithms,
  readDnskey,
  Replies,
  type SignatureCheck,
  validate,
} from '../../../src/dnssec/index.ts'
import { zoneKey } from '../../../src/dnssec/keys.ts'
import { rrsetsOf } from '../../../src/dnssec/rrset.ts'
import { verifySet } from '../../../src/dnssec/signature.ts'
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

/** What a validation asked for, and what it did itself between two of its steps at most. */
interface Work {
  readonly checks: number
  readonly longest: number
  readonly pauses: number
}

/** A key that counts its import by what one of the algorithm costs at most, and is never used but by who makes a check. */
class Meter {
  readonly #importCost: number
  isMaking = false
  since = 0
  longest = 0

  constructor(algorithm: number) {
    this.#importCost = nodeAlgorithms().signatures.get(algorithm)?.importCost ?? Number.NaN
  }

  algorithms(): Algorithms {
    const real = nodeAlgorithms()
    const counted = ([number, each]: [number, SignatureAlgorithm]): [number, SignatureAlgorithm] => [
      number,
      { ...each, importCost: this.#importCost, importKey: (publicKey) => this.#counted(each.importKey(publicKey)) },
    ]
    return { ...real, signatures: new Map([...real.signatures].map(counted)) }
  }

  /** Carries out what is asked for; the validator's own work begins anew. */
  make(check: SignatureCheck): void {
    this.isMaking = true
    check.make()
    this.isMaking = false
    this.since = 0
  }

  #counted(key: SignatureKey | undefined): SignatureKey | undefined {
    this.since += this.#importCost
    this.longest = Math.max(this.longest, this.since)
    const verify = (data: Buffer, signature: Buffer): boolean => {
      if (!this.isMaking) throw new Error('a signature was checked in the turn of the validator')
      return key?.verify(data, signature) === true
    }
    return key && { ...key, verify }
  }
}

function work(tree: SignedTree, name: string, type: number = TYPE.A, algorithm = 15): Work {
  const meter = new Meter(algorithm)
  const question = { name: nameOf(name), type, class: CLASS.IN }
  const replies = new Replies()
  const validation = validate(question, tree.tamper(tree.reply(question), question) as Message, {
    anchors: tree.anchors,
    algorithms: meter.algorithms(),
    memory: new ChainMemory(),
    budget: new Budget(DEFAULT_LIMITS),
    counts: { secure: 0, insecure: 0, bogus: 0, indeterminate: 0 },
    now: TEST_TIME,
    replies,
    followsAliases: true,
  })
  let [checks, pauses] = [0, 0]
  for (let step = validation.next(); step.done !== true; step = validation.next()) {
    if (step.value.kind === 'ask') {
      const { question: asked } = step.value
      replies.receive(asked, { kind: 'reply', message: tree.tamper(tree.reply(asked), asked) as Message })
    } else if (step.value.kind === 'check') {
      checks++
      meter.make(step.value)
    } else {
      pauses++
      meter.since = 0
    }
  }
  return { checks, longest: meter.longest, pauses }
}

describe('S-LIM-1: work on one question lets others have their turn', () => {
  const many = Array.from({ length: 60 }, (_none, i) => `www TYPE${700 + i} \\# 1 00`)
  const tree = new SignedTree([{ apex: 'test', records: ['www A 192.0.2.1', ...many] }])
  const deep = new SignedTree([{ apex: 'test', denial: 'nsec3', iterations: 50, records: ['www A 192.0.2.1'] }])

  test.each([8, 10, 13, 14, 15, 16])('signatures that are good, of algorithm %i, are left to others', (algorithm) => {
    const { checks, longest } = work(tree, 'www.test', TYPE.ANY, algorithm)
    expect(checks).toBeGreaterThan(60)
    expect(longest).toBeLessThan(5)
  })

  test.each([8, 13, 14, 15])('many keys of one tag, of algorithm %i, are imported one at a time', (algorithm) => {
    const meter = new Meter(algorithm)
    const set = tree.reply({ name: nameOf('www.test'), type: TYPE.A })
    const [www] = rrsetsOf(set, 'answer')
    const [key] = tree.zones.find(({ apex }) => apex === 'test')?.reply(nameOf('test'), TYPE.DNSKEY).answer ?? []
    if (www === undefined || key === undefined) throw new Error('the zone is not signed')
    const siblings = Array.from({ length: 14 }, (_none, i) => readDnskey(sibling(key.rdata, i, 4)) as Dnskey)
    const keys = siblings.map((each) => zoneKey(each, meter.algorithms()))
    const checking = verifySet(www, nameOf('test'), keys, TEST_TIME, new Budget(DEFAULT_LIMITS))
    let checks = 0
    for (let step = checking.next(); step.done !== true; step = checking.next()) {
      meter.since = 0
      if (step.value.kind === 'check') meter.make(step.value)
      if (step.value.kind === 'check') checks++
    }
    expect(checks).toBe(14)
    expect(meter.longest).toBeLessThan(5)
  })

  test('long names under NSEC3 of many iterations', () => {
    expect(work(deep, `${'a.'.repeat(100)}test`).pauses).toBeGreaterThan(5)
  })

  test('more RRsets than anybody needs are refused', () => {
    const records = Array.from({ length: 300 }, (_none, i) => `x TYPE${1000 + i} \\# 1 00`)
    const wide = new SignedTree([{ apex: 'test', algorithm: 'unsigned', records }])
    expect(wide.validate('x.test', 'ANY')).toMatchObject({ result: 'too-many-validations' })
  })

  test('more records in a set than anybody sorts are refused', () => {
    const records = Array.from({ length: 600 }, (_none, i) => `www A 192.0.${i >> 8}.${i & 255}`)
    const wide = new SignedTree([{ apex: 'test', records }])
    expect(wide.validate('www.test')).toMatchObject({ kind: 'failure', result: 'too-many-validations' })
  })

  test('aliases without end are given up', () => {
    const aliases = Array.from({ length: 40 }, (_none, i) => `n${i} CNAME n${i + 1}`)
    const long = new SignedTree([{ apex: 'test', records: aliases }])
    const answer = aliases.flatMap((_line, i) => long.reply({ name: nameOf(`n${i}.test`), type: TYPE.CNAME }).answer)
    long.tamper = (message, { type }) => (type === TYPE.A ? { ...message, answer } : message)
    expect(long.validate('n0.test')).toMatchObject({ kind: 'failure', result: 'too-many-validations' })
    const [, counted] = [long.asked.length, work(long, 'n0.test')]
    expect(counted.checks).toBeLessThan(30)
  })

  test('keys of one tag by the hundred cost as many digests as are allowed', () => {
    const keys = new SignedTree([{ apex: 'test', records: ['www A 192.0.2.1'] }])
    keys.tamper = (message, { type, name }) => {
      if (type !== TYPE.DNSKEY || name !== 'test') return message
      const copies = (record: ResourceRecord) =>
        Array.from({ length: 200 }, (_none, i) => ({ ...record, rdata: sibling(record.rdata, i, 4) }))
      const keysOf = (record: ResourceRecord) => (record.type === TYPE.DNSKEY ? [record, ...copies(record)] : [record])
      return { ...message, answer: message.answer.flatMap(keysOf) }
    }
    expect(keys.validate('www.test', 'A', { limits: { hashes: 50 } })).toMatchObject({ result: 'too-many-validations' })
  })
})
