import { describe, expect, test, vi } from 'vitest'
import { IpAddress } from '../../src/base/index.ts'
import type { Query, QueryClient } from '../../src/resolve/index.ts'
import { Admission } from '../../src/resolve/admission.ts'
import type { Sender } from '../../src/stub/index.ts'
import { CLASS, nameOf, parseMessage, RCODE, TYPE } from '../../src/wire/index.ts'
import { addressesIn, queryFor } from '../kit/messages.ts'
import { World } from '../kit/world.ts'

vi.setConfig({ testTimeout: 60_000 })

const at = (port: number) => ({ door: 'udp' as const, key: `127.0.0.1 ${port}` })

function queryOf(i: number): Omit<Query, 'relayed' | 'patienceForRest'> {
  return { name: nameOf(`n${i}.test`), types: [TYPE.A], class: CLASS.IN, flags: 0, ifindex: 0 }
}

describe('R-ORDER-5: places for queries under way', () => {
  const program = (pid: number) => ({ door: 'varlink' as const, identity: { uid: 1000, pid, process: 'p' } })
  const enterAll = (admission: Admission, client: QueryClient) => {
    let count = 0
    while (admission.enter(client) !== undefined) count++
    return count
  }

  test('one client gets half of them, the next half of the rest', () => {
    const admission = new Admission(120)
    expect([1, 2, 3].map((pid) => enterAll(admission, program(pid)))).toEqual([60, 30, 15])
  })

  test('so do clients of the stub, of three quarters', () => {
    const admission = new Admission(120)
    expect([1, 2, 3].map((port) => enterAll(admission, at(port)))).toEqual([45, 23, 11])
  })

  test('a port for each question: the stub may be full then, and never the rest', () => {
    const admission = new Admission(120)
    let entered = 0
    for (let port = 1; port < 1000; port++) if (admission.enter(at(port)) !== undefined) entered++
    expect(entered).toBe(90)
    expect(enterAll(admission, program(1))).toBe(15)
    expect(enterAll(admission, program(2))).toBeGreaterThan(0)
  })

  test('there is room again as soon as one leaves', () => {
    const admission = new Admission(6)
    const [first] = [admission.enter(at(1)), admission.enter(at(1))]
    expect(admission.enter(at(1))).toBeUndefined()
    expect(admission.enter(at(2))).toBeDefined()
    first?.[Symbol.dispose]()
    expect(admission.enter(at(1))).toBeDefined()
  })
})

test('a flood of one client: it is refused at once, what is cached goes on, and others are served', async () => {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }], memo: false })
  world.serve('*', ({ question }) =>
    question.name.startsWith('flood') ? 'silence' : { answer: [`${question.name} 60 A 192.0.2.1`] },
  )
  await world.ask('known.test')
  const from = senderAt('127.0.0.1', 4000)
  const { signal } = new AbortController()
  const door = { kind: 'main', transport: 'udp' } as const
  const ask = (name: string, sender = from) =>
    world.responder.respond(queryFor(name, { edns: 1232 }), door, signal, sender)
  const flood = Array.from({ length: 1024 }, (_, i) => ask(`flood${i}.test`))
  const startedAt = world.clock.now()
  const refused = parseMessage((await world.run(ask('one-more.test'))) ?? Buffer.alloc(0))
  expect(refused).toMatchObject({ rcode: RCODE.SERVFAIL, extendedError: { code: 14 } })
  expect(addressesIn(parseMessage((await world.run(ask('known.test'))) ?? Buffer.alloc(0)))).toEqual(['192.0.2.1'])
  const other = await world.run(ask('other.test', senderAt('127.0.0.1', 4001)))
  expect(addressesIn(parseMessage(other ?? Buffer.alloc(0)))).toEqual(['192.0.2.1'])
  expect(world.clock.now()).toBe(startedAt)
  await world.run(Promise.all(flood))
  expect(world.clock.now() - startedAt).toBeLessThanOrEqual(4500)
})

test('a flood from a port for each question: programs that can be told apart are served, the flood is refused at once', async () => {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }], memo: false })
  world.serve('*', ({ question }) =>
    question.name.startsWith('flood') ? 'silence' : { answer: [`${question.name} 60 A 192.0.2.1`] },
  )
  await world.ask('known.test')
  const { signal } = new AbortController()
  const door = { kind: 'main', transport: 'udp' } as const
  const flood = Array.from({ length: 4000 }, (_, i) =>
    world.responder.respond(queryFor(`flood${i}.test`, { edns: 1232 }), door, signal, senderAt('127.0.0.1', 2000 + i)),
  )
  const startedAt = world.clock.now()
  const client = { door: 'varlink', identity: { uid: 1000, pid: 7, process: 'polite' } } as const
  for (let i = 0; i < 20; i++) {
    const request = { name: `polite${i}.test`, family: 2, ifindex: 0, flags: 0, client } as const
    expect((await world.run(world.lookups.hostname(request, signal))).ok).toBe(true)
  }
  expect(addressesIn(await world.ask('known.test'))).toEqual(['192.0.2.1'])
  expect(world.clock.now()).toBe(startedAt)
  const replies = (await world.run(Promise.all(flood))).map((reply) => parseMessage(reply ?? Buffer.alloc(0)))
  expect(replies.every(({ rcode }) => rcode === RCODE.SERVFAIL)).toBe(true)
  expect(replies.filter(({ extendedError }) => extendedError?.code === 14).length).toBe(4000 - 1536)
})

