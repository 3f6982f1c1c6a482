import { describe, expect, test } from 'vitest'
import { AF_UNSPEC } from '../../src/base/index.ts'
import { RCODE, TYPE, typeText } from '../../src/wire/index.ts'
import type { Message } from '../../src/wire/index.ts'
import { addressesIn, queryFor, replyFor, type ReplyParts } from '../kit/messages.ts'
import { World } from '../kit/world.ts'

const TC = 0x0200

function worldSaying(parts: ReplyParts): World {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
  world.serve('*', () => parts)
  return world
}

/** Asked twice: the second answer comes from the cache, the third from the memo; all three must be the same. */
async function answers(parts: ReplyParts, name: string, type = 'A'): Promise<Message> {
  const world = worldSaying(parts)
  const first = await world.ask(name, { type })
  expect(shown(await world.ask(name, { type }))).toEqual(shown(first))
  expect(shown(await world.ask(name, { type }))).toEqual(shown(first))
  return first
}

function shown({ answer, authority, additional }: Message): string[][] {
  return [answer, authority, additional].map((section) => section.map(({ name, type }) => `${name} ${typeText(type)}`))
}

describe('R-STUB-12: what a server says beside the answer does not reach the client', () => {
  test('a record that stands before its CNAME: glibc found nothing', async () => {
    const parts = { answer: ['b.test 300 A 192.0.2.1', 'a.test 300 CNAME b.test'] }
    expect(shown(await answers(parts, 'a.test'))[0]).toEqual(['a.test CNAME', 'b.test A'])
  })

  test('a chain told backwards', async () => {
    const parts = {
      answer: [
        'd.test 300 A 192.0.2.1',
        'c.test 300 CNAME d.test',
        'b.test 300 CNAME c.test',
        'a.test 300 CNAME b.test',
      ],
    }
    const expected = ['a.test CNAME', 'b.test CNAME', 'c.test CNAME', 'd.test A']
    expect(shown(await answers(parts, 'a.test'))[0]).toEqual(expected)
  })

  test('the address of another name in the answer section', async () => {
    const parts = { answer: ['x.poison.test 300 A 192.0.2.1', 'victim.test 300 A 192.0.2.66'] }
    expect(shown(await answers(parts, 'x.poison.test'))).toEqual([['x.poison.test A'], [], []])
  })

  test('records of other types in the answer section', async () => {
    const parts = { answer: ['a.test 300 TXT x', 'a.test 300 A 192.0.2.1', 'a.test 300 MX 1 mx.test'] }
    expect(shown(await answers(parts, 'a.test'))[0]).toEqual(['a.test A'])
  })

  test('foreign authority and additional records', async () => {
    const parts = {
      answer: ['x.poison.test 300 A 192.0.2.1'],
      authority: ['victim.test 300 NS ns.poison.test', 'test 300 A 192.0.2.66', 'poison.test 300 NS ns.poison.test'],
      additional: ['victim.test 300 A 192.0.2.66', 'ns.poison.test 300 A 192.0.2.2'],
    }
    const expected = [['x.poison.test A'], ['poison.test NS'], ['ns.poison.test A']]
    expect(shown(await answers(parts, 'x.poison.test'))).toEqual(expected)
  })

  test('what records point to stays: a service, its host and the addresses of that', async () => {
    const parts = {
      answer: ['_ipp._tcp.test 300 PTR p._ipp._tcp.test'],
      additional: [
        'p._ipp._tcp.test 300 SRV 0 0 631 host.test',
        'host.test 300 A 192.0.2.1',
        'other.test 300 A 192.0.2.66',
      ],
    }
    const [, , additional] = shown(await answers(parts, '_ipp._tcp.test', 'PTR'))
    expect(additional).toEqual(['p._ipp._tcp.test SRV', 'host.test A'])
  })

  test('a DNAME without its CNAME gets one', async () => {
    const parts = { answer: ['d.test 300 DNAME e.test', 'a.e.test 300 A 192.0.2.1'] }
    expect(shown(await answers(parts, 'a.d.test'))[0]).toEqual(['d.test DNAME', 'a.d.test CNAME', 'a.e.test A'])
  })

  test('an answer in order is passed on to the byte', async () => {
    const parts = {
      answer: ['d.test 300 DNAME e.test', 'a.d.test 300 CNAME a.e.test', 'a.e.test 300 MX 5 mx.a.e.test'],
      authority: ['e.test 300 NS ns.e.test'],
      additional: ['mx.a.e.test 300 A 192.0.2.1', 'ns.e.test 300 A 192.0.2.2'],
    }
    const world = worldSaying(parts)
    const query = queryFor('a.d.test', { type: 'MX' })
    expect(await world.run(world.send(query))).toEqual(replyFor(query, parts))
  })

  test('R-STUB-13: a client that asks for signatures gets the records as they came', async () => {
    const world = worldSaying({ answer: ['b.test 300 A 192.0.2.1', 'a.test 300 CNAME b.test'] })
    expect(shown(await world.ask('a.test', { dnssecOk: true }))[0]).toEqual(['b.test A', 'a.test CNAME'])
  })
})

