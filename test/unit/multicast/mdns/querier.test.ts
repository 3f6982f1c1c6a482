import { describe, expect, test } from 'vitest'
import { AF_INET } from '../../../../src/base/index.ts'
import { MdnsQuerier } from '../../../../src/multicast/mdns/querier.ts'
import type { KnownRecord } from '../../../../src/multicast/mdns/known-record.ts'
import type { QuerierOptions, QuerierResult } from '../../../../src/multicast/index.ts'
import { rdataText, TC, TYPE, typeText } from '../../../../src/wire/index.ts'
import { composeResponses, packetSizes } from '../../../../src/multicast/message.ts'
import { FakeClock } from '../../../kit/fake-clock.ts'
import { asking, MdnsNeighbour, record } from '../../../kit/mdns-neighbour.ts'
import { FakeHost, FakeWire } from '../../../kit/multicast-network.ts'
import { SeededRandom } from '../../../kit/seeded-random.ts'

const LOG = {
  error() {},
  warning() {},
  notice() {},
  info() {},
  debug() {},
  bug(error: unknown) {
    throw error
  },
}
const ORDINARY: QuerierOptions = { readsCache: true, fillsCache: true, mayAskNetwork: true }

/** Ours on a wire at 10.0.0.2, and a neighbour at 10.0.0.9. */
function world({ maxEntries = 4096, isShared = false } = {}) {
  const clock = new FakeClock()
  const wire = new FakeWire(clock)
  const host = new FakeHost().join(wire, 2, '10.0.0.2')
  if (isShared) host.sharedPorts.add(5353)
  const place = { protocol: 'mdns', ifindex: 2, family: AF_INET } as const
  let querier: MdnsQuerier | undefined
  const socket = host.open(place, (datagram) => querier?.onDatagram(datagram))
  const random = new SeededRandom()
  const parts = { place, socket, network: host, link: () => host.link(2), clock, random, log: LOG, maxEntries }
  querier = new MdnsQuerier(parts)
  const neighbour = new MdnsNeighbour(wire, '10.0.0.9')
  const signal = new AbortController().signal
  const lookUp = (text: string, options = ORDINARY, until = signal) => querier.lookUp(asking(text), options, until)
  return { clock, wire, host, querier, neighbour, lookUp, asked: () => questionsOf(wire, host) }
}

/** Each packet of ours: when, what was asked (`?` for QU), and the known answers. */
function questionsOf(wire: FakeWire, host: FakeHost): string[] {
  return wire.messages(host).map(({ at, message }) => {
    const questions = message.questions.map(
      ({ name, type, isUnicast }) => `${name} ${typeText(type)}${isUnicast === true ? '?' : ''}`,
    )
    return [at, ...questions, ...message.answer.map(({ name, ttl }) => `(${name} ${ttl})`)].join(' ')
  })
}

function told(result: QuerierResult): string {
  if (result.kind !== 'found') return result.kind
  return [result.source, ...result.records.map(({ type, rdata, ttl }) => `${ttl} ${rdataText(type, rdata)}`)].join(' ')
}

/** The result, and how long it took. */
async function timed(clock: FakeClock, result: Promise<QuerierResult>): Promise<string> {
  const begun = clock.now()
  const lines: string[] = []
  void result.then((value) => lines.push(`${clock.now() - begun}: ${told(value)}`))
  for (let at = 0; lines.length === 0 && at <= 10_000; at++) await clock.advance(1)
  return lines[0] ?? 'nothing'
}

/** Answers each question that `records` have something for. */
function serve(neighbour: MdnsNeighbour, ...records: string[]): void {
  neighbour.onMessage = ({ message }) => {
    const names = message.questions.map(({ name, type }) => `${name} ${typeText(type)}`)
    const fitting = records.filter((line) => names.some((name) => name === nameAndType(line)))
    if (fitting.length > 0) neighbour.say(...fitting)
  }
}

function nameAndType(line: string): string {
  const [name, , type] = line.replace('!', '').split(' ') as [string, string, string]
  return `${name} ${type}`
}

