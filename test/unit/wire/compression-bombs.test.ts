import { describe, expect, test } from 'vitest'
import {
  answerTo,
  compose,
  FormError,
  nameOf,
  parseMessage,
  recordOf,
  type ResourceRecord,
  TYPE,
  wireOfName,
  wireOfRecord,
} from '../../../src/wire/index.ts'
import { cpuTime } from '../../kit/cpu-time.ts'

const LARGEST = 65_535
/** Without the bounds these take 2 to 1100 ms, with them up to 1, and 2 where others use the same core. */
const MOST_MS = 4
const QUESTION = { name: nameOf('a.test'), type: TYPE.A, class: 1 }
const FIXED_SIZE = 10

/** A message that asks for `a`, then a record of unknown type with `ladder`, then as many as fit of `record`. */
function bomb(ladder: (at: number) => { bytes: Buffer; tops: number[] }, record: (target: number) => Buffer): Buffer {
  const question = Buffer.from([1, 0x61, 0, 0, 1, 0, 1])
  const { bytes, tops } = ladder(12 + question.length + 1 + FIXED_SIZE)
  const parts = [question, Buffer.from([0]), fixedPart(65_400, bytes.length), bytes]
  let length = 12 + parts.reduce((sum, part) => sum + part.length, 0)
  let count = 1
  for (; ; count++) {
    const next = record(tops[count % tops.length] as number)
    if (length + next.length > LARGEST) break
    parts.push(next)
    length += next.length
  }
  const header = Buffer.alloc(12)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(count, 10)
  return Buffer.concat([header, ...parts])
}

function fixedPart(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(FIXED_SIZE)
  bytes.writeUInt16BE(type, 0)
  bytes.writeUInt16BE(1, 2)
  bytes.writeUInt16BE(length, 8)
  return bytes
}

const pointer = (to: number) => Buffer.from([0xc0 | (to >> 8), to & 0xff])

/** A name of 255 bytes in 127 labels, each behind a pointer of its own; two that differ, as equal ones are read once. */
function labelLadder(start: number): { bytes: Buffer; tops: number[] } {
  const rungs = [Buffer.from([1, 0x61, 0])]
  const places = [start]
  for (let i = 0, at = start + 3; i < 126; i++, at += 4) {
    rungs.push(Buffer.concat([Buffer.from([1, 0x61 + (i % 26)]), pointer(places[i] as number)]))
    places.push(at)
  }
  return { bytes: Buffer.concat(rungs), tops: places.slice(-2) }
}

/** Two names of so many bytes, in labels of one letter each. */
const twoNames = (length: number) => (start: number) => {
  const labels = Math.floor((length - 1) / 2)
  const name = (letter: number) => Buffer.from([...Array.from({ length: labels }, () => [1, letter]).flat(), 0])
  return { bytes: Buffer.concat([name(0x61), name(0x62)]), tops: [start, start + length] }
}

/** Eight thousand pointers, each to the one before it, and one label at their end. */
function pointerLadder(start: number): { bytes: Buffer; tops: number[] } {
  const rungs = [Buffer.from([1, 0x61, 0])]
  let at = start + 3
  let target = start
  for (; at < 0x3ff0; at += 2) {
    rungs.push(pointer(target))
    target = at
  }
  return { bytes: Buffer.concat(rungs), tops: [target, target - 2] }
}

const asOwner = (to: number) => Buffer.concat([pointer(to), fixedPart(TYPE.A, 0)])
const asBoth = (to: number) => Buffer.concat([pointer(to), fixedPart(TYPE.NS, 2), pointer(to)])
const twiceInRdata = (to: number) => Buffer.concat([Buffer.from([0]), fixedPart(TYPE.RP, 4), pointer(to), pointer(to)])
const inRdata = (to: number) => Buffer.concat([Buffer.from([0]), fixedPart(TYPE.NS, 2), pointer(to)])

/** The least of many runs, in milliseconds of computing: code is slow until it is compiled. */
function leastTime(run: () => void): number {
  const times = Array.from({ length: 50 }, () => {
    const start = cpuTime()
    run()
    return cpuTime() - start
  })
  return Math.min(...times)
}

