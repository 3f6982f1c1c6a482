import { TYPE } from '../../src/wire/index.ts'
import { beforeEach, describe, expect, test } from 'vitest'
import { composeQueries, composeResponses, packetSizes } from '../../src/multicast/message.ts'
import { FakeClock } from '../kit/fake-clock.ts'
import { a, Neighbour, OwnParty, ptr, question, texts, webService } from '../kit/mdns-party.ts'
import { FakeWire } from '../kit/multicast-network.ts'

const A = question('kitchen.local', TYPE.A)
const BROWSE = question('_http._tcp.local', TYPE.PTR)
const WEB = ptr('_http._tcp.local', 'web._http._tcp.local')

let clock: FakeClock
let wire: FakeWire
let ours: OwnParty
let neighbour: Neighbour
let asked: number

beforeEach(async () => {
  clock = new FakeClock()
  wire = new FakeWire(clock)
  ours = new OwnParty(clock, wire, { addresses: ['10.0.0.1', '10.0.0.2', 'fe80::1'] })
  neighbour = new Neighbour(wire)
  ours.services.become(webService())
  ours.apply()
  // Longer ago than a second, and than a quarter of 120 s only where a test says so.
  await clock.advance(10_000)
  wire.packets.length = 0
  neighbour.heard.length = 0
  asked = clock.now()
})

/** What we said since, with the time from the question. */
const replies = () =>
  wire.messages(ours.host).map(({ at, message, to }) => ({ after: at - asked, message, to: to.text }))
const answers = () => replies().flatMap(({ message }) => texts(message.answer))

