import { describe, expect, test } from 'vitest'
import { IpAddress } from '../../../../src/base/index.ts'
import type { MulticastRecord } from '../../../../src/multicast/message.ts'
import { RecordCache } from '../../../../src/multicast/mdns/record-cache.ts'
import { CLASS, nameOf, parseMessage, type Question, TYPE } from '../../../../src/wire/index.ts'
import { rr } from '../../../kit/messages.ts'

const TELLER = { server: '10.0.0.9', learntAt: 0 }
const A = question('h.local', TYPE.A)
const PTR = question('_http._tcp.local', TYPE.PTR)

function question(name: string, type: number): Question {
  return { name: nameOf(name), type, class: CLASS.IN }
}

function shared(text: string): MulticastRecord {
  return rr(text)
}

function unique(text: string): MulticastRecord {
  return { ...rr(text), flushesCache: true }
}

function filled(...records: MulticastRecord[]): RecordCache {
  const cache = new RecordCache(4096)
  cache.learn(records, TELLER, 0)
  return cache
}

function addresses(cache: RecordCache, now: number): string[] {
  return cache.find(A, now).map(({ record }) => IpAddress.fromBytes(record.rdata)?.text ?? '')
}

describe('what neighbours tell', () => {
  test('MD-C-1: is kept by name, type and class', () => {
    const cache = filled(unique('h.local 120 A 10.0.0.1'), unique('h.local 120 AAAA fe80::1'))
    expect(addresses(cache, 0)).toEqual(['10.0.0.1'])
    expect(cache.find(question('h.local', TYPE.ANY), 0)).toHaveLength(2)
    expect(cache.find(question('h.local', TYPE.TXT), 0)).toEqual([])
    expect(cache.size).toBe(2)
  })

  test('MC-SEC-4: owners outside local and the reverse domains do not count, whatever comes beside them', () => {
    const cache = filled(unique('www.example.com 120 A 10.0.0.1'), unique('h.local 120 A 10.0.0.1'))
    expect(cache.find(question('www.example.com', TYPE.A), 0)).toEqual([])
    expect(addresses(cache, 0)).toEqual(['10.0.0.1'])
    const reverse = filled(unique('1.0.0.10.in-addr.arpa 120 PTR h.local'))
    expect(reverse.find(question('1.0.0.10.in-addr.arpa', TYPE.PTR), 0)).toHaveLength(1)
  })

  test('MD-C-4: is told no longer than its TTL, to the millisecond', () => {
    const cache = filled(unique('h.local 120 A 10.0.0.1'))
    expect(addresses(cache, 119_999)).toEqual(['10.0.0.1'])
    expect(addresses(cache, 120_000)).toEqual([])
    expect([...cache.rows(120_000)]).toEqual([])
  })

  test('MD-C-3: goodbye leaves it for a second, in which it is no answer, and may be said again', () => {
    const cache = filled(shared('_http._tcp.local 4500 PTR a._http._tcp.local'))
    cache.learn([shared('_http._tcp.local 0 PTR a._http._tcp.local')], TELLER, 10_000)
    expect(cache.find(PTR, 10_000)).toEqual([])
    expect(cache.present(PTR, 10_999)).toHaveLength(1)
    expect(cache.present(PTR, 11_000)).toEqual([])
    cache.learn([shared('_http._tcp.local 4500 PTR a._http._tcp.local')], TELLER, 10_500)
    expect(cache.find(PTR, 20_000)).toHaveLength(1)
  })

  test('MD-C-3: a goodbye to what is not known is nothing', () => {
    const cache = filled(shared('_http._tcp.local 0 PTR a._http._tcp.local'), unique('h.local 1 A 10.0.0.1'))
    expect(cache.size).toBe(0)
  })

  test('MD-C-2: cache-flush ends members older than a second, one second later', () => {
    const cache = filled(unique('h.local 120 A 10.0.0.1'))
    cache.learn([unique('h.local 120 A 10.0.0.2')], TELLER, 5000)
    expect(addresses(cache, 5000)).toEqual(['10.0.0.2'])
    expect(cache.present(A, 5999)).toHaveLength(2)
    expect(cache.present(A, 6000)).toHaveLength(1)
  })

  test('MD-C-2: a set that comes in two packets stays whole', () => {
    const cache = filled(unique('h.local 120 A 10.0.0.1'))
    cache.learn([unique('h.local 120 A 10.0.0.2')], TELLER, 900)
    expect(addresses(cache, 60_000)).toEqual(['10.0.0.1', '10.0.0.2'])
  })

  test('MD-C-2: members of one packet do not end one another, also when they renew older ones', () => {
    const cache = filled(unique('h.local 120 A 10.0.0.1'), unique('h.local 120 A 10.0.0.2'))
    cache.learn([unique('h.local 120 A 10.0.0.2'), unique('h.local 120 A 10.0.0.1')], TELLER, 60_000)
    expect(addresses(cache, 119_000)).toHaveLength(2)
  })

  test('MD-Q-5: known answers have more than half of their TTL left, and say how much', () => {
    const cache = filled(shared('_http._tcp.local 4500 PTR a._http._tcp.local'))
    expect(cache.knownAnswers(PTR, 2_000_000)).toMatchObject([{ ttl: 2500 }])
    expect(cache.knownAnswers(PTR, 2_250_000)).toEqual([])
  })

  test('MD-Q-1: answers to a question from another port shorten nothing that is known', () => {
    const cache = filled(unique('h.local 120 A 10.0.0.1'))
    cache.learn([shared('h.local 10 A 10.0.0.1')], TELLER, 5000, true)
    expect(cache.find(A, 60_000)).toMatchObject([{ isUnique: true }])
    cache.learn([shared('h.local 10 A 10.0.0.1')], TELLER, 118_000, true)
    expect(addresses(cache, 127_000)).toEqual(['10.0.0.1'])
  })

  test('rdata that differs in letter case of a name only is the same', () => {
    const cache = filled(shared('_http._tcp.local 4500 PTR A._http._tcp.local'))
    cache.learn([shared('_HTTP._tcp.local 4500 PTR a._http._TCP.local')], TELLER, 1)
    expect(cache.find(PTR, 2)).toHaveLength(1)
  })

  test('an alias answers for other types', () => {
    expect(filled(unique('h.local 120 CNAME other.local')).find(A, 0)).toMatchObject([{ record: { type: TYPE.CNAME } }])
  })

  test('rows show each set as a message with what is left of its TTL', () => {
    const [row] = filled(unique('h.local 120 A 10.0.0.1'), unique('h.local 60 A 10.0.0.2')).rows(10_000)
    expect(row).toMatchObject({ kind: 'positive', question: A, expiresAt: 60_000 })
    expect(parseMessage(row!.wire).answer.map(({ ttl }) => ttl)).toEqual([110, 50])
  })
})

