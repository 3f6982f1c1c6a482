import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AF_INET, AF_INET6, type Family, IpAddress, Logger } from '../../../../src/base/index.ts'
import { LlmnrResponder, type MulticastPlace, type MulticastSocket } from '../../../../src/multicast/index.ts'
import {
  frame,
  parseMessage,
  QR,
  rdataText,
  type ResourceRecord,
  StreamFramer,
  typeText,
} from '../../../../src/wire/index.ts'
import { FakeClock } from '../../../kit/fake-clock.ts'
import { LlmnrMachine, LlmnrNeighbour } from '../../../kit/llmnr-neighbours.ts'
import { queryFor, type QueryOptions } from '../../../kit/messages.ts'
import { FakeHost, FakeWire } from '../../../kit/multicast-network.ts'
import { SeededRandom } from '../../../kit/seeded-random.ts'

const C = 0x0400
const T = 0x0100
const TC = 0x0200
const PLACE: MulticastPlace = { protocol: 'llmnr', family: AF_INET, ifindex: 2 }

let clock: FakeClock
let wire: FakeWire
let us: LlmnrMachine
let asker: FakeHost

beforeEach(async () => {
  clock = new FakeClock()
  wire = new FakeWire(clock)
  us = new LlmnrMachine('Kitchen', wire, clock, ['10.0.0.1', '10.0.0.101', 'fe80::1', '2001:db8::1']).publish()
  asker = new FakeHost().join(wire, 2, '10.0.0.9', 'fe80::9')
  await clock.advance(1000)
})

afterEach(async () => {
  us.close()
  await clock.advance(30_000)
  if (clock.pending > 0) throw new Error(`${clock.pending} timers are left`)
})

/** What it is told by UDP: each message that comes within a second. */
async function toldBy(query: Buffer, from = PLACE, host = asker): Promise<Buffer[]> {
  const heard: Buffer[] = []
  const socket = host.openQuery(from, ({ bytes }) => void heard.push(bytes))
  socket.sendToGroup(query)
  await clock.advance(1000)
  socket.close()
  return heard
}

function question(name: string, type = 'A', options: QueryOptions = {}): Buffer {
  return queryFor(name, { type, isRecursive: false, ...options })
}

function text(records: readonly ResourceRecord[]): string[] {
  return records.map(({ type, rdata, ttl }) => `${ttl} ${typeText(type)} ${rdataText(type, rdata)}`)
}

async function answers(name: string, type = 'A', from = PLACE): Promise<string[] | 'silence'> {
  const [reply] = await toldBy(question(name, type), from)
  return reply === undefined ? 'silence' : text(parseMessage(reply).answer)
}

