import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AF_INET, AF_INET6 } from '../../../../src/base/index.ts'
import { parseMessage, QR, TC } from '../../../../src/wire/index.ts'
import { FakeClock } from '../../../kit/fake-clock.ts'
import { LlmnrMachine, LlmnrNeighbour, questionOf, told } from '../../../kit/llmnr-neighbours.ts'
import { FakeWire, type Packet } from '../../../kit/multicast-network.ts'

const C = 0x0400
const T = 0x0100

let clock: FakeClock
let wire: FakeWire
let us: LlmnrMachine

beforeEach(() => {
  clock = new FakeClock()
  wire = new FakeWire(clock)
  us = new LlmnrMachine('us', wire, clock, ['10.0.0.1', 'fe80::1'])
})

afterEach(async () => {
  us.close()
  await clock.advance(10_000)
  if (clock.pending > 0) throw new Error(`${clock.pending} timers are left`)
})

/** Lets time pass until it is there; at most ten seconds. */
async function within<T>(wait: Promise<T>): Promise<{ result: T; took: number }> {
  const start = clock.now()
  let took = -1
  const timed = wait.then((result) => {
    took = clock.now() - start
    return result
  })
  for (let steps = 0; steps < 1000; steps++) {
    await clock.advance(10)
    if (took >= 0) return { result: await timed, took }
  }
  throw new Error('it does not end within ten seconds')
}

async function ask(...question: Parameters<LlmnrMachine['ask']>): Promise<string> {
  return told((await within(us.ask(...question))).result)
}

function queries(): Packet[] {
  return wire.packets.filter(({ bytes, toPort }) => toPort === 5355 && (bytes.readUInt16BE(2) & QR) === 0)
}

describe('a name that nobody has', () => {
  test('LL-Q-1: it is asked for three times, after 0 to 100 ms at first, and given up within 700 ms', async () => {
    const { result, took } = await within(us.ask('ghost'))
    expect(result).toEqual({ kind: 'not-found' })
    const times = queries().map(({ at }) => at)
    expect(times).toHaveLength(3)
    expect(times[0]).toBeLessThanOrEqual(100)
    expect(took).toBeLessThanOrEqual(700)
    expect(new Set(queries().map(({ bytes }) => bytes.readUInt16BE(0))).size, 'one ID').toBe(1)
  })

  test('LL-Q-6: it is not remembered', async () => {
    await ask('ghost')
    await ask('ghost')
    expect(queries()).toHaveLength(6)
  })

  test('LL-Q-2: each question has a port and an ID of its own', async () => {
    await ask('ghost')
    await ask('other')
    expect(new Set(queries().map(({ fromPort }) => fromPort)).size).toBe(2)
    expect(queries().every(({ fromPort }) => fromPort !== 5355)).toBe(true)
    expect(new Set(queries().map(({ bytes }) => bytes.readUInt16BE(0))).size).toBe(2)
  })

  test('LL-Q-1: who asks for what is asked already waits for the same answer', async () => {
    const both = Promise.all([us.ask('ghost'), us.ask('ghost')])
    await within(both)
    expect(queries()).toHaveLength(3)
  })

  test('LL-Q-1: more than 128 questions at once have no answer, and no sockets', async () => {
    const all = Array.from({ length: 200 }, (_, i) => us.ask(`ghost${i}`))
    await within(Promise.all(all))
    expect(new Set(queries().map(({ fromPort }) => fromPort)).size).toBe(128)
  })
})