describe('NSEC (MD-Q-8)', () => {
  const denies = (nsec: string, type: number) => filled(unique(nsec)).denial(question('h.local', type), 0) !== undefined

  test('MD-Q-8: denies what it does not list', () => {
    expect(denies('h.local 120 NSEC h.local A', TYPE.AAAA)).toBe(true)
    expect(denies('h.local 120 NSEC h.local A', TYPE.A)).toBe(false)
    expect(denies('h.local 120 NSEC h.local', TYPE.AAAA)).toBe(true)
  })

  test('MD-Q-8: says nothing when it leads elsewhere or names types above 255', () => {
    expect(denies('h.local 120 NSEC i.local A', TYPE.AAAA)).toBe(false)
    expect(denies('h.local 120 NSEC h.local A CAA', TYPE.AAAA)).toBe(false)
  })

  test('MD-Q-8: denies neither ANY nor what an alias may have', () => {
    expect(denies('h.local 120 NSEC h.local A', TYPE.ANY)).toBe(false)
    expect(denies('h.local 120 NSEC h.local CNAME', TYPE.A)).toBe(false)
  })

  test('MD-C-6: for its own TTL', () => {
    const cache = filled(unique('h.local 120 NSEC h.local A'))
    expect(cache.denial(question('h.local', TYPE.AAAA), 119_999)).toBeDefined()
    expect(cache.denial(question('h.local', TYPE.AAAA), 120_000)).toBeUndefined()
  })
})

describe('bounds (MD-C-7)', () => {
  test('MD-C-7: no more sets than allowed; invented services push out each other, not host names', () => {
    const cache = new RecordCache(100)
    for (let i = 0; i < 70; i++) cache.learn([unique(`h${i}.local 120 A 10.0.0.1`)], TELLER, i)
    for (let i = 0; i < 500; i++)
      cache.learn([shared(`_s${i}._tcp.local 120 PTR x._s${i}._tcp.local`)], TELLER, 100 + i)
    expect(cache.size).toBe(100)
    expect(cache.find(question('h0.local', TYPE.A), 700)).toHaveLength(1)
    expect(cache.find(question('_s499._tcp.local', TYPE.PTR), 700)).toHaveLength(1)
    expect(cache.find(question('_s0._tcp.local', TYPE.PTR), 700)).toEqual([])
  })

  test('MD-C-7: invented host names leave shared sets their quarter', () => {
    const cache = new RecordCache(100)
    for (let i = 0; i < 20; i++) cache.learn([shared(`_s${i}._tcp.local 120 PTR x._s${i}._tcp.local`)], TELLER, i)
    for (let i = 0; i < 500; i++) cache.learn([unique(`h${i}.local 120 A 10.0.0.1`)], TELLER, 100 + i)
    expect(cache.find(question('_s0._tcp.local', TYPE.PTR), 700)).toHaveLength(1)
  })

  test('MD-C-7: large records count by their bytes', () => {
    const cache = new RecordCache(100)
    const large = (i: number) => ({ ...unique(`h${i}.local 120 TXT x`), rdata: Buffer.alloc(8000, 1) })
    for (let i = 0; i < 100; i++) cache.learn([large(i)], TELLER, i)
    expect(cache.size).toBeLessThan(8)
  })

  test('MD-C-7: one set holds 1024 records, the youngest', () => {
    const cache = new RecordCache(4096)
    const instance = (i: number) => shared(`_http._tcp.local 4500 PTR a${i}._http._tcp.local`)
    for (let i = 0; i < 1100; i++) cache.learn([instance(i)], TELLER, i)
    expect(cache.find(PTR, 2000)).toHaveLength(1024)
    expect(cache.find(PTR, 2000).at(-1)?.record.rdata).toEqual(instance(1099).rdata)
  })
})