describe('a lookup', () => {
  test('MD-Q-4: asks the group at once, from port 5353, and is over with the answer', async () => {
    const { clock, neighbour, lookUp, asked, wire } = world()
    serve(neighbour, '!h.local 120 A 10.0.0.9')
    expect(await timed(clock, lookUp('h.local A'))).toBe('0: network 120 10.0.0.9')
    expect(asked()).toEqual(['0 h.local A'])
    expect(wire.packets[0]).toMatchObject({ fromPort: 5353, toPort: 5353, to: { text: '224.0.0.251' } })
    expect(clock.pending).toBe(0)
  })

  test('MD-C-4: the next one is answered from memory until the TTL is over', async () => {
    const { clock, neighbour, lookUp, asked, querier } = world()
    serve(neighbour, '!h.local 120 A 10.0.0.9')
    await timed(clock, lookUp('h.local A'))
    await clock.advance(60_000)
    expect(await timed(clock, lookUp('h.local A'))).toBe('0: cache 59 10.0.0.9')
    await clock.advance(60_000)
    expect(await timed(clock, lookUp('h.local A'))).toContain('network 120')
    expect(asked()).toHaveLength(2)
    expect([querier.hits, querier.misses]).toEqual([1, 2])
  })

  test('MD-Q-10: a name that nobody has takes less than a second, and is asked for once more by QU', async () => {
    const { clock, lookUp, asked } = world()
    expect(await timed(clock, lookUp('nobody.local A'))).toBe('900: not-found')
    expect(asked()).toEqual(['0 nobody.local A', '350 nobody.local A?'])
    expect(clock.pending).toBe(0)
  })

  test('MD-Q-2: an answer to the repetition comes by unicast', async () => {
    const { clock, neighbour, lookUp } = world()
    neighbour.onMessage = (heard) => {
      if (heard.message.questions[0]?.isUnicast === true) neighbour.sayTo(heard, '!h.local 120 A 10.0.0.9')
    }
    expect(await timed(clock, lookUp('h.local A'))).toBe('350: network 120 10.0.0.9')
  })

  test('MD-W-3: what nobody asked for by QU and comes by unicast is not heard', async () => {
    const { clock, neighbour, lookUp } = world()
    neighbour.onMessage = (heard) => {
      if (heard.message.questions[0]?.isUnicast !== true) neighbour.sayTo(heard, '!h.local 120 A 10.0.0.9')
    }
    expect(await timed(clock, lookUp('h.local A'))).toBe('900: not-found')
  })

  test('MC-REV-2: a reverse name without answer is not asked for again for ten seconds', async () => {
    const { clock, lookUp, asked } = world()
    expect(await timed(clock, lookUp('7.0.0.10.in-addr.arpa PTR'))).toBe('900: not-found')
    expect(await timed(clock, lookUp('7.0.0.10.in-addr.arpa PTR'))).toBe('0: not-found')
    await clock.advance(10_000)
    await timed(clock, lookUp('7.0.0.10.in-addr.arpa PTR'))
    expect(asked()).toHaveLength(4)
  })

  test('MC-REV-2: who announces the name meanwhile is found', async () => {
    const { clock, neighbour, lookUp } = world()
    await timed(clock, lookUp('7.0.0.10.in-addr.arpa PTR'))
    neighbour.say('!7.0.0.10.in-addr.arpa 120 PTR h.local')
    await clock.advance(1)
    expect(await timed(clock, lookUp('7.0.0.10.in-addr.arpa PTR'))).toBe('0: cache 119 h.local')
  })

  test('MD-Q-8: NSEC answers at once that there is nothing, and the next time from memory', async () => {
    const { clock, neighbour, lookUp } = world()
    neighbour.onMessage = () => neighbour.say('!h.local 120 NSEC h.local A')
    expect(await timed(clock, lookUp('h.local AAAA'))).toBe('0: nodata')
    neighbour.onMessage = () => undefined
    expect(await timed(clock, lookUp('h.local AAAA'))).toBe('0: nodata')
  })

  test('MD-Q-7: records that nobody asked for answer the next question', async () => {
    const { clock, neighbour, lookUp, asked } = world()
    neighbour.say('!h.local 120 A 10.0.0.9', '!h.local 120 TXT "x=1"')
    await clock.advance(0)
    expect(await timed(clock, lookUp('h.local TXT'))).toContain('cache 120')
    expect(asked()).toEqual([])
  })

  test('MD-Q-4: questions of the same moment share a packet, and the same question is asked once', async () => {
    const { clock, lookUp, asked } = world()
    const all = ['s._http._tcp.local SRV', 's._http._tcp.local TXT', 's._http._tcp.local SRV'].map((text) =>
      lookUp(text),
    )
    await clock.advance(0)
    expect(asked()).toEqual(['0 s._http._tcp.local SRV s._http._tcp.local TXT'])
    await clock.advance(900)
    expect((await Promise.all(all)).map(({ kind }) => kind)).toEqual(['not-found', 'not-found', 'not-found'])
  })

  test('MD-Q-11: of what several neighbours may have, all is collected for 300 ms', async () => {
    const { clock, wire, neighbour, lookUp, asked } = world()
    const other = new MdnsNeighbour(wire, '10.0.0.8')
    neighbour.onMessage = () => neighbour.say('_http._tcp.local 4500 PTR a._http._tcp.local')
    other.onMessage = () => clock.after(100, () => other.say('_http._tcp.local 4500 PTR b._http._tcp.local'))
    const line = await timed(clock, lookUp('_http._tcp.local PTR'))
    expect(line).toBe('300: network 4499 a._http._tcp.local 4499 b._http._tcp.local')
    expect(asked()).toEqual(['0 _http._tcp.local PTR'])
  })

  test('MD-Q-11: what was overheard of such is not taken for all, and sent along as known', async () => {
    const { clock, neighbour, lookUp, asked } = world()
    neighbour.say('_http._tcp.local 4500 PTR a._http._tcp.local')
    await clock.advance(1000)
    expect(await timed(clock, lookUp('_http._tcp.local PTR'))).toBe('900: network 4498 a._http._tcp.local')
    expect(asked()[0]).toBe('1000 _http._tcp.local PTR (_http._tcp.local 4499)')
    expect(await timed(clock, lookUp('_http._tcp.local PTR'))).toContain('0: cache')
  })

  test('MD-Q-5: known answers of 200 services go over several packets, TC in all but the last', async () => {
    const { clock, wire, host, neighbour, lookUp } = world()
    neighbour.say(
      ...Array.from({ length: 200 }, (_, i) => `_http._tcp.local 4500 PTR printer-number-${i}._http._tcp.local`),
    )
    await clock.advance(10)
    void lookUp('_http._tcp.local PTR')
    await clock.advance(0)
    const packets = wire.messages(host)
    expect(packets.length).toBeGreaterThan(1)
    expect(packets.map(({ message }) => message.flags)).toEqual([...packets.slice(1).map(() => TC), 0])
    expect(packets.flatMap(({ message }) => message.answer)).toHaveLength(200)
    await clock.advance(1000)
  })

  test('MD-C-4: nothing known is read, nor sent along, for who does not want the cache', async () => {
    const { clock, neighbour, lookUp, asked } = world()
    neighbour.say('!h.local 120 A 10.0.0.9')
    await clock.advance(1000)
    const fresh = { ...ORDINARY, readsCache: false }
    expect(await timed(clock, lookUp('h.local A', fresh))).toBe('900: not-found')
    expect(asked()[0]).toBe('1000 h.local A')
    serve(neighbour, '!h.local 120 A 10.0.0.9')
    expect(await timed(clock, lookUp('h.local A', fresh))).toBe('0: network 120 10.0.0.9')
  })

  test('with the cache off every lookup asks, and nothing is shown', async () => {
    const { clock, neighbour, lookUp, asked, querier } = world({ maxEntries: 0 })
    serve(neighbour, '!h.local 120 A 10.0.0.9')
    await timed(clock, lookUp('h.local A'))
    expect(await timed(clock, lookUp('h.local A'))).toBe('0: network 120 10.0.0.9')
    expect(asked()).toHaveLength(2)
    expect([querier.size, [...querier.rows(clock.now())]]).toEqual([0, []])
  })

  test('without the network only memory answers', async () => {
    const { clock, lookUp, asked } = world()
    expect(await timed(clock, lookUp('h.local A', { ...ORDINARY, mayAskNetwork: false }))).toBe('0: not-found')
    expect(asked()).toEqual([])
  })

  test('MD-Q-6: who has heard the same question of another does not repeat it', async () => {
    const { clock, wire, neighbour, lookUp, asked } = world()
    void lookUp('h.local A')
    await clock.advance(100)
    neighbour.ask(['h.local A'])
    await clock.advance(1000)
    expect(asked()).toEqual(['0 h.local A'])
    expect(wire.packets).toHaveLength(2)
  })

  test('an asker that goes away stops waiting; the question goes on for the others', async () => {
    const { clock, neighbour, lookUp } = world()
    const abort = new AbortController()
    const left = lookUp('h.local A', ORDINARY, abort.signal)
    const other = lookUp('h.local A')
    await clock.advance(10)
    abort.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    neighbour.say('!h.local 120 A 10.0.0.9')
    expect(await timed(clock, other)).toContain('10.0.0.9')
  })

  test('MC-MODE-5: closing ends questions under way and leaves no timer', async () => {
    const { clock, querier, lookUp } = world()
    const open = lookUp('h.local A')
    querier.subscribe(asking('_http._tcp.local PTR'), () => undefined)
    await clock.advance(10)
    querier.close()
    expect(await open).toEqual({ kind: 'not-found' })
    expect(clock.pending).toBe(0)
    expect(await lookUp('h.local A')).toEqual({ kind: 'not-found' })
    querier.subscribe(asking('_http._tcp.local PTR'), () => undefined)
    expect(clock.pending).toBe(0)
  })

  test('MD-Q-4: 2000 questions at once are bounded, and fit into packets of the link', async () => {
    const { clock, wire, lookUp } = world()
    const all = Array.from({ length: 2000 }, (_, i) => lookUp(`host-number-${i}.local A`))
    await clock.advance(0)
    expect(wire.packets.every(({ bytes }) => bytes.length <= 1472)).toBe(true)
    expect(wire.messages().flatMap(({ message }) => message.questions)).toHaveLength(1024)
    await clock.advance(1000)
    await Promise.all(all)
  })

  test('MC-IN-3: of a flood a thousand datagrams are looked at in a second', async () => {
    const { clock, neighbour, querier } = world()
    for (let i = 0; i < 1500; i++) neighbour.say(`!h${i}.local 120 A 10.0.0.9`)
    await clock.advance(0)
    expect(querier.size).toBe(1000)
    await clock.advance(100)
    for (let i = 0; i < 500; i++) neighbour.say(`!i${i}.local 120 A 10.0.0.9`)
    await clock.advance(0)
    expect(querier.size).toBe(1100)
  })
})