describe('TTLs that mean less than they say', () => {
  test.each<[string, number, number]>([
    ['RFC 2181 §8: the top bit set counts as 0', 0x80000001, 0],
    ['RFC 2181 §8: all bits set count as 0', 0xffffffff, 0],
    ['RFC 8767 §4: more than a week counts as a week', 0x7fffffff, 604_800],
  ])('%s', async (_, ttl, expected) => {
    const world = worldSaying({ answer: [`a.test ${ttl} A 192.0.2.1`], authority: [`test ${ttl} NS ns.test`] })
    for (const dnssecOk of [false, true]) {
      const { answer, authority } = await world.ask('a.test', { dnssecOk })
      expect([...answer, ...authority].map((record) => record.ttl)).toEqual([expected, expected])
    }
    expect((await world.ask('a.test')).answer[0]?.ttl).toBe(Math.min(expected, 7200))
  })

  test('a TTL of 0 by its top bit is not kept', async () => {
    const world = worldSaying({ answer: ['a.test 2147483649 A 192.0.2.1'] })
    await world.ask('a.test')
    await world.ask('a.test')
    expect(world.exchanges.length).toBe(2)
  })
})

describe('RFC 2181 §9: of a reply with TC only the header counts', () => {
  const whole = { answer: Array.from({ length: 9 }, (_, i) => `a.test 300 A 192.0.2.${i + 1}`) }

  test.each<[string, (reply: Buffer) => Buffer]>([
    ['cut inside a record', (reply) => reply.subarray(0, reply.length - 7)],
    ['cut inside the fixed part of a record', (reply) => reply.subarray(0, 30)],
    ['cut after the question', (reply) => reply.subarray(0, 24)],
    ['cut after the header', (reply) => Buffer.from(reply.subarray(0, 12)).fill(0, 4)],
  ])('a reply %s was SERVFAIL', async (_, cut) => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
    world.serve('*', ({ channel, wire }) => (channel === 'tcp' ? whole : cut(replyFor(wire, { ...whole, flags: TC }))))
    for (const name of ['a.test', 'a.test']) {
      world.flush() // cold, then with a server that is known
      const reply = await world.ask(name)
      expect(reply.rcode).toBe(RCODE.NOERROR)
      expect(addressesIn(reply).length).toBe(9)
    }
    expect(world.exchanges.map(({ channel }) => channel)).toEqual(['udp', 'tcp', 'udp', 'tcp'])
  })
})