describe('what it answers', () => {
  test('LL-R-1: addresses of its label, TTL 30, by unicast from port 5355, at once', async () => {
    const before = wire.packets.length
    const start = clock.now()
    expect(await answers('kitchen')).toEqual(['30 A 10.0.0.1', '30 A 10.0.0.101'])
    const [query, reply, ...more] = wire.packets.slice(before)
    expect(more).toEqual([])
    expect(reply).toMatchObject({ at: start, fromPort: 5355, toPort: query?.fromPort, to: query?.from })
    expect(reply?.bytes.readUInt16BE(2)).toBe(QR)
    expect(reply?.bytes.readUInt16BE(0)).toBe(0x1234)
  })

  test.each([
    ['AAAA', ['30 AAAA 2001:db8::1', '30 AAAA fe80::1']],
    ['ANY', ['30 A 10.0.0.1', '30 A 10.0.0.101', '30 AAAA 2001:db8::1', '30 AAAA fe80::1']],
  ])('LL-R-1: %s', async (type, expected) => {
    expect(Array.from(await answers('KITCHEN', type)).toSorted()).toEqual(expected.toSorted())
  })

  test('LL-R-1: pointers of the addresses of the link, in the letters of the label', async () => {
    expect(await answers('101.0.0.10.in-addr.arpa', 'PTR')).toEqual(['30 PTR Kitchen'])
    expect(await answers('9.0.0.10.in-addr.arpa', 'PTR')).toBe('silence')
  })

  test('LL-W-4: another type: nothing, and an SOA of the name', async () => {
    const [reply] = await toldBy(question('kitchen', 'MX'))
    const { rcode, answer, authority } = parseMessage(reply as Buffer)
    expect({ rcode, answer }).toEqual({ rcode: 0, answer: [] })
    expect(authority).toMatchObject([{ name: 'kitchen', ttl: 30 }])
    expect(text(authority)[0]).toMatch(/^30 SOA .* 30$/)
  })

  test('LL-R-8: a host name with other than ASCII letters is answered for in UTF-8, whatever the case of the others', async () => {
    const books = new LlmnrMachine('xn--bcher-kva.example', wire, clock, ['10.0.0.7'], 5).publish()
    await clock.advance(1000)
    expect(await answers('BüCHER')).toEqual(['30 A 10.0.0.7'])
    expect(await answers('xn--bcher-kva')).toBe('silence')
    const [reply] = await toldBy(question('7.0.0.10.in-addr.arpa', 'PTR'))
    expect(reply?.includes(Buffer.from('bücher'))).toBe(true)
    books.close()
  })

  test.each([['other'], ['www.kitchen'], ['kitchen.local'], ['.']])('LL-R-1: nothing of %s', async (name) => {
    expect(await answers(name, 'ANY')).toBe('silence')
  })

  test('LL-R-3: link-local addresses first for who asks from such an address, others first else', async () => {
    const from = { ...PLACE, family: AF_INET6 } as const
    expect(await answers('kitchen', 'AAAA', from)).toEqual(['30 AAAA fe80::1', '30 AAAA 2001:db8::1'])
    expect(await answers('kitchen', 'AAAA')).toEqual(['30 AAAA 2001:db8::1', '30 AAAA fe80::1'])
  })

  test('LL-R-3: no address of another link', async () => {
    us.host.join(new FakeWire(clock), 3, '192.0.2.1')
    us.publish()
    expect(await answers('kitchen', 'ANY')).not.toContain('30 A 192.0.2.1')
    expect(await answers('1.2.0.192.in-addr.arpa', 'PTR')).toBe('silence')
  })

  test('LL-W-3: what does not fit 512 bytes is cut, and said to be; with EDNS it fits', async () => {
    const many = Array.from({ length: 60 }, (_, i) => `10.0.0.${i + 10}`)
    const large = new LlmnrMachine('large', wire, clock, many, 5).publish()
    await clock.advance(1000)
    const [cut] = await toldBy(question('large'))
    expect(cut?.length).toBeLessThanOrEqual(512)
    expect((cut as Buffer).readUInt16BE(2) & TC).toBe(TC)
    const [whole] = await toldBy(question('large', 'A', { edns: 1400 }))
    expect(parseMessage(whole as Buffer).answer).toHaveLength(60)
    large.close()
  })
})

describe('what it does not answer', () => {
  test.each([
    ['LL-R-2: C is set', question('kitchen', 'A', { flags: C })],
    ['LL-W-2: TC is set', question('kitchen', 'A', { flags: TC })],
    ['MC-IN-3: an opcode', question('kitchen', 'A', { flags: 1 << 11 })],
    ['MC-IN-3: a response', question('kitchen', 'A', { flags: QR })],
    ['MC-IN-3: a message that ends too soon', question('kitchen').subarray(0, 20)],
    ['MC-IN-3: nothing', Buffer.alloc(0)],
    ['LL-R-1: another class', question('kitchen', 'A', { class: 3 })],
    ['LL-R-2: two questions', withCounts(question('kitchen'), 2, 0)],
    ['LL-W-1: an answer in a query', withCounts(question('kitchen'), 1, 1)],
  ])('%s', async (_, query) => {
    expect(await toldBy(query)).toEqual([])
  })

  test('LL-R-2: what was not sent to the group', async () => {
    const heard: Buffer[] = []
    const socket = asker.openQuery(PLACE, ({ bytes }) => void heard.push(bytes))
    socket.send(question('kitchen'), IpAddress.of('10.0.0.1'), 5355)
    await clock.advance(1000)
    expect(heard).toEqual([])
    socket.close()
  })

  test('MC-IN-3: one asker gets 50 replies at once, all together 1000 in a second', async () => {
    const heard: Buffer[] = []
    const socket = asker.openQuery(PLACE, ({ bytes }) => void heard.push(bytes))
    for (let i = 0; i < 200; i++) socket.sendToGroup(question('kitchen'))
    await clock.advance(1)
    expect(heard).toHaveLength(50)
    await clock.advance(1000)
    socket.sendToGroup(question('kitchen'))
    await clock.advance(1)
    expect(heard).toHaveLength(51)
    socket.close()
  })
})