test('MC-IN-3: large datagrams count as several', async () => {
  const { clock, neighbour, lookUp } = world()
  const large = (i: number) => Array.from({ length: 40 }, (_, j) => `!h${i}-${j}.local 120 TXT "${'x'.repeat(20)}"`)
  for (let i = 0; i < 300; i++) neighbour.say(...large(i))
  await clock.advance(0)
  const offline = { ...ORDINARY, mayAskNetwork: false }
  neighbour.say('!late.local 120 A 10.0.0.9')
  await clock.advance(0)
  expect(await lookUp('late.local A', offline)).toEqual({ kind: 'not-found' })
  await clock.advance(1000)
  neighbour.say('!late.local 120 A 10.0.0.9')
  await clock.advance(0)
  expect(await lookUp('late.local A', offline)).toMatchObject({ kind: 'found' })
})

describe('beside another responder of this machine (MC-AV-3)', () => {
  test('MC-SOCK-4: asks from a random port with an ID, without known answers, and is answered there', async () => {
    const { clock, wire, host, neighbour, lookUp } = world({ isShared: true })
    neighbour.onMessage = (heard) => neighbour.replyToLegacy(heard, 'h.local 10 A 10.0.0.9')
    expect(await timed(clock, lookUp('h.local A'))).toBe('0: network 10 10.0.0.9')
    const [packet] = wire.messages(host)
    expect(packet?.fromPort).not.toBe(5353)
    expect(packet?.message).toMatchObject({ questions: [{ isUnicast: false }], answer: [] })
    expect(packet?.message.id).not.toBe(0)
    await clock.advance(1000)
    expect(clock.pending).toBe(0)
  })

  test('MC-AV-3: a reply with another ID is not taken', async () => {
    const { clock, neighbour, lookUp } = world({ isShared: true })
    neighbour.onMessage = (heard) => {
      const message = { ...heard.message, id: heard.message.id ^ 1 }
      neighbour.replyToLegacy({ ...heard, message }, 'h.local 10 A 10.0.0.9')
    }
    expect(await timed(clock, lookUp('h.local A'))).toBe('900: not-found')
  })

  test('MC-AV-3: the other responder of this machine is heard', async () => {
    const { clock, host, lookUp } = world({ isShared: true })
    const neighbourOfOurs = host.open({ protocol: 'mdns', ifindex: 2, family: AF_INET }, () => undefined)
    for (const packet of composeResponses([record('!ours.local 120 A 10.0.0.2')], [], packetSizes(1500, false))) {
      neighbourOfOurs.sendToGroup(packet)
    }
    await clock.advance(0)
    expect(await timed(clock, lookUp('ours.local A'))).toBe('0: cache 120 10.0.0.2')
  })
})