describe('names that expand to far more than the message', () => {
  test.each([
    ['owners of 255 bytes', bomb(labelLadder, asOwner)],
    ['rdata of 255 bytes', bomb(labelLadder, inRdata)],
    ['owners behind 8000 pointers', bomb(pointerLadder, asOwner)],
    ['rdata behind 8000 pointers', bomb(pointerLadder, inRdata)],
    ['names of 11 bytes by turns', bomb(twoNames(11), asOwner)],
    ['names of 41 bytes by turns', bomb(twoNames(41), asOwner)],
    ['names of 41 bytes as owner and rdata', bomb(twoNames(41), asBoth)],
    ['two names of 41 bytes in rdata', bomb(twoNames(41), twiceInRdata)],
  ])('%s: refused, and soon', (_title, message) => {
    expect(message.length).toBeGreaterThan(LARGEST - 16)
    expect(() => parseMessage(message)).toThrow(FormError)
    expect(() => parseMessage(message)).toThrow('names and records take too much to read')
    const run = () => expect(() => parseMessage(message)).toThrow()
    expect(leastTime(run)).toBeLessThan(MOST_MS)
  })

  test('forty of the longest name in the smallest datagram are still read', () => {
    const name = nameOf(Array.from({ length: 127 }, (_, i) => String.fromCharCode(97 + (i % 26))).join('.'))
    const others = nameOf(name.slice(2))
    const answer = Array.from({ length: 40 }, (_, i) => recordOf(i % 2 === 0 ? name : others, TYPE.A, Buffer.alloc(4)))
    expect(parseMessage(compose({ id: 1, flags: 0, answer })).answer).toHaveLength(40)
  })

  test('4,000 addresses of one name are still read', () => {
    const answer = Array.from({ length: 4000 }, (_, i) =>
      recordOf(QUESTION.name, TYPE.A, Buffer.from([10, 0, i >> 8, i])),
    )
    const wire = compose({ id: 1, flags: 0, question: QUESTION, answer })
    expect(wire.length).toBeGreaterThan(64_000)
    expect(parseMessage(wire).answer).toHaveLength(4000)
  })

  test('1,400 names of one address are still read, also once they were written again', () => {
    const zone = '8.b.d.0.1.0.0.2.ip6.arpa'
    const answer = Array.from({ length: 1400 }, (_, i) =>
      recordOf(nameOf(zone), TYPE.PTR, wireOfName(nameOf(`host-${i}.dmz.customer.test`))),
    )
    const read = parseMessage(compose({ id: 1, flags: 0, answer }))
    expect(read.answer).toHaveLength(1400)
    expect(parseMessage(compose(read)).answer).toEqual(read.answer)
  })

  test('what was read is also read when it was written again with compression', () => {
    const owners = Array.from({ length: 800 }, (_, i) => recordOf(nameOf(`a${i}.example`), TYPE.A, Buffer.alloc(4)))
    const plain = Buffer.concat([Buffer.alloc(12), ...owners.map(wireOfRecord)])
    plain.writeUInt16BE(owners.length, 6)
    expect(parseMessage(compose(parseMessage(plain))).answer).toHaveLength(owners.length)
  })
})

describe('chains that take their length squared to follow', () => {
  const cname = (from: string, to: string) => recordOf(nameOf(from), TYPE.CNAME, wireOfName(nameOf(to)))
  const dname = (from: string, to: string) => recordOf(nameOf(from), TYPE.DNAME, wireOfName(nameOf(to)))
  const soa = (at: string) => recordOf(nameOf(at), TYPE.SOA, Buffer.alloc(22))
  const chain = (length: number) =>
    Array.from({ length }, (_, i) => cname(i === 0 ? 'a.test' : `c${i}.test`, `c${i + 1}.test`))

  const bombs: readonly [string, readonly ResourceRecord[], readonly ResourceRecord[]][] = [
    ['the last link first', chain(800).toReversed(), []],
    ['one SOA for each link', chain(500), Array.from({ length: 500 }, (_, i) => soa(`x${i}`))],
    [
      'DNAMEs below one another',
      [...Array.from({ length: 1000 }, (_, i) => dname(`n${i}.x`, `n${i + 1}.x`)), cname('a.test', 'q.n0.x')],
      [],
    ],
  ]
  test.each(bombs)('%s: cut where no query goes further', (_title, answer, authority) => {
    const wire = compose({ id: 1, flags: 0x8180, question: QUESTION, answer, authority })
    const reply = { wire, message: parseMessage(wire) }
    expect(answerTo(QUESTION, reply).message.answer.length).toBeLessThan(40)
    expect(leastTime(() => answerTo(QUESTION, reply))).toBeLessThan(MOST_MS)
  })

  test('R-ORDER-5: one redirect more than a query may take is kept, so that the resolver can tell', () => {
    const wire = compose({ id: 1, flags: 0x8180, question: QUESTION, answer: chain(40).toReversed() })
    expect(answerTo(QUESTION, { wire, message: parseMessage(wire) }).message.answer).toHaveLength(18)
  })
})