describe('uniqueness', () => {
  const probes = () => wire.packets.filter(({ bytes, to }) => to.text === '224.0.0.252' && bytes.readUInt16BE(2) === 0)
  const v6Probes = () => wire.packets.filter(({ bytes, to }) => to.text === 'ff02::1:3' && bytes.readUInt16BE(2) === 0)

  test('LL-R-5: at the start all of the name is asked for over both IP versions', () => {
    expect(probes()).toHaveLength(3)
    expect(v6Probes()).toHaveLength(3)
    expect(parseMessage(probes()[0]?.bytes as Buffer).question).toMatchObject({ name: 'kitchen', type: 255 })
  })

  test('LL-R-4: until then T is set in what it answers, but for addresses, which are surely its own', async () => {
    const early = new LlmnrMachine('early', wire, clock, ['10.0.0.7']).publish()
    const flags: number[] = []
    const socket = asker.openQuery(PLACE, ({ bytes }) => void flags.push(bytes.readUInt16BE(2)))
    socket.sendToGroup(question('early'))
    socket.sendToGroup(question('7.0.0.10.in-addr.arpa', 'PTR'))
    await clock.advance(1000)
    socket.sendToGroup(question('early'))
    await clock.advance(10)
    expect(flags).toEqual([QR | T, QR, QR])
    socket.close()
    early.close()
  })

  test('LL-R-5: a neighbour that has the name keeps it; ours gets a number, which is tested as well', async () => {
    const late = new LlmnrMachine('kitchen', wire, clock, ['10.0.0.7']).publish()
    await clock.advance(1000)
    expect(late.label.label).toMatch(/^kitchen\d+$/)
    expect(us.label.label).toBe('Kitchen')
    expect(late.log.find((line) => line.startsWith('warning'))).toMatch(
      /LLMNR on eth0, 10\.0\.0\.1: another machine has the name kitchen/,
    )
    await clock.advance(1000)
    expect(await answers(late.label.label)).toEqual(['30 A 10.0.0.7'])
    expect(await answers('kitchen')).toEqual(['30 A 10.0.0.1', '30 A 10.0.0.101'])
    late.close()
  })

  test.each([
    ['the higher', '10.0.0.5', '10.0.0.6'],
    ['the higher, by bytes and not by text', '10.0.0.9', '10.0.0.10'],
  ])('LL-R-5: of two that begin together %s address loses', async (_, lower, higher) => {
    const winner = new LlmnrMachine('twin', wire, clock, [lower], 3).publish()
    const loser = new LlmnrMachine('twin', wire, clock, [higher], 4).publish()
    await clock.advance(3000)
    expect(winner.label.label).toBe('twin')
    expect(loser.label.label).toMatch(/^twin\d+$/)
    winner.close()
    loser.close()
  })

  test('LL-R-5: the first address of an IP version makes a test over both; a further address does not', async () => {
    const host = new LlmnrMachine('grows', wire, clock, ['10.0.0.7']).publish()
    await clock.advance(1000)
    const before = probes().length
    host.host.join(wire, 2, '10.0.0.7', '10.0.0.8')
    host.publish()
    await clock.advance(1000)
    expect(probes()).toHaveLength(before)
    host.host.join(wire, 2, '10.0.0.7', 'fe80::7')
    const place = { protocol: 'llmnr', family: AF_INET6, ifindex: 2 } as const
    host.sockets.set(
      AF_INET6,
      host.host.open(place, (datagram) => host.responder.onDatagram(AF_INET6, datagram)),
    )
    const beforeV6 = v6Probes().length
    host.publish()
    await clock.advance(1000)
    expect([probes().length - before, v6Probes().length - beforeV6]).toEqual([3, 3])
    host.close()
  })

  test('LL-R-5: after a suspend it is tested anew, and stays ours meanwhile', async () => {
    const before = probes().length
    us.responder.verify()
    const [reply] = await toldBy(question('kitchen'))
    expect((reply as Buffer).readUInt16BE(2)).toBe(QR)
    expect(probes()).toHaveLength(before + 4) // the asker's question is one of them
  })

  test('LL-R-6: two that have the same name already find out by a third, and one keeps it', async () => {
    const other = new LlmnrMachine('kitchen', new FakeWire(clock), clock, ['10.0.0.7']).publish()
    await clock.advance(1000)
    other.host.leave(2)
    other.close()
    const joined = new LlmnrMachine('kitchen', wire, clock, ['10.0.0.7'], 6)
    wire.loses = ({ bytes }) => (bytes.readUInt16BE(2) & QR) === 0
    joined.publish()
    await clock.advance(20_000) // both believe to have it alone
    wire.loses = () => false
    const third = new LlmnrMachine('third', wire, clock, ['10.0.0.3'])
    void third.ask('kitchen')
    await clock.advance(3000)
    expect(us.label.label).toBe('Kitchen')
    expect(joined.label.label).toMatch(/^kitchen\d+$/)
    joined.close()
    third.close()
  })

  test('LL-R-6: who cries conflict all the time makes us ask once in ten seconds, and changes no name', async () => {
    const hostile = new LlmnrNeighbour(wire, '10.0.0.66')
    await clock.advance(20_000)
    const before = probes().length
    for (let i = 0; i < 100; i++) {
      hostile.say(question('kitchen', 'A', { flags: C }))
      await clock.advance(100)
    }
    expect(probes().length - before).toBeLessThanOrEqual(6)
    expect(us.label.label).toBe('Kitchen')
    hostile.say(question('other', 'A', { flags: C }))
    await clock.advance(20_000)
    expect(probes().length - before).toBeLessThanOrEqual(6)
  })

  test('LL-R-6: an established name does not yield to a host that only wants it', async () => {
    const hostile = new LlmnrNeighbour(wire, '10.0.0.0')
    hostile.replies = () => ({ flags: T, answer: ['kitchen 30 A 10.0.0.0'] })
    us.responder.verify()
    await clock.advance(1000)
    expect(us.label.label).toBe('Kitchen')
  })

  test('LL-R-7: a storm of claims renames once in ten seconds', async () => {
    const hostile = new LlmnrNeighbour(wire, '10.0.0.0')
    hostile.replies = (query) => {
      const { name } = parseMessage(query).question ?? {}
      return { answer: [`${name} 30 A 10.0.0.0`] }
    }
    us.responder.verify()
    const labels = new Set<string>()
    us.label.onChange((label) => void labels.add(label))
    await clock.advance(25_000)
    expect(labels.size).toBeGreaterThanOrEqual(3)
    expect(labels.size).toBeLessThanOrEqual(4)
    const before = wire.messages(us.host).length
    await toldBy(question('kitchen'))
    expect(
      wire
        .messages(us.host)
        .slice(before)
        .filter(({ message }) => message.isResponse),
    ).toEqual([])
  })

  test('MD-P-11: two links to one network do not take each other for a neighbour', async () => {
    us.host.join(wire, 3, '10.0.0.7')
    const place: MulticastPlace = { ...PLACE, ifindex: 3 }
    const sockets = new Map<Family, MulticastSocket>()
    const [log, random] = [new Logger('err', () => {}), new SeededRandom(9)]
    const parts = { network: us.host, label: us.label, clock, random, log, sockets }
    const second = new LlmnrResponder({ ...parts, ifindex: 3, linkName: 'eth1' })
    sockets.set(
      AF_INET,
      us.host.open(place, (datagram) => second.onDatagram(AF_INET, datagram)),
    )
    second.apply(us.host.link(3))
    us.publish()
    us.responder.verify()
    await clock.advance(2000)
    expect(us.label.label).toBe('Kitchen')
    second.close()
  })

  test('another host name is tested anew', async () => {
    us.label.follow('cellar')
    await clock.advance(1000)
    expect(parseMessage(probes().at(-1)?.bytes as Buffer).question?.name).toBe('cellar')
    expect(await answers('cellar')).toEqual(['30 A 10.0.0.1', '30 A 10.0.0.101'])
    expect(await answers('kitchen')).toBe('silence')
  })
})