describe('a continuous question (MD-Q-2)', () => {
  const QUESTION = asking('_http._tcp.local PTR')

  function watched(parts?: Parameters<typeof world>[0]) {
    const there = world(parts)
    const seen: string[] = []
    const show = (records: readonly KnownRecord[]) => {
      const targets = records.map((known) => rdataText(TYPE.PTR, known.record.rdata)?.split('.')[0])
      seen.push([`${there.clock.now()}:`, ...targets].join(' '))
    }
    const subscription = there.querier.subscribe(QUESTION, show)
    return { ...there, seen, show, subscription }
  }

  test('MD-Q-2: waits 20 to 120 ms, then is repeated after 1, 2, 4 s and so on, an hour at most', async () => {
    const { clock, asked, subscription } = watched()
    await clock.advance(12 * 3_600_000)
    const times = asked().map((line) => Number(line.split(' ')[0]))
    expect(times[0]).toBeGreaterThanOrEqual(20)
    expect(times[0]).toBeLessThanOrEqual(120)
    const intervals = times.slice(1).map((at, i) => Math.round((at - times[i]!) / 1000))
    expect(intervals.slice(0, 14)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600])
    subscription[Symbol.dispose]()
    expect(clock.pending).toBe(0)
  })

  test('MD-Q-3: refreshes at 80, 85, 90 and 95 % of the TTL, up to 2 % later, and tells when it is gone', async () => {
    const { clock, asked, seen, neighbour, subscription } = watched()
    await clock.advance(200_000) // next by its own rhythm: 255 s
    neighbour.say('_http._tcp.local 100 PTR a._http._tcp.local')
    await clock.advance(20)
    const before = asked().length
    await clock.advance(99_980)
    const own = asked().filter((line) => Math.abs(Number(line.split(' ')[0]) - 255_100) < 200)
    const parts = asked()
      .slice(before)
      .filter((line) => !own.includes(line))
      .map((line) => (Number(line.split(' ')[0]) - 200_000) / 1000)
    expect(parts).toHaveLength(4)
    for (const [i, least] of [80, 85, 90, 95].entries()) {
      expect(parts[i]).toBeGreaterThanOrEqual(least)
      expect(parts[i]).toBeLessThanOrEqual(least + 2)
    }
    expect(seen).toEqual(['200020: a', '300000:'])
    subscription[Symbol.dispose]()
  })

  test('MD-Q-3: what is said again in time stays, and nobody is told', async () => {
    const { clock, seen, neighbour, subscription } = watched()
    neighbour.onMessage = ({ message }) => {
      if (message.answer.length === 0) neighbour.say('_http._tcp.local 100 PTR a._http._tcp.local')
    }
    await clock.advance(1_000_000)
    expect(seen).toHaveLength(1)
    subscription[Symbol.dispose]()
  })

  test('MD-Q-5: what is known is sent along', async () => {
    const { clock, neighbour, asked, subscription } = watched()
    neighbour.say('_http._tcp.local 4500 PTR a._http._tcp.local')
    await clock.advance(200)
    expect(asked()).toEqual([expect.stringContaining('(_http._tcp.local 4499)')])
    subscription[Symbol.dispose]()
  })

  test('MD-C-3: goodbye is told a second later', async () => {
    const { clock, seen, neighbour, subscription } = watched()
    neighbour.say('_http._tcp.local 4500 PTR a._http._tcp.local')
    await clock.advance(5000)
    neighbour.say('_http._tcp.local 0 PTR a._http._tcp.local')
    await clock.advance(5000)
    expect(seen).toEqual(['20: a', '6000:'])
    subscription[Symbol.dispose]()
  })

  test('SD-V-8: several listen to one question; who comes later gets what there is at once', async () => {
    const { clock, seen, show, querier, neighbour, asked, subscription } = watched()
    neighbour.say('_http._tcp.local 4500 PTR a._http._tcp.local')
    await clock.advance(500)
    const questions = asked().length
    const second = querier.subscribe(QUESTION, show)
    expect(seen).toEqual(['20: a', '500: a'])
    subscription[Symbol.dispose]()
    neighbour.say('_http._tcp.local 4500 PTR b._http._tcp.local')
    await clock.advance(100)
    expect(seen.slice(2)).toEqual(['520: a b'])
    expect(asked()).toHaveLength(questions)
    second[Symbol.dispose]()
    second[Symbol.dispose]()
    expect(clock.pending).toBe(0)
  })

  test('MD-Q-6: the same question of another that knows no more counts as asked', async () => {
    const { clock, neighbour, asked, subscription } = watched()
    await clock.advance(5)
    neighbour.ask(['_http._tcp.local PTR'])
    await clock.advance(900)
    expect(asked()).toEqual([])
    await clock.advance(200)
    expect(asked()).toHaveLength(1)
    subscription[Symbol.dispose]()
  })

  test('MD-Q-6: not when it knows more, or asks for itself alone', async () => {
    const { clock, neighbour, asked, subscription } = watched()
    neighbour.ask(['_http._tcp.local PTR'], ['_http._tcp.local 4500 PTR a._http._tcp.local'])
    await clock.advance(900)
    expect(asked()).toHaveLength(1)
    subscription[Symbol.dispose]()
  })

  test('SD-V-5: a flush tells that nothing is known, and asks anew', async () => {
    const { clock, seen, neighbour, querier, asked, subscription } = watched()
    neighbour.say('_http._tcp.local 4500 PTR a._http._tcp.local')
    await clock.advance(100_000)
    const before = asked().length
    querier.flush()
    expect(seen).toEqual(['20: a', '100000:'])
    await clock.advance(1100)
    expect(asked().length - before).toBe(2)
    subscription[Symbol.dispose]()
  })

  test('MC-AV-3: beside another responder it goes on, by multicast', async () => {
    const { clock, wire, host, subscription } = watched({ isShared: true })
    await clock.advance(200)
    expect(wire.messages(host)).toMatchObject([{ fromPort: 5353 }])
    subscription[Symbol.dispose]()
  })

  test('MD-Q-2: a flood of changes is told fifty times a second at most', async () => {
    const { clock, seen, neighbour, subscription } = watched()
    for (let i = 0; i < 500; i++) {
      neighbour.say(`_http._tcp.local 4500 PTR a${i}._http._tcp.local`)
      await clock.advance(1)
    }
    await clock.advance(30)
    expect(seen.length).toBeLessThanOrEqual(27)
    expect(seen.at(-1)?.split(' ')).toHaveLength(501)
    subscription[Symbol.dispose]()
  })
})

test('MD-Q-11: an address is never waited for longer than its first answer', async () => {
  const { clock, neighbour, lookUp } = world()
  serve(neighbour, 'h.local 120 A 10.0.0.9')
  expect(await timed(clock, lookUp('h.local A'))).toBe('0: network 120 10.0.0.9')
})

test('results tell who said it, and when', async () => {
  const { clock, neighbour, lookUp } = world()
  serve(neighbour, '!h.local 120 A 10.0.0.9')
  await clock.advance(5000)
  const found = lookUp('h.local A')
  await clock.advance(0)
  expect(await found).toMatchObject({ server: '10.0.0.9', learntAt: clock.wall() })
})