describe('offline is a state', () => {
  test('programs are told at once to try again later, and get answers within a second of the servers coming back', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1', '10.2.0.2'] }] })
    const { signal } = new AbortController()
    const lookUp = (name: string) =>
      world.run(world.lookups.hostname({ name, family: 2, ifindex: 0, flags: 0 }, signal))
    world.serve('*', () => 'silence')
    await lookUp('first.test')
    const startedAt = world.clock.now()
    const failed = await lookUp('second.test')
    expect(world.clock.now() - startedAt).toBeLessThanOrEqual(600)
    // QueryTimedOut on bus and varlink, which libnss_resolve takes for TRY_AGAIN.
    expect(failed).toMatchObject({ ok: false, failure: { kind: 'timeout' } })
    world.serve('*', ({ question }) => ({ answer: [`${question.name} 60 A 192.0.2.1`] }))
    await world.advance(1000)
    const backAt = world.clock.now()
    expect((await lookUp('third.test')).ok).toBe(true)
    expect(world.clock.now()).toBe(backAt)
  })

  test('a link that goes: its names fail at once; when it is back, the first question is answered', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
    world.serve('*', ({ question }) => ({ after: 20, reply: { answer: [`${question.name} 60 A 192.0.2.1`] } }))
    await world.ask('first.test')
    world.changeLink({ ifindex: 2, isUp: false })
    const startedAt = world.clock.now()
    expect((await world.ask('second.test')).rcode).not.toBe(RCODE.NOERROR)
    expect(world.clock.now()).toBe(startedAt)
    world.changeLink({ ifindex: 2, isUp: true })
    expect(addressesIn(await world.ask('third.test'))).toEqual(['192.0.2.1'])
    expect(world.clock.now() - startedAt).toBe(20)
  })
})

describe('R-MERGE-1, better: A never waits for AAAA', () => {
  test('programs get the addresses of one family 50 ms later at the most', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1', '10.2.0.2'] }] })
    world.serve('*', ({ question }) =>
      question.type === TYPE.AAAA ? 'silence' : { after: 20, reply: { answer: ['a.test 60 A 192.0.2.1'] } },
    )
    const { signal } = new AbortController()
    const startedAt = world.clock.now()
    const found = await world.run(world.lookups.hostname({ name: 'a.test', family: 0, ifindex: 0, flags: 0 }, signal))
    expect(found.ok).toBe(true)
    expect(world.clock.now() - startedAt).toBe(70)
  })

  test('nor does it on the stub, and a black hole for AAAA does not count against the servers', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1', '10.2.0.2'] }], memo: false })
    world.serve('*', ({ question }) =>
      question.type === TYPE.AAAA ? 'silence' : { after: 20, reply: { answer: [`${question.name} 60 A 192.0.2.1`] } },
    )
    await world.ask('first.test')
    for (let i = 0; i < 20; i++) {
      const aaaa = world.send(queryFor(`n${i}.test`, { type: 'AAAA' }))
      const startedAt = world.clock.now()
      await world.ask(`n${i}.test`)
      expect(world.clock.now() - startedAt).toBe(20)
      await world.run(aaaa)
    }
    expect(world.scopes.all[1]?.upstreams.current?.label).toContain('10.2.0.1')
  })
})

test('no server answers: a flood of questions costs a few messages, and each fails at once', async () => {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1', '10.2.0.2'] }] })
  const ask = (i: number) => world.resolve({ ...queryOf(i), relayed: undefined, patienceForRest: undefined })
  await ask(0)
  world.clearExchanges()
  const startedAt = world.clock.now()
  const all = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(i + 1)))
  expect(new Set(all.map(({ state }) => state))).toEqual(new Set(['timeout']))
  expect(world.clock.now() - startedAt).toBeLessThanOrEqual(600)
  expect(world.exchanges.length).toBeLessThan(80)
  world.serve('*', () => ({ answer: ['b.test 60 A 192.0.2.1'] }))
  expect(addressesIn(await world.ask('b.test'))).toEqual(['192.0.2.1'])
})

function senderAt(address: string, port: number): Sender {
  return { address: IpAddress.of(address), port, isLoopback: address.startsWith('127.'), key: `${address} ${port}` }
}