describe('replies', () => {
  let neighbour: LlmnrNeighbour
  beforeEach(() => {
    neighbour = new LlmnrNeighbour(wire, '10.0.0.9')
  })

  test('LL-Q-3: the first without C is the answer, and nothing is asked again', async () => {
    neighbour.replies = () => ({ answer: ['nas 30 A 10.0.0.9'] })
    const { result, took } = await within(us.ask('nas'))
    expect(result).toMatchObject({ kind: 'found', source: 'network', server: '10.0.0.9', learntAt: expect.anything() })
    expect(told(result)).toBe('found A 10.0.0.9')
    expect(took).toBeLessThanOrEqual(100)
    expect(queries()).toHaveLength(1)
  })

  test('LL-Q-6: it is remembered for its TTL, and shown', async () => {
    neighbour.replies = () => ({ answer: ['nas 30 A 10.0.0.9'] })
    await ask('nas')
    const { result } = await within(us.ask('nas'))
    expect(result).toMatchObject({ kind: 'found', source: 'cache', server: '10.0.0.9' })
    expect([...us.querier().rows(clock.now())]).toMatchObject([{ kind: 'positive', question: { name: 'nas' } }])
    const { size, hits, misses } = us.querier()
    expect({ size, hits, misses }).toEqual({ size: 1, hits: 1, misses: 1 })
    const before = queries().length
    await clock.advance(30_000)
    await ask('nas')
    expect(queries().length).toBeGreaterThan(before)
  })

  test('LL-Q-6: no more is remembered than the settings allow', async () => {
    neighbour.replies = (query) => ({ answer: [`${parseMessage(query).question?.name} 30 A 10.0.0.9`] })
    for (let i = 0; i < 120; i++) await ask(`nas${i}`)
    expect(us.querier().size).toBe(100)
  })

  test.each([
    ['cache not to be read', { readsCache: false }, 2],
    ['network not to be asked', { mayAskNetwork: false }, 1],
  ])('options: %s', async (_, options, asked) => {
    neighbour.replies = () => ({ answer: ['nas 30 A 10.0.0.9'] })
    await ask('nas')
    expect(await ask('nas', 'A', options)).toBe('found A 10.0.0.9')
    expect(queries()).toHaveLength(asked)
  })

  test('options: what is not to be remembered is not', async () => {
    neighbour.replies = () => ({ answer: ['nas 30 A 10.0.0.9'] })
    await ask('nas', 'A', { fillsCache: false })
    expect(us.querier().size).toBe(0)
    expect(await ask('nas', 'A', { mayAskNetwork: false })).toBe('not-found')
  })

  test('LL-Q-6: only what was asked for counts, whatever else a reply holds', async () => {
    neighbour.replies = () => ({
      answer: ['nas 30 A 10.0.0.9', 'bank.example 3000 A 10.0.0.66', 'nas 30 TXT x'],
      additional: ['router 3000 A 10.0.0.66'],
    })
    expect(await ask('nas')).toBe('found A 10.0.0.9')
    expect([...us.querier().rows(clock.now())].map(({ wire: bytes }) => parseMessage(bytes).answer.length)).toEqual([1])
  })

  test.each([['authority'], ['additional']] as const)(
    'LL-W-4: no such type, said with an SOA in %s',
    async (section) => {
      neighbour.replies = () => ({ [section]: ['nas 30 SOA . . 1 0 0 0 30'] })
      expect(await ask('nas', 'MX')).toBe('nodata')
      expect(await ask('nas', 'MX', { mayAskNetwork: false })).toBe('nodata')
      await clock.advance(30_000)
      expect(await ask('nas', 'MX', { mayAskNetwork: false })).toBe('not-found')
    },
  )

  test.each([
    ['LL-Q-4: a host that is not sure of its name', { flags: T, answer: ['nas 30 A 10.0.0.9'] }],
    ['LL-W-2: an rcode', { rcode: 3, answer: ['nas 30 A 10.0.0.9'] }],
  ])('%s says nothing', async (_, parts) => {
    neighbour.replies = () => parts
    expect(await ask('nas')).toBe('not-found')
    expect(queries()).toHaveLength(3)
  })

  test('LL-Q-2: another ID, another question or garbage is passed over', async () => {
    neighbour.replies = () => ({ answer: ['nas 30 A 10.0.0.9'] })
    wire.loses = (packet) => {
      if ((packet.bytes.readUInt16BE(2) & QR) === 0) return false
      packet.bytes[1] = (packet.bytes[1] as number) ^ 1
      return false
    }
    expect(await ask('nas')).toBe('not-found')
    wire.loses = (packet) => {
      if ((packet.bytes.readUInt16BE(2) & QR) !== 0) packet.bytes[13] = 0x78
      return false
    }
    expect(await ask('nas')).toBe('not-found')
    wire.loses = (packet) => {
      if ((packet.bytes.readUInt16BE(2) & QR) !== 0) packet.bytes.fill(0xff, 25)
      return false
    }
    expect(await ask('nas')).toBe('not-found')
  })

  test('LL-Q-2: who is not on the link is not believed', async () => {
    const stranger = new LlmnrNeighbour(wire, '172.16.0.9')
    stranger.replies = () => ({ answer: ['nas 30 A 172.16.0.9'] })
    expect(await ask('nas')).toBe('not-found')
  })

  test('MC-IN-4: a reply that has passed a router is not believed', async () => {
    neighbour.replies = () => ({ answer: ['nas 30 A 10.0.0.9'] })
    wire.loses = (packet) => {
      Object.assign(packet, { hopLimit: 254 })
      return false
    }
    expect(await ask('nas')).toBe('not-found')
  })

  test('LL-Q-1: a lost query is sent again', async () => {
    neighbour.replies = () => ({ answer: ['nas 30 A 10.0.0.9'] })
    let lost = 0
    wire.loses = ({ toPort }) => toPort === 5355 && lost++ < 2
    const { result, took } = await within(us.ask('nas'))
    expect(told(result)).toBe('found A 10.0.0.9')
    expect(took).toBeLessThanOrEqual(500)
  })

  test('LL-W-3: an A-label is asked for in UTF-8, and answered as it was asked', async () => {
    neighbour.replies = (query) =>
      query.includes(Buffer.from('bücher')) ? { answer: ['bücher 30 A 10.0.0.9'] } : undefined
    const { result } = await within(us.ask('xn--bcher-kva'))
    expect(result).toMatchObject({ kind: 'found', records: [{ name: 'xn--bcher-kva', owner: expect.anything() }] })
    expect(await ask('bücher', 'A', { mayAskNetwork: false })).toBe('found A 10.0.0.9')
  })

  test('a caller that goes ends its wait at once, and takes nobody along', async () => {
    neighbour.replies = () => ({ answer: ['nas 30 A 10.0.0.9'] })
    const going = new AbortController()
    const options = { readsCache: true, fillsCache: true, mayAskNetwork: true }
    const gone = us.querier().lookUp(questionOf('nas'), options, going.signal)
    const waits = us.ask('nas')
    going.abort(new Error('gone'))
    await expect(gone).rejects.toThrow('gone')
    expect(told((await within(waits)).result)).toBe('found A 10.0.0.9')
  })

  test('closing ends what is under way without an answer', async () => {
    const waits = us.ask('nas')
    await clock.advance(150)
    us.querier().close()
    expect(await waits).toEqual({ kind: 'not-found' })
    const before = queries().length
    await clock.advance(1000)
    expect(queries()).toHaveLength(before)
    expect(await us.ask('nas')).toEqual({ kind: 'not-found' })
  })
})

