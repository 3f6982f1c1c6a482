import { AF_INET6 } from '../../src/base/index.ts'
import { TYPE } from '../../src/wire/index.ts'
import { beforeEach, describe, expect, test } from 'vitest'
import { FakeClock } from '../kit/fake-clock.ts'
import { a, Neighbour, OwnParty, ptr, question, texts, webService } from '../kit/mdns-party.ts'
import { FakeHost, FakeWire } from '../kit/multicast-network.ts'

let clock: FakeClock
let wire: FakeWire
let ours: OwnParty
let neighbour: Neighbour

beforeEach(() => {
  clock = new FakeClock()
  wire = new FakeWire(clock)
  ours = new OwnParty(clock, wire)
  neighbour = new Neighbour(wire)
})

const sent = (party = ours) => wire.messages(party.host)
const probes = (party = ours) => sent(party).filter(({ message }) => message.authority.length > 0)
const responses = (party = ours) => sent(party).filter(({ message }) => message.isResponse)
/** Until the name is the party's and all announcements are out. */
const established = () => clock.advance(3000)

describe('start', () => {
  test('MD-P-1: three probes 250 ms apart, the first within 250 ms, then it is announced', async () => {
    ours.apply()
    await established()
    const [first = Number.NaN, ...others] = probes().map(({ at }) => at)
    expect(first).toBeLessThanOrEqual(250)
    expect(others).toEqual([first + 250, first + 500])
    expect(responses()[0]?.at).toBe(first + 750)
  })

  test('MD-P-1: machines that start together do not all probe at once', async () => {
    const starts = new Set<number>()
    for (let seed = 1; seed <= 20; seed++) {
      const party = new OwnParty(clock, wire, { name: `host-${seed}`, addresses: [`10.0.0.${100 + seed}`], seed })
      const before = clock.now()
      party.apply()
      await clock.advance(250)
      starts.add((probes(party)[0]?.at ?? Number.NaN) - before)
    }
    expect(starts.size).toBeGreaterThan(10)
  })

  test('MD-P-2: a probe asks by QU for ANY, and proposes without cache-flush what is to be', async () => {
    ours.apply()
    await clock.advance(250)
    const { message } = probes()[0] as ReturnType<typeof probes>[0]
    expect(message).toMatchObject({ id: 0, flags: 0, answer: [], additional: [] })
    expect(message.questions).toMatchObject([{ name: 'kitchen.local', type: TYPE.ANY, class: 1, isUnicast: true }])
    expect(texts(message.authority, true)).toEqual(['kitchen.local 120 A 10.0.0.1'])
  })

  test('MD-P-5: two announcements a second apart: all records, cache-flush on the unique ones', async () => {
    ours.services.become(webService())
    ours.apply()
    await clock.advance(20_000)
    const [first, second, ...more] = responses()
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBe(1000)
    expect(more).toEqual([])
    for (const announcement of [first, second]) {
      expect(texts(announcement?.message.answer ?? [], true).toSorted()).toEqual([
        '1.0.0.10.in-addr.arpa 120 PTR kitchen.local !',
        '_http._tcp.local 4500 PTR Web._http._tcp.local',
        '_services._dns-sd._udp.local 4500 PTR _http._tcp.local',
        'kitchen.local 120 A 10.0.0.1 !',
        'web._http._tcp.local 120 SRV 0 0 80 kitchen.local !',
        'web._http._tcp.local 4500 TXT "path=/" !',
      ])
    }
  })

  test('MD-W-1: announcements have ID 0, QR and AA, and no question', async () => {
    ours.apply()
    await established()
    expect(responses()[0]?.message).toMatchObject({ id: 0, flags: 0x8400, questions: [] })
  })

  test('MD-P-10: what does not fit a packet is announced and probed for in several, none above the MTU', async () => {
    const services = Array.from({ length: 200 }, (_, i) => webService(`Service number ${i}`, `s${i}`))
    ours.services.become(...services)
    ours.apply()
    await established()
    expect(Math.max(...wire.packets.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(1472)
    const announced = responses().flatMap(({ message }) => message.answer)
    expect(announced.filter(({ type }) => type === TYPE.SRV)).toHaveLength(400)
    const asked = probes().flatMap(({ message }) => message.questions)
    expect(asked).toHaveLength(3 * 201)
  })

  test('MD-R-3: over both IP versions, with all addresses of the link', async () => {
    const dual = new OwnParty(clock, wire, { name: 'dual', addresses: ['10.0.0.3', 'fe80::3'] })
    dual.apply()
    await established()
    const announced = responses(dual).map(({ to, message }) => [to.text, ...texts(message.answer).slice(0, 2)])
    const addresses = ['dual.local A 10.0.0.3 !', 'dual.local AAAA fe80::3 !']
    for (const group of ['224.0.0.251', 'ff02::fb']) {
      expect(announced.filter(([to]) => to === group)).toEqual([
        [group, ...addresses],
        [group, ...addresses],
      ])
    }
  })

  test('MC-AV-3: where another responder has the port nothing is sent', async () => {
    ours.apply(true)
    await established()
    neighbour.ask([question('kitchen.local', TYPE.A)])
    await established()
    ours.responder.close()
    await established()
    expect(sent()).toEqual([])
  })

  test('MC-AV-3: the name is probed for once the other responder is gone, and left without a word when it comes back', async () => {
    ours.apply(true)
    await clock.advance(5000)
    ours.apply(false)
    await established()
    expect(probes()).toHaveLength(3)
    const before = sent().length
    ours.apply(true)
    await established()
    expect(sent()).toHaveLength(before)
  })

  test('without an address there is nothing to be asked for', async () => {
    ours.host.join(wire, 2)
    ours.services.become(webService())
    ours.apply()
    await established()
    expect([sent(), clock.pending]).toEqual([[], 0])
  })
})

describe('a name that a neighbour has', () => {
  test('MD-P-2: an answer to a probe takes the name, and the next one is tried', async () => {
    ours.apply()
    await clock.advance(250)
    neighbour.tell([a('kitchen.local', '10.0.0.9')])
    await established()
    expect(ours.label.label).toMatch(/^kitchen\d+$/)
    expect(ours.warnings).toHaveLength(1)
    const announced = responses().flatMap(({ message }) => texts(message.answer))
    expect(announced).toContain(`${ours.label.label}.local A 10.0.0.1 !`)
    expect(announced.filter((text) => text.startsWith('kitchen.local'))).toEqual([])
  })

  test('MD-P-2: any record of the name will do', async () => {
    ours.apply()
    await clock.advance(250)
    neighbour.tell([a('kitchen.local', 'fe80::9')])
    await clock.advance(0)
    expect(ours.label.label).not.toBe('kitchen')
  })

  test('MD-P-2: nothing that was said before the first probe counts', async () => {
    ours.apply()
    neighbour.tell([a('kitchen.local', '10.0.0.9')])
    await established()
    expect(ours.label.label).toBe('kitchen')
  })

  test('MD-P-7: what a neighbour tells of an established name makes us probe again, silently', async () => {
    ours.apply()
    await established()
    const before = sent().length
    neighbour.tell([a('kitchen.local', '10.0.0.9')])
    await clock.advance(0)
    neighbour.ask([question('kitchen.local', TYPE.A)])
    await clock.advance(500)
    const again = sent().slice(before)
    expect(again.length).toBeGreaterThan(0)
    expect(again.filter(({ message }) => message.isResponse)).toEqual([])
  })

  test('MD-P-7: nobody answers to that: the name stays, and is announced', async () => {
    ours.apply()
    await established()
    neighbour.tell([a('kitchen.local', '10.0.0.9')])
    await established()
    expect(ours.label.label).toBe('kitchen')
    expect(probes()).toHaveLength(6)
    expect(responses()).toHaveLength(4)
  })

  test('MD-P-7: an address of the other IP version at our name is another owner too', async () => {
    ours.apply()
    await established()
    neighbour.tell([a('kitchen.local', 'fe80::9')])
    await established()
    expect(probes()).toHaveLength(6)
  })

  test('MD-P-9: a name that was lost is withdrawn, and neighbours keep what the winner says', async () => {
    ours.apply()
    await established()
    neighbour.tell([a('kitchen.local', '10.0.0.9')])
    await clock.advance(250)
    neighbour.tell([a('kitchen.local', '10.0.0.9')])
    await clock.advance(0)
    expect(texts(responses().at(-1)?.message.answer ?? [], true)).toEqual([
      'kitchen.local 0 A 10.0.0.1',
      '1.0.0.10.in-addr.arpa 0 PTR kitchen.local',
    ])
  })

  test('MD-P-7: the same record from somebody else, and one that ends, are no conflict', async () => {
    ours.apply()
    await established()
    neighbour.tell([a('kitchen.local', '10.0.0.1')])
    neighbour.tell([a('kitchen.local', '10.0.0.9', 0)])
    await established()
    expect(probes()).toHaveLength(3)
  })

  test('MD-P-8: an instance of a service is lost to the neighbour, the host is not', async () => {
    ours.services.become(webService())
    ours.apply()
    await clock.advance(250)
    neighbour.tell([{ ...ptr('web._http._tcp.local', 'x.local'), type: TYPE.TXT, rdata: Buffer.from([1, 120]) }])
    await clock.advance(0)
    expect(ours.services.conflicts).toEqual(['web: Web on eth0'])
    expect(ours.label.label).toBe('kitchen')
    ours.services.become(webService('Web (2)'))
    await established()
    const announced = responses().flatMap(({ message }) => texts(message.answer))
    expect(announced).toContain(String.raw`_http._tcp.local PTR Web\032(2)._http._tcp.local`)
    expect(announced).not.toContain('_http._tcp.local PTR Web._http._tcp.local')
  })

  test('MD-P-8: a renamed host gives its services the new target', async () => {
    ours.services.become(webService())
    ours.apply()
    await established()
    ours.label.onConflict('kitchen', 'eth0')
    await established()
    const last = responses()
      .flatMap(({ message }) => texts(message.answer))
      .filter((text) => text.includes('SRV'))
      .at(-1)
    expect(last).toBe(`web._http._tcp.local SRV 0 0 80 ${ours.label.label}.local !`)
  })
})

describe('two that probe at once', () => {
  test('MD-P-4: who has the later records goes on', async () => {
    ours.apply()
    await clock.advance(250)
    neighbour.probe('kitchen.local', [a('kitchen.local', '10.0.0.0')])
    await clock.advance(750)
    expect(probes()).toHaveLength(3)
    expect(responses()).toHaveLength(1)
  })

  test('MD-P-4: who has the earlier ones waits a second, and probes for the same name again', async () => {
    ours.apply()
    await clock.advance(250)
    const lostAt = clock.now()
    neighbour.probe('kitchen.local', [a('kitchen.local', '10.0.0.9')])
    await clock.advance(999)
    expect(probes()).toHaveLength(1)
    await clock.advance(2500)
    expect(probes()[1]?.at).toBe(lostAt + 1000)
    expect(probes()[1]?.message.questions[0]?.name).toBe('kitchen.local')
    expect(ours.label.label).toBe('kitchen')
  })

  test('MD-P-4: the winner answers to that, and only then is the name given up', async () => {
    ours.apply()
    await clock.advance(250)
    neighbour.probe('kitchen.local', [a('kitchen.local', '10.0.0.9')])
    await clock.advance(1000)
    neighbour.tell([a('kitchen.local', '10.0.0.9')])
    await clock.advance(0)
    expect(ours.label.label).not.toBe('kitchen')
  })

  test('MD-P-4: two of ours end with one of them renamed, and each with a name of its own', async () => {
    const other = new OwnParty(clock, wire, { addresses: ['10.0.0.2'], seed: 7 })
    ours.apply()
    other.apply()
    await clock.advance(20_000)
    const labels = [ours.label.label, other.label.label]
    expect(labels).toContain('kitchen')
    expect(new Set(labels).size).toBe(2)
    // 10.0.0.2 is later than 10.0.0.1.
    expect(other.label.label).toBe('kitchen')
  })
})

describe('conflicts without end', () => {
  test('MD-P-11: another link of ours on the same LAN is no neighbour', async () => {
    const host = new FakeHost()
    const first = new OwnParty(clock, wire, { host, ifindex: 5, addresses: ['10.0.0.50'] })
    const second = new OwnParty(clock, wire, { host, ifindex: 6, addresses: ['10.0.0.60'] })
    for (const party of [first, second]) party.apply()
    await clock.advance(20_000)
    expect([first.label.label, second.label.label]).toEqual(['kitchen', 'kitchen'])
  })

  test('MD-P-11: nor is a reflector that sends our own records back, with addresses of another link', async () => {
    ours.host.join(wire, 3, '192.168.7.1')
    ours.apply()
    await clock.advance(250)
    for (let i = 0; i < 30; i++) {
      neighbour.probe('kitchen.local', [a('kitchen.local', '192.168.7.1')])
      neighbour.tell([a('kitchen.local', '192.168.7.1')])
      await clock.advance(100)
    }
    expect([ours.label.label, ours.warnings, probes().length]).toEqual(['kitchen', [], 3])
  })

  test('MD-P-11: a neighbour that claims every name we take gets one renaming in 10 s out of us', async () => {
    ours.apply()
    for (let i = 0; i < 600; i++) {
      neighbour.tell([a(`${ours.label.label}.local`, '10.0.0.9')])
      await clock.advance(100)
    }
    expect(ours.warnings.length).toBeGreaterThan(1)
    expect(ours.warnings.length).toBeLessThanOrEqual(7)
    expect(sent().length).toBeLessThan(120)
  })

  test('MD-P-3: after 15 conflicts in 10 s there are 5 s before each attempt', async () => {
    ours.apply()
    await established()
    const tell = () => neighbour.tell([a('kitchen.local', '10.0.0.9')])
    // Contradicted whenever it is established, and never answered when it probes.
    for (let i = 0; i < 15; i++) {
      neighbour.probe('kitchen.local', [a('kitchen.local', '10.0.0.9')])
      tell()
      await clock.advance(0)
      neighbour.probe('kitchen.local', [a('kitchen.local', '10.0.0.9')])
      await clock.advance(0)
    }
    const before = probes().length
    await clock.advance(4999)
    expect(probes()).toHaveLength(before)
    await clock.advance(1)
    expect(probes()).toHaveLength(before + 1)
  })

  test('MD-P-6: records that change all the time are announced ten times in a minute at most', async () => {
    ours.services.become(webService())
    ours.apply()
    await established()
    const before = responses().length
    for (let i = 0; i < 60; i++) {
      ours.services.become({ ...webService(), port: 1000 + i })
      await clock.advance(1000)
    }
    expect(responses().length - before).toBeLessThanOrEqual(2 * 10 + 60)
    expect(
      responses().filter(({ message }) => message.answer.some(({ ttl }) => ttl > 0)).length - before,
    ).toBeLessThanOrEqual(20)
  })
})

describe('changes and the end', () => {
  test('MD-P-9: closing withdraws all records at once, over each IP version', async () => {
    const dual = new OwnParty(clock, wire, { name: 'dual', addresses: ['10.0.0.3', 'fe80::3'] })
    dual.services.become(webService())
    dual.apply()
    await established()
    const before = responses(dual).length
    dual.responder.close()
    await clock.advance(60_000)
    const goodbyes = responses(dual).slice(before)
    expect(goodbyes.map(({ to }) => to.text)).toEqual(['224.0.0.251', 'ff02::fb'])
    for (const { message } of goodbyes) {
      expect(message.answer).toHaveLength(8)
      expect(message.answer.every(({ ttl, flushesCache }) => ttl === 0 && flushesCache === false)).toBe(true)
    }
    expect(clock.pending).toBe(0)
  })

  test('MD-P-9: what was never announced is not withdrawn', async () => {
    ours.apply()
    await clock.advance(500)
    ours.responder.close()
    await clock.advance(5000)
    expect(responses()).toEqual([])
  })

  test('MD-P-9: an address that goes is withdrawn, one that comes is announced, the name is not probed for', async () => {
    ours.apply()
    await established()
    const before = wire.messages().length
    ours.host.join(wire, 2, '10.0.0.7')
    ours.apply()
    await established()
    const [goodbye, ...announcements] = wire.messages().slice(before)
    expect(texts(goodbye?.message.answer ?? [], true)).toEqual([
      'kitchen.local 0 A 10.0.0.1',
      '1.0.0.10.in-addr.arpa 0 PTR kitchen.local',
    ])
    expect(announcements.map(({ message }) => texts(message.answer)[0])).toEqual([
      'kitchen.local A 10.0.0.7 !',
      'kitchen.local A 10.0.0.7 !',
    ])
  })

  test('MD-P-9: a service that is withdrawn takes its type along only when no other has it', async () => {
    ours.services.become(webService('One', 'one'), webService('Two', 'two'))
    ours.apply()
    await established()
    ours.services.become(webService('Two', 'two'))
    await clock.advance(0)
    const ended = () => texts(responses().at(-1)?.message.answer ?? [], true)
    expect(ended()).toEqual([
      'one._http._tcp.local 0 SRV 0 0 80 kitchen.local',
      'one._http._tcp.local 0 TXT "path=/"',
      '_http._tcp.local 0 PTR One._http._tcp.local',
    ])
    ours.services.become()
    await clock.advance(0)
    expect(ended()).toContain('_services._dns-sd._udp.local 0 PTR _http._tcp.local')
  })

  test('MD-P-6: changed rdata of a unique record is announced anew, the old one withdrawn, and not probed for', async () => {
    ours.services.become(webService())
    ours.apply()
    await established()
    const before = sent().length
    ours.services.become({ ...webService(), port: 8080 })
    await established()
    const [goodbye, first, second, ...more] = sent()
      .slice(before)
      .map(({ message }) => texts(message.answer, true))
    expect(goodbye).toEqual(['web._http._tcp.local 0 SRV 0 0 80 kitchen.local'])
    expect(first).toContain('web._http._tcp.local 120 SRV 0 0 8080 kitchen.local !')
    expect(second).toEqual(first)
    expect(more).toEqual([])
  })

  test('the same facts again change nothing', async () => {
    ours.apply()
    await established()
    const before = sent().length
    ours.apply()
    await established()
    expect(sent()).toHaveLength(before)
  })

  test('MD-P-1: after suspend all names are probed for again, and announced', async () => {
    ours.apply()
    await established()
    ours.responder.verifyAll()
    await established()
    expect(probes()).toHaveLength(6)
    expect(responses()).toHaveLength(4)
  })

  test('MD-R-3: an IP version that comes later hears the announcement too', async () => {
    ours.apply()
    await established()
    ours.host.join(wire, 2, '10.0.0.1', 'fe80::1')
    ours.open(AF_INET6)
    ours.apply()
    await established()
    const overIpv6 = responses().filter(({ to }) => to.text === 'ff02::fb')
    expect(overIpv6).toHaveLength(2)
  })
})