describe('an NXDOMAIN that contradicts what the same server said of the name', () => {
  const SOA = 'test 60 SOA ns.test admin.test 1 2 3 4 60'
  /** A server of containers: it knows IPv4 addresses only, and that nothing else exists. */
  function worldOfContainers(ttl: number): World {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
    world.serve('*', ({ question: { name, type } }) =>
      type === TYPE.A && name === 'box.test'
        ? { answer: [`box.test ${ttl} A 192.0.2.1`] }
        : { rcode: RCODE.NXDOMAIN, authority: [SOA] },
    )
    return world
  }

  function addressesOf(world: World) {
    const request = { name: 'box.test', ifindex: 0, flags: 0, family: AF_UNSPEC }
    return world.run(world.lookups.hostname(request, new AbortController().signal))
  }

  test('R-CACHE-2: AAAA made the whole name vanish once A expired', async () => {
    const world = worldOfContainers(5)
    await world.ask('box.test')
    expect(await world.ask('box.test', { type: 'AAAA' })).toMatchObject({ rcode: RCODE.NOERROR, answer: [] })
    await world.advance(6000)
    expect(addressesIn(await world.ask('box.test'))).toEqual(['192.0.2.1'])
    expect(await world.ask('box.test', { type: 'AAAA' })).toMatchObject({ rcode: RCODE.NOERROR, answer: [] })
  })

  test('AAAA asked first, and again when A has expired', async () => {
    const world = worldOfContainers(5)
    expect((await world.ask('box.test', { type: 'AAAA' })).rcode).toBe(RCODE.NXDOMAIN) // nothing speaks against it yet
    await world.advance(61_000)
    await world.ask('box.test')
    expect((await world.ask('box.test', { type: 'AAAA' })).rcode).toBe(RCODE.NOERROR)
    await world.advance(120_000)
    expect((await world.ask('box.test', { type: 'AAAA' })).rcode).toBe(RCODE.NXDOMAIN)
    expect(addressesIn(await world.ask('box.test'))).toEqual(['192.0.2.1']) // which that says nothing of, from this server
    expect((await world.ask('box.test', { type: 'AAAA' })).rcode).toBe(RCODE.NOERROR)
  })

  test('AAAA asked first made the whole name vanish', async () => {
    const world = worldOfContainers(60)
    expect((await world.ask('box.test', { type: 'AAAA' })).rcode).toBe(RCODE.NXDOMAIN) // the server's word, nobody asked more
    expect((await world.ask('box.test', { type: 'MX' })).rcode).toBe(RCODE.NXDOMAIN)
    expect(world.exchanges).toHaveLength(1) // what denies AAAA denies MX
    expect(await addressesOf(world)).toMatchObject({
      ok: true,
      value: { addresses: [{ address: { text: '192.0.2.1' } }] },
    })
    expect(await world.ask('box.test', { type: 'AAAA' })).toMatchObject({ rcode: RCODE.NOERROR, answer: [] })
    expect(await world.ask('box.test', { type: 'MX' })).toMatchObject({ rcode: RCODE.NOERROR, answer: [] })
  })

  test('a name that does not exist is asked for once by each of A and AAAA, in any order', async () => {
    const world = worldOfContainers(60)
    for (let i = 0; i < 3; i++) for (const type of ['AAAA', 'A']) await world.ask('none.test', { type })
    for (let i = 0; i < 3; i++) for (const type of ['A', 'AAAA']) await world.ask('no.test', { type })
    expect(world.exchanges.map(({ question: { name, type } }) => `${name} ${type}`)).toEqual([
      'none.test 28',
      'none.test 1',
      'no.test 1',
    ])
  })

  test('both asked at once, and NXDOMAIN for AAAA there before the address', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
    world.serve('*', ({ question: { type } }) =>
      type === TYPE.A
        ? { after: 50, reply: { answer: ['box.test 5 A 192.0.2.1'] } }
        : { rcode: RCODE.NXDOMAIN, authority: [SOA] },
    )
    const [address, hosts] = [world.ask('box.test'), addressesOf(world)]
    expect((await world.ask('box.test', { type: 'AAAA' })).rcode).toBe(RCODE.NXDOMAIN)
    await world.advance(50)
    expect(addressesIn(await address)).toEqual(['192.0.2.1'])
    expect(await hosts).toMatchObject({ ok: true, value: { addresses: [{ address: { text: '192.0.2.1' } }] } })
    expect(await world.ask('box.test', { type: 'AAAA' })).toMatchObject({ rcode: RCODE.NOERROR, answer: [] })
    await world.advance(1000)
    expect(addressesIn(await world.ask('box.test'))).toEqual(['192.0.2.1'])
  })

  test('a name that this server gave nothing for does not exist', async () => {
    const world = worldOfContainers(5)
    await world.ask('box.test')
    expect((await world.ask('none.test', { type: 'AAAA' })).rcode).toBe(RCODE.NXDOMAIN)
    expect((await world.ask('none.test')).rcode).toBe(RCODE.NXDOMAIN)
  })

  test('what is gone for A is gone', async () => {
    const world = worldOfContainers(5)
    await world.ask('box.test')
    world.serve('*', () => ({ rcode: RCODE.NXDOMAIN, authority: [SOA] }))
    await world.advance(6000)
    expect((await world.ask('box.test')).rcode).toBe(RCODE.NXDOMAIN)
  })
})