describe('answers', () => {
  test('MD-R-1, MD-R-3: an address is answered with all of the link, the other IP version along with it', async () => {
    neighbour.ask([A])
    await clock.advance(1000)
    const [reply] = replies()
    expect(texts(reply?.message.answer ?? [], true)).toEqual([
      'kitchen.local 120 A 10.0.0.1 !',
      'kitchen.local 120 A 10.0.0.2 !',
    ])
    expect(texts(reply?.message.additional ?? [])).toEqual(['kitchen.local AAAA fe80::1 !'])
    expect(reply).toMatchObject({ to: '224.0.0.251', message: { id: 0, flags: 0x8400, questions: [] } })
  })

  test.each([
    [
      'MD-R-1: a reverse name',
      question('1.0.0.10.in-addr.arpa', TYPE.PTR),
      ['1.0.0.10.in-addr.arpa PTR kitchen.local !'],
    ],
    ['MD-R-2: every class', { ...A, class: 255 }, ['kitchen.local A 10.0.0.1 !', 'kitchen.local A 10.0.0.2 !']],
    [
      'SD-B-1: where a service is',
      question('web._http._tcp.local', TYPE.SRV),
      ['web._http._tcp.local SRV 0 0 80 kitchen.local !'],
    ],
    [
      'SD-B-1: what a service tells of itself',
      question('web._http._tcp.local', TYPE.TXT),
      ['web._http._tcp.local TXT "path=/" !'],
    ],
    ['SD-B-1: instances of a type', BROWSE, ['_http._tcp.local PTR Web._http._tcp.local']],
    [
      'SD-B-6: types',
      question('_services._dns-sd._udp.local', TYPE.PTR),
      ['_services._dns-sd._udp.local PTR _http._tcp.local'],
    ],
    [
      'MD-R-2: ANY',
      question('web._http._tcp.local', TYPE.ANY),
      ['web._http._tcp.local SRV 0 0 80 kitchen.local !', 'web._http._tcp.local TXT "path=/" !'],
    ],
  ])('%s', async (_, asking, expected) => {
    neighbour.ask([asking])
    await clock.advance(1000)
    expect(answers()).toEqual(expected)
  })

  test.each([
    ['MD-R-2: another class', { ...A, class: 3 }],
    ['MD-R-2: the name of somebody else', question('other.local', TYPE.A)],
    ['MD-R-2: nothing below our own name', question('sub.kitchen.local', TYPE.A)],
    ['MD-R-2: the reverse name of an address that is not ours', question('9.0.0.10.in-addr.arpa', TYPE.PTR)],
    ['MD-R-4: a shared name has other types with others', question('_http._tcp.local', TYPE.TXT)],
  ])('%s gets no answer', async (_, asking) => {
    neighbour.ask([asking])
    await clock.advance(1000)
    expect(replies()).toEqual([])
  })

  test.each([
    ['MD-R-4: a type that our name lacks', 'kitchen.local', TYPE.TXT, 4500, '( A AAAA )'],
    ['MD-R-4: the TTL is that of the missing record', 'kitchen.local', TYPE.SRV, 120, '( A AAAA )'],
    ['MD-R-4: an instance', 'two._http._tcp.local', TYPE.A, 120, '( TXT SRV )'],
    ['MD-R-4: a reverse name', '1.0.0.10.in-addr.arpa', TYPE.TXT, 4500, '( PTR )'],
  ])('%s', async (_, name, type, ttl, types) => {
    ours.services.become(webService('two', 'two'))
    await clock.advance(10_000)
    wire.packets.length = 0
    neighbour.ask([question(name, type)])
    await clock.advance(1000)
    const [record] = replies()[0]?.message.answer ?? []
    expect(texts(record === undefined ? [] : [record], true)).toEqual([`${name} ${ttl} NSEC ${name} ${types} !`])
  })

  test('MD-R-4: a host without IPv6 says so along with its IPv4 address', async () => {
    const plain = new OwnParty(clock, wire, { name: 'plain', addresses: ['10.0.0.5'] })
    plain.apply()
    await clock.advance(5000)
    wire.packets.length = 0
    neighbour.ask([question('plain.local', TYPE.A)])
    await clock.advance(1000)
    const [reply] = wire.messages(plain.host)
    expect(texts(reply?.message.additional ?? [])).toEqual(['plain.local NSEC plain.local ( A ) !'])
  })

  test('MD-R-12: with PTR come SRV, TXT and the addresses, nothing twice', async () => {
    neighbour.ask([BROWSE])
    await clock.advance(1000)
    expect(texts(replies()[0]?.message.additional ?? [])).toEqual([
      'web._http._tcp.local SRV 0 0 80 kitchen.local !',
      'web._http._tcp.local TXT "path=/" !',
      'kitchen.local A 10.0.0.1 !',
      'kitchen.local A 10.0.0.2 !',
      'kitchen.local AAAA fe80::1 !',
    ])
  })

  test('MD-R-12: what is an answer already is not additional', async () => {
    neighbour.ask([BROWSE, question('web._http._tcp.local', TYPE.SRV), A])
    await clock.advance(1000)
    const [reply] = replies()
    expect(texts(reply?.message.answer ?? [])).toHaveLength(4)
    expect(texts(reply?.message.additional ?? [])).toEqual([
      'web._http._tcp.local TXT "path=/" !',
      'kitchen.local AAAA fe80::1 !',
    ])
  })

  test('MD-W-6: 200 instances are told in packets of the MTU, each once', async () => {
    ours.services.become(...Array.from({ length: 200 }, (_, i) => webService(`A service with number ${i}`, `s${i}`)))
    await clock.advance(10_000)
    wire.packets.length = 0
    neighbour.ask([BROWSE])
    await clock.advance(1000)
    const packets = wire.messages(ours.host)
    expect(packets.length).toBeGreaterThan(1)
    expect(Math.max(...packets.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(1472)
    expect(new Set(packets.flatMap(({ message }) => texts(message.answer))).size).toBe(200)
    expect(packets.every(({ message }) => !message.isTruncated)).toBe(true)
  })

  test('MD-R-10: additional sets that replace what is known are whole or left out', async () => {
    const txt = Array.from({ length: 20 }, (_, i) => [Buffer.from(`key${i}=${'x'.repeat(100)}`)])
    ours.services.become({ ...webService(), txt })
    await clock.advance(10_000)
    wire.packets.length = 0
    neighbour.ask([BROWSE])
    await clock.advance(1000)
    const additional = replies()[0]?.message.additional.map(({ type }) => type)
    expect(additional).toEqual([TYPE.SRV])
  })

  test('MD-R-10: a set is sent whole, also when only one of its records is not known', async () => {
    neighbour.ask([A], [a('kitchen.local', '10.0.0.1')])
    await clock.advance(1000)
    expect(answers()).toEqual(['kitchen.local A 10.0.0.1 !', 'kitchen.local A 10.0.0.2 !'])
  })
})

describe('when', () => {
  test('MD-R-5: unique answers to one question go out at once', async () => {
    neighbour.ask([A])
    await clock.advance(1000)
    expect(replies().map(({ after }) => after)).toEqual([0])
  })

  test('MD-R-5: shared ones after 20 to 120 ms, evenly', async () => {
    const delays: number[] = []
    for (let i = 0; i < 100; i++) {
      await clock.advance(2000)
      wire.packets.length = 0
      asked = clock.now()
      neighbour.ask([BROWSE])
      await clock.advance(1000)
      delays.push(replies()[0]?.after ?? Number.NaN)
    }
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(20)
    expect(Math.max(...delays)).toBeLessThanOrEqual(120)
    expect(new Set(delays).size).toBeGreaterThan(40)
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length
    expect(Math.abs(mean - 70)).toBeLessThan(12)
  })

  test('MD-R-5: several questions are answered in one packet after a while', async () => {
    neighbour.ask([A, question('web._http._tcp.local', TYPE.TXT)])
    await clock.advance(1000)
    expect(replies()).toHaveLength(1)
    expect(replies()[0]?.after).toBeGreaterThanOrEqual(20)
  })

  test('MD-R-5: questions that come while an answer waits are answered with it', async () => {
    neighbour.ask([BROWSE])
    await clock.advance(10)
    neighbour.ask([question('_services._dns-sd._udp.local', TYPE.PTR)])
    await clock.advance(1000)
    expect(replies().map(({ message }) => message.answer.length)).toEqual([2])
  })

  test('MD-R-5: a truncated query is answered 400 to 500 ms after its last part', async () => {
    neighbour.askTruncated([BROWSE], [], true)
    await clock.advance(300)
    neighbour.askTruncated([], [ptr('_http._tcp.local', 'other._http._tcp.local')], true)
    await clock.advance(2000)
    expect(replies()).toHaveLength(1)
    expect(replies()[0]?.after).toBeGreaterThanOrEqual(700)
    expect(replies()[0]?.after).toBeLessThanOrEqual(800)
  })

  test('MD-R-5: a probe for our name is answered without delay', async () => {
    await clock.advance(60_000)
    asked = clock.now()
    neighbour.probe('web._http._tcp.local', [a('web._http._tcp.local', '10.0.0.9')])
    await clock.advance(1000)
    expect(new Set(replies().map(({ after }) => after))).toEqual(new Set([0]))
    expect(answers()).toContain('web._http._tcp.local SRV 0 0 80 kitchen.local !')
  })

  test('MD-R-6: nothing is multicast twice within a second', async () => {
    for (let i = 0; i < 30; i++) {
      neighbour.ask([A])
      await clock.advance(100)
    }
    expect(replies().map(({ after }) => after)).toEqual([0, 1000, 2000])
  })

  test('MD-R-6: but again after 250 ms against a probe', async () => {
    await clock.advance(60_000)
    asked = clock.now()
    for (let i = 0; i < 10; i++) {
      neighbour.probe('kitchen.local', [a('kitchen.local', '10.0.0.9')])
      await clock.advance(100)
    }
    const toGroup = replies().filter(({ to }) => to === '224.0.0.251')
    expect(toGroup.map(({ after }) => after)).toEqual([0])
    expect(replies().every(({ message }) => message.answer.some(({ type }) => type === TYPE.A))).toBe(true)
    expect(ours.label.label).toBe('kitchen')
  })

  test('MD-R-6: a probe that asks for multicast is answered so once in 250 ms', async () => {
    for (let i = 0; i < 10; i++) {
      neighbour.probeByMulticast('kitchen.local', [a('kitchen.local', '10.0.0.9')])
      await clock.advance(100)
    }
    expect(replies().map(({ after }) => after)).toEqual([0, 300, 600, 900])
  })

  test('MC-IN-3: questions without end are answered by a bounded number of packets', async () => {
    for (let i = 0; i < 5000; i++) neighbour.askLegacy(A, i)
    await clock.advance(999)
    expect(replies().length).toBeLessThanOrEqual(50)
    expect(replies().length).toBeGreaterThan(0)
  })
})

describe('what is not sent', () => {
  test.each([
    ['MD-R-7: the asker knows it with half of its TTL', 2250, 0],
    ['MD-R-7: it knows it for less than that', 2249, 1],
  ])('%s', async (_, ttl, count) => {
    neighbour.ask([BROWSE], [{ ...WEB, ttl }])
    await clock.advance(1000)
    expect(answers()).toHaveLength(count)
  })

  test('MD-R-7: names in known answers are compared without letter case', async () => {
    neighbour.ask([BROWSE], [ptr('_HTTP._tcp.local', 'WEB._http._tcp.LOCAL')])
    await clock.advance(1000)
    expect(replies()).toEqual([])
  })

  test('MD-R-7: known answers that come in further packets count', async () => {
    neighbour.askTruncated([BROWSE], [], true)
    await clock.advance(100)
    neighbour.askTruncated([], [WEB], false)
    await clock.advance(2000)
    expect(replies()).toEqual([])
  })

  test('MD-R-7: those of another asker do not', async () => {
    const other = new Neighbour(wire, '10.0.0.10')
    neighbour.askTruncated([BROWSE], [], true)
    await clock.advance(100)
    other.askTruncated([], [WEB], false)
    await clock.advance(2000)
    expect(answers()).toHaveLength(1)
  })

  test.each([
    ['MD-R-7: somebody else has just said it', 4500, 0],
    ['MD-R-7: but for less time', 4499, 1],
  ])('%s', async (_, ttl, count) => {
    neighbour.ask([BROWSE])
    await clock.advance(0)
    neighbour.tell([{ ...WEB, ttl }])
    await clock.advance(1000)
    expect(answers()).toHaveLength(count)
  })

  test('MD-R-11: somebody tells our record with a TTL that is too short: it is told again', async () => {
    neighbour.tell([a('kitchen.local', '10.0.0.1', 59)])
    await clock.advance(1000)
    expect(answers()).toEqual(['kitchen.local A 10.0.0.1 !', 'kitchen.local A 10.0.0.2 !'])
  })

  test('MD-R-11: or withdraws it', async () => {
    neighbour.tell([a('kitchen.local', '10.0.0.1', 0)])
    await clock.advance(1000)
    expect(answers()).toContain('kitchen.local A 10.0.0.1 !')
  })

  test('MD-R-11: half of the TTL is long enough', async () => {
    neighbour.tell([a('kitchen.local', '10.0.0.1', 60)])
    await clock.advance(1000)
    expect(replies()).toEqual([])
  })

  test('a service that is withdrawn while its answer waits is not told', async () => {
    neighbour.ask([BROWSE])
    await clock.advance(0)
    ours.services.become()
    await clock.advance(1000)
    expect(
      replies()
        .flatMap(({ message }) => message.answer)
        .filter(({ ttl }) => ttl > 0),
    ).toEqual([])
  })
})

describe('by unicast', () => {
  test('MD-R-8: QU is answered to the asker alone, where it was multicast of late', async () => {
    neighbour.ask([{ ...A, isUnicast: true }])
    await clock.advance(1000)
    expect(replies().map(({ to }) => to)).toEqual(['10.0.0.9'])
    expect(neighbour.heard.at(-1)?.isToGroup).toBe(false)
  })

  test('MD-R-8: to all when that was longer ago than a quarter of the TTL', async () => {
    await clock.advance(30_000)
    neighbour.ask([{ ...A, isUnicast: true }])
    await clock.advance(1000)
    expect(replies().map(({ to }) => to)).toEqual(['224.0.0.251'])
  })

  test('MD-R-8: each question has its own bit', async () => {
    neighbour.ask([{ ...A, isUnicast: true }, question('web._http._tcp.local', TYPE.SRV)])
    await clock.advance(1000)
    expect(replies().map(({ to, message }) => [to, texts(message.answer)[0]])).toEqual([
      ['10.0.0.9', 'kitchen.local A 10.0.0.1 !'],
      ['224.0.0.251', 'web._http._tcp.local SRV 0 0 80 kitchen.local !'],
    ])
  })

  test('MD-R-8: a question to our own address is like QU', async () => {
    neighbour.askAlone([A], '10.0.0.1')
    await clock.advance(1000)
    expect(replies().map(({ to }) => to)).toEqual(['10.0.0.9'])
  })

  test('MC-SEC-3: nothing goes by unicast to an address that is not on the link', async () => {
    const packet = composeQueries([{ ...A, isUnicast: true }], [], packetSizes(1500, false))[0] as Buffer
    neighbour.sendAs(packet, '198.51.100.7')
    neighbour.sendAs(packet, '198.51.100.7', 4242)
    await clock.advance(1000)
    expect(replies().map(({ to }) => to)).toEqual(['224.0.0.251'])
  })

  test('MD-R-9: another port is answered as in DNS: ID, question, short TTLs, no cache-flush', async () => {
    const received = neighbour.askLegacy({ name: BROWSE.name, type: TYPE.PTR, class: 1 }, 4711)
    await clock.advance(1000)
    const [reply] = received
    expect(reply).toMatchObject({ id: 4711, flags: 0x8400, questions: [{ name: '_http._tcp.local', type: TYPE.PTR }] })
    expect(texts(reply?.answer ?? [], true)).toEqual(['_http._tcp.local 10 PTR Web._http._tcp.local'])
    const all = [...(reply?.answer ?? []), ...(reply?.additional ?? [])]
    expect(all.every(({ ttl, flushesCache }) => ttl <= 10 && flushesCache === false)).toBe(true)
    expect(texts(reply?.additional ?? [], true)).toContain('web._http._tcp.local 10 SRV 0 0 80 kitchen.local')
    expect(replies().every(({ to }) => to === '10.0.0.9')).toBe(true)
  })

  test('MD-R-9: the target of SRV is not compressed for it', async () => {
    neighbour.askLegacy({ name: question('web._http._tcp.local', 1).name, type: TYPE.SRV, class: 1 }, 1)
    await clock.advance(1000)
    const reply = wire.packets.find(({ to }) => to.text === '10.0.0.9')
    expect(reply?.bytes.includes(Buffer.from('\x07kitchen\x05local\x00', 'latin1'))).toBe(true)
  })

  test('MD-R-9: it gets nothing for names of others', async () => {
    const received = neighbour.askLegacy({ name: question('other.local', 1).name, type: TYPE.A, class: 1 }, 1)
    await clock.advance(1000)
    expect(received).toEqual([])
  })
})

describe('hostile neighbours', () => {
  test('MD-R-3: no address of another link is told, whatever is asked', async () => {
    ours.host.join(wire, 3, '192.168.7.1')
    ours.apply()
    await clock.advance(5000)
    neighbour.ask([question('kitchen.local', TYPE.ANY), question('1.7.168.192.in-addr.arpa', TYPE.PTR)])
    await clock.advance(1000)
    expect(
      wire
        .messages(ours.host)
        .flatMap(({ message }) => texts([...message.answer, ...message.additional]))
        .join(),
    ).not.toContain('192.168')
  })

  test('MC-IN-3: a thousand truncated queries keep a bounded number of answers waiting', async () => {
    for (let i = 0; i < 1000; i++) {
      const packet = composeQueries([BROWSE], [], packetSizes(1500, false))[0] as Buffer
      packet.writeUInt16BE(0x0200, 2)
      neighbour.sendAs(packet, `10.0.0.${20 + (i % 200)}`)
    }
    await clock.advance(2000)
    expect(replies().length).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test('MD-W-3: a response from another port takes no name', async () => {
    const [packet] = composeResponses([a('kitchen.local', '10.0.0.9')], [], packetSizes(1500, false)) as [Buffer]
    neighbour.sendAs(packet, '10.0.0.9', 4000)
    await clock.advance(5000)
    expect(replies()).toEqual([])
  })
})

test('what this machine publishes is known to itself, for names that are its alone', () => {
  expect(texts((ours.responder.recordsFor(A) ?? []) as never)).toEqual([
    'kitchen.local A 10.0.0.1 !',
    'kitchen.local A 10.0.0.2 !',
  ])
  expect(ours.responder.recordsFor(question('kitchen.local', TYPE.TXT))).toEqual([])
  expect(ours.responder.recordsFor(BROWSE)).toBeUndefined()
  expect(ours.responder.recordsFor(question('other.local', TYPE.A))).toBeUndefined()
})