describe('by TCP', () => {
  interface Talk {
    readonly replies: Buffer[]
    isClosed: boolean
    say(bytes: Buffer): void
  }
  function connect(to = '10.0.0.1', host = asker): Talk {
    const framer = new StreamFramer()
    const talk: Talk = { replies: [], isClosed: false, say: (bytes) => stream.write(bytes) }
    const stream = host.connect(PLACE, IpAddress.of(to), {
      onOpen: () => {},
      onData: (chunk) => void talk.replies.push(...framer.push(chunk)),
      onClose: () => (talk.isClosed = true),
    })
    return talk
  }

  test('LL-R-1: several questions on one connection, however they are cut', async () => {
    const talk = connect()
    await clock.advance(0)
    const bytes = frame(question('101.0.0.10.in-addr.arpa', 'PTR'))
    for (const byte of bytes) talk.say(Buffer.from([byte]))
    talk.say(frame(question('kitchen', 'ANY')))
    await clock.advance(0)
    expect(talk.replies.map((reply) => text(parseMessage(reply).answer).length)).toEqual([1, 4])
  })

  test('LL-W-3: nothing is cut', async () => {
    const many = Array.from({ length: 60 }, (_, i) => `10.0.0.${i + 10}`)
    const large = new LlmnrMachine('large', wire, clock, many, 5).publish()
    await clock.advance(1000)
    const talk = connect('10.0.0.10')
    await clock.advance(0)
    talk.say(frame(question('large')))
    await clock.advance(0)
    expect(parseMessage(talk.replies[0] as Buffer).answer).toHaveLength(60)
    large.close()
  })

  test('LL-R-1: who asks for what is not ours is not kept waiting', async () => {
    const talk = connect()
    await clock.advance(0)
    talk.say(frame(question('other')))
    await clock.advance(0)
    expect(talk).toMatchObject({ replies: [], isClosed: true })
  })

  test('MC-SEC-3: an idle connection ends after two seconds', async () => {
    const talk = connect()
    await clock.advance(1900)
    expect(talk.isClosed).toBe(false)
    await clock.advance(200)
    expect(talk.isClosed).toBe(true)
  })

  test('MC-SEC-3: one neighbour has two connections at most, all of them sixteen', async () => {
    const own = [connect(), connect(), connect()]
    await clock.advance(0)
    expect(own.map(({ isClosed }) => isClosed)).toEqual([false, false, true])
    const others = Array.from({ length: 20 }, (_, i) => {
      return connect('10.0.0.1', new FakeHost().join(wire, 2, `10.0.0.${i + 20}`))
    })
    await clock.advance(0)
    expect(others.filter(({ isClosed }) => !isClosed)).toHaveLength(14)
  })

  test('MC-SEC-3: who is not on the link gets nothing', async () => {
    const talk = connect('10.0.0.1', new FakeHost().join(wire, 2, '172.16.0.9'))
    await clock.advance(0)
    expect(talk.isClosed).toBe(true)
  })

  test('MC-SEC-3: a question that does not end is not waited for', async () => {
    const talk = connect()
    await clock.advance(0)
    talk.say(Buffer.concat([Buffer.from([0xff, 0xff]), Buffer.alloc(2000)]))
    await clock.advance(0)
    expect(talk.isClosed).toBe(true)
  })

  test('LL-R-1: where the port is taken it says so once, and answers by UDP', async () => {
    const host = new LlmnrMachine('beside', wire, clock, ['10.0.0.7'])
    host.host.failures.set('llmnr', 'EADDRINUSE')
    host.publish().publish()
    await clock.advance(1000)
    expect(host.log.filter((line) => line.startsWith('warning'))).toEqual([
      expect.stringMatching(/LLMNR on eth0 cannot listen by TCP .*EADDRINUSE/),
    ])
    expect(await answers('beside')).toEqual(['30 A 10.0.0.7'])
    host.close()
  })
})

function withCounts(query: Buffer, questions: number, answersIn: number): Buffer {
  const extra = queryFor('kitchen', { isRecursive: false }).subarray(12)
  const record = Buffer.concat([extra, Buffer.from([0, 0, 0, 30, 0, 4, 10, 0, 0, 1])])
  const bytes = Buffer.concat([query, answersIn > 0 ? record : extra])
  bytes.writeUInt16BE(questions, 4)
  bytes.writeUInt16BE(answersIn, 6)
  return bytes
}