describe('several hosts', () => {
  let first: LlmnrNeighbour
  let second: LlmnrNeighbour
  beforeEach(() => {
    first = new LlmnrNeighbour(wire, '10.0.0.8')
    second = new LlmnrNeighbour(wire, '10.0.0.9')
    first.replies = () => ({ answer: ['nas 30 A 10.0.0.8'] })
    second.replies = () => ({ answer: ['nas 30 A 10.0.0.9'] })
  })
  const advisories = () => queries().filter(({ bytes }) => (bytes.readUInt16BE(2) & C) !== 0)

  test('LL-Q-3: those that share a name are all waited for, and merged', async () => {
    first.replies = () => ({ flags: C, answer: ['nas 30 A 10.0.0.8'] })
    second.replies = () => ({ flags: C, answer: ['nas 30 A 10.0.0.9', 'nas 30 A 10.0.0.8'] })
    const { result, took } = await within(us.ask('nas'))
    expect(told(result)).toBe('found A 10.0.0.8 A 10.0.0.9')
    expect(took).toBeGreaterThanOrEqual(200)
    expect(took).toBeLessThanOrEqual(300)
    expect(advisories()).toHaveLength(0)
  })

  test('LL-Q-3: who has the name alone is never merged with those that share it', async () => {
    first.replies = () => ({ flags: C, answer: ['nas 30 A 10.0.0.8'] })
    expect(await ask('nas')).toBe('found A 10.0.0.9')
  })

  test('LL-Q-3: who claim the same name are told, once, with what each said', async () => {
    const third = new LlmnrNeighbour(wire, '10.0.0.10')
    third.replies = () => ({ answer: ['nas 30 A 10.0.0.10'] })
    expect(await ask('nas')).toBe('found A 10.0.0.8')
    expect(advisories()).toHaveLength(1)
    const { question, additional } = parseMessage(advisories()[0]?.bytes as Buffer)
    expect(question).toMatchObject({ name: 'nas', type: 1 })
    expect(additional.map(({ rdata }) => rdata.join('.'))).toEqual(['10.0.0.8', '10.0.0.9'])
    expect(advisories()[0]?.to.text).toBe('224.0.0.252')
  })

  test('LL-Q-3: two that say the same are no conflict', async () => {
    second.replies = () => ({ answer: ['nas 30 A 10.0.0.8'] })
    await ask('nas')
    expect(advisories()).toHaveLength(0)
  })
})

describe('over TCP', () => {
  test('LL-Q-5: what does not fit a datagram is fetched by TCP from who answered', async () => {
    const neighbour = new LlmnrMachine('nas', wire, clock, ['10.0.0.9'])
    neighbour.publish()
    await clock.advance(2000)
    wire.loses = (packet) => {
      const flags = packet.bytes.readUInt16BE(2)
      if ((flags & QR) !== 0) packet.bytes.writeUInt16BE(flags | TC, 2)
      return false
    }
    expect(await ask('nas')).toBe('found A 10.0.0.9')
    expect(wire.streams.attempts.map(({ to }) => to.text)).toEqual(['10.0.0.9'])
    neighbour.close()
  })

  test('LL-Q-5: where that fails there is no answer, as it is the last attempt', async () => {
    const neighbour = new LlmnrNeighbour(wire, '10.0.0.9')
    neighbour.replies = () => ({ flags: TC, answer: ['nas 30 A 10.0.0.9'] })
    const { result, took } = await within(us.ask('nas'))
    expect(told(result)).toBe('not-found')
    expect(took).toBeLessThanOrEqual(100)
    expect(queries()).toHaveLength(1)
  })

  test('LL-Q-5: a reverse name is asked for by TCP, of who has the address', async () => {
    const neighbour = new LlmnrMachine('nas', wire, clock, ['10.0.0.9', 'fe80::9'])
    neighbour.publish()
    await clock.advance(2000)
    const before = wire.packets.length
    expect(await ask('9.0.0.10.in-addr.arpa', 'PTR')).toBe('found PTR nas')
    const ip6 = `9.${'0.'.repeat(28)}8.e.f.ip6.arpa`
    expect(await ask(ip6, 'PTR', {}, AF_INET6)).toBe('found PTR nas')
    expect(wire.packets.length, 'datagrams').toBe(before)
    neighbour.close()
  })

  test('LL-Q-5: a neighbour that refuses has no name, at once', async () => {
    const neighbour = new LlmnrNeighbour(wire, '10.0.0.9')
    const { result, took } = await within(us.ask('9.0.0.10.in-addr.arpa', 'PTR'))
    expect(result).toEqual({ kind: 'not-found' })
    expect(took).toBe(0)
    expect(neighbour.heard).toHaveLength(0)
  })

  test('MC-REV-2: an address that nobody has costs 300 ms, and nothing for five seconds after that', async () => {
    const took = async () => (await within(us.ask('7.0.0.10.in-addr.arpa', 'PTR'))).took
    expect(await took()).toBe(300)
    await clock.advance(4000)
    expect(await took()).toBe(0)
    expect(wire.streams.attempts).toHaveLength(1)
    await clock.advance(1000)
    expect(await took()).toBe(300)
    us.querier().flush()
    expect(await took()).toBe(300)
  })

  test('LL-Q-5: an address that is not of the link is not connected to', async () => {
    expect((await within(us.ask('9.0.16.172.in-addr.arpa', 'PTR'))).took).toBe(0)
    expect((await within(us.ask(`9.${'0.'.repeat(28)}8.e.f.ip6.arpa`, 'PTR'))).took).toBe(0)
    expect(wire.streams.attempts).toHaveLength(0)
  })

  test('LL-Q-5: who connects and then is silent, or says something else, has no name', async () => {
    const neighbour = new LlmnrNeighbour(wire, '10.0.0.9')
    const place = { protocol: 'llmnr', family: AF_INET, ifindex: 2 } as const
    const silent = { onOpen: () => {}, onData: () => {}, onClose: () => {} }
    neighbour.host.listen(place, () => silent)
    expect((await within(us.ask('9.0.0.10.in-addr.arpa', 'PTR'))).took).toBe(300)
    neighbour.host.listen(place, (stream) => ({ ...silent, onData: () => stream.write(Buffer.from('\0\x04oops')) }))
    await clock.advance(5000)
    expect((await within(us.ask('9.0.0.10.in-addr.arpa', 'PTR'))).took).toBe(0)
  })
})
