import { describe, expect, test, vi } from 'vitest'
import { IpAddress } from '../../src/base/index.ts'
import type { Query, QueryClient } from '../../src/resolve/index.ts'
import { Admission } from '../../src/resolve/admission.ts'
import type { OwnerOf, Sender, SocketOwner } from '../../src/stub/index.ts'
import { CLASS, nameOf, parseMessage, RCODE, TYPE } from '../../src/wire/index.ts'
import { addressesIn, queryFor } from '../kit/messages.ts'
import { World } from '../kit/world.ts'

vi.setConfig({ testTimeout: 60_000 })

function queryOf(i: number): Omit<Query, 'relayed' | 'patienceForRest'> {
  return { name: nameOf(`n${i}.test`), types: [TYPE.A], class: CLASS.IN, flags: 0, ifindex: 0 }
}

describe('R-ORDER-5: places for queries under way', () => {
  const stub = (quotaGroups: () => readonly string[]) => ({ via: 'udp' as const, quotaGroups })
  const NEVER = () => ['?']
  const ports = () => {
    let last = 0
    return () => `${++last}`
  }
  /** Of 96 places that the stub has, the free half is gone. */
  const pressed = () => {
    const admission = new Admission(128)
    for (let i = 0; i < 48; i++) admission.enter(stub(NEVER))
    return admission
  }
  const program = (pid: number) => ({ via: 'varlink' as const, identity: { uid: 1000 + pid, pid, process: 'p' } })
  const enterAll = (admission: Admission, client: QueryClient) => {
    let count = 0
    while (admission.enter(client) !== undefined) count++
    return count
  }

  test('one program of a user gets a third of them, the next of another user a third of the rest', () => {
    const admission = new Admission(120)
    expect([1, 2, 3].map((pid) => enterAll(admission, program(pid)))).toEqual([40, 27, 18])
  })

  test('the first half of what the stub has is for whoever comes, and nobody is looked for', () => {
    const admission = new Admission(128)
    for (let i = 0; i < 48; i++) expect(admission.enter(stub(NEVER))).toBeDefined()
    let looks = 0
    admission.enter(stub(() => [`${++looks}`]))
    expect(looks).toBe(1)
  })

  test.each<[string, () => readonly string[], number]>([
    ['one circle: half of the rest', () => ['uid 1'], 24],
    ['two circles, as a program of a user: a third', () => ['uid 1', 'uid 1 cgroup 1'], 16],
    ['three, as one socket of it: a quarter', () => ['uid 1', 'uid 1 cgroup 1', 'port 1'], 12],
    ['unknown users are like one', NEVER, 24],
  ])('R-ORDER-5: %s', (_, quotaGroups, expected) => {
    const admission = pressed()
    expect(enterAll(admission, stub(quotaGroups))).toBe(expected)
    expect(
      enterAll(
        admission,
        stub(() => ['uid 2', 'uid 2 cgroup 1', 'port 2']),
      ),
    ).toBeGreaterThan(0)
  })

  test('a port for each question, or a group for each: it is all of one user, and others have room', () => {
    const admission = pressed()
    const port = ports()
    expect(
      enterAll(
        admission,
        stub(() => ['uid 1', 'uid 1 cgroup 1', port()]),
      ),
    ).toBe(16)
    expect(
      enterAll(
        admission,
        stub(() => ['uid 1', 'uid 1 cgroup 2', port()]),
      ),
    ).toBe(6)
    expect(
      enterAll(
        admission,
        stub(() => ['uid 1', port(), port()]),
      ),
    ).toBe(2)
    expect(
      enterAll(
        admission,
        stub(() => ['uid 2', 'uid 2 cgroup 1', port()]),
      ),
    ).toBe(8)
    expect(
      enterAll(
        admission,
        stub(() => ['192.0.2.7', port()]),
      ),
    ).toBeGreaterThan(0)
  })

  test('an address for each question: the stub may be full then, and never the rest', () => {
    const admission = new Admission(128)
    const address = ports()
    expect(
      enterAll(
        admission,
        stub(() => [address(), address()]),
      ),
    ).toBe(96)
    expect(enterAll(admission, program(1))).toBe(11)
    expect(enterAll(admission, program(2))).toBeGreaterThan(0)
  })

  test('the stub gets what programs on bus and varlink have left', () => {
    const admission = new Admission(128)
    for (const pid of [1, 2, 3, 4]) enterAll(admission, program(pid))
    expect(enterAll(admission, stub(NEVER))).toBe(24)
    expect(enterAll(admission, program(5))).toBe(0)
  })

  test('one user on varlink or the bus, however many programs: others have room, and root whatever happens', () => {
    const admission = new Admission(128)
    const ofOneUser = (pid: number) => ({ via: 'varlink' as const, identity: { uid: 1000, pid, process: 'p' } })
    let got = 0
    for (let pid = 1; pid <= 500; pid++) got += enterAll(admission, ofOneUser(pid))
    expect(got).toBeLessThanOrEqual(64)
    expect(enterAll(admission, { via: 'bus', busName: ':1.5', identity: { uid: 1001, pid: 1, process: 'p' } })).toBe(22)
    for (let uid = 2000; uid < 2500; uid++) {
      const identity = { uid, pid: uid, process: 'p' }
      enterAll(admission, { via: 'varlink', identity })
    }
    const root = { via: 'varlink' as const, identity: { uid: 0, pid: 1, process: 'p' } }
    expect(enterAll(admission, root)).toBeGreaterThanOrEqual(64)
  })

  test('there is room again as soon as one leaves', () => {
    const admission = pressed()
    const user = stub(() => ['uid 1'])
    const first = admission.enter(user)
    enterAll(admission, user)
    first?.[Symbol.dispose]()
    expect(enterAll(admission, user)).toBe(1)
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
  const listener = { kind: 'main', transport: 'udp' } as const
  const ask = (name: string, sender = from) =>
    world.responder.respond(queryFor(name, { edns: 1232 }), listener, signal, sender)
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

describe('a flood from a port for each question, at servers that do not answer it', () => {
  const { signal } = new AbortController()
  const listener = { kind: 'main', transport: 'udp', at: { address: IpAddress.of('127.0.0.53'), port: 53 } } as const
  const flooder = { uid: 1000, cgroup: 'flood' }

  /** Whoever asks from a port below 2000 is one of `others`; the flood is of `owner`. */
  async function flooded(owner: SocketOwner | undefined, others: Readonly<Record<number, SocketOwner>> = {}) {
    let looks = 0
    const ownerOf: OwnerOf = ({ port }, server) => {
      expect(server).toBe(listener.at)
      looks++
      return port < 2000 ? others[port] : owner
    }
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }], memo: false, ownerOf })
    world.serve('*', ({ question }) =>
      question.name.startsWith('flood') ? 'silence' : { answer: [`${question.name} 60 A 192.0.2.1`] },
    )
    await world.ask('known.test')
    const ask = (name: string, sender: Sender) =>
      world.responder.respond(queryFor(name, { edns: 1232 }), listener, signal, sender)
    const flood = Array.from({ length: 4000 }, (_, i) => ask(`flood${i}.test`, senderAt('127.0.0.1', 2000 + i)))
    /** Whether names nobody asked for before are answered, at once. */
    const isServed = async (sender: Sender) => {
      const startedAt = world.clock.now()
      for (let i = 0; i < 20; i++) {
        const reply = parseMessage(
          (await world.run(ask(`n${i}-${sender.port}-${sender.address.family}.test`, sender))) ?? Buffer.alloc(0),
        )
        if (addressesIn(reply).length === 0) return false
      }
      return world.clock.now() === startedAt
    }
    /** How many were refused. */
    const refused = async () => {
      const replies = (await world.run(Promise.all(flood))).map((reply) => parseMessage(reply ?? Buffer.alloc(0)))
      expect(replies.every(({ rcode }) => rcode === RCODE.SERVFAIL)).toBe(true)
      return replies.filter(({ extendedError }) => extendedError?.code === 14).length
    }
    return { world, isServed, refused, looks: () => looks }
  }

  test('others get answers on the stub: other users, other programs of the user, other machines, unknown ones', async () => {
    const { world, isServed, refused, looks } = await flooded(flooder, {
      1001: { uid: 1001, cgroup: 'flood' },
      1002: { uid: 1000, cgroup: 'browser' },
    })
    expect(await isServed(senderAt('127.0.0.1', 1001))).toBe(true)
    expect(await isServed(senderAt('127.0.0.1', 1002))).toBe(true)
    expect(await isServed(senderAt('127.0.0.1', 1003))).toBe(true)
    expect(await isServed(senderAt('192.0.2.9', 4000))).toBe(true)
    expect(await isServed(senderAt('2001:db8::9', 4000))).toBe(true)
    expect(await isServed(senderAt('127.0.0.1', 2000))).toBe(false)
    expect(addressesIn(await world.ask('known.test'))).toEqual(['192.0.2.1'])
    expect(looks()).toBe(4000 - 768 + 1 + 1 + 1 + 1) // one for each socket
    expect(await refused()).toBe(4000 - 768 - 256)
  })

  test('where nobody can tell whose sockets are, programs that use bus or varlink get answers', async () => {
    const { world, isServed, refused } = await flooded(undefined)
    const client = { via: 'varlink', identity: { uid: 1000, pid: 7, process: 'polite' } } as const
    const request = { name: 'polite.test', family: 2, ifindex: 0, flags: 0, client } as const
    const startedAt = world.clock.now()
    expect((await world.run(world.lookups.hostname(request, signal))).ok).toBe(true)
    expect(await isServed(senderAt('127.0.0.1', 1001))).toBe(false)
    expect(addressesIn(await world.ask('known.test'))).toEqual(['192.0.2.1'])
    expect(world.clock.now()).toBe(startedAt)
    expect(await refused()).toBe(4000 - 768 - 384)
  })

  test('nobody is looked for while there is plenty, nor any more afterwards', async () => {
    const { isServed, refused, looks } = await flooded(flooder)
    await refused()
    const before = looks()
    expect(await isServed(senderAt('127.0.0.1', 2000))).toBe(true)
    expect(looks()).toBe(before)
  })
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
    expect(world.scopes.unicast[1]?.upstreams.current?.label).toContain('10.2.0.1')
  })
})

test('R-SRV-20: no server answers: a flood of questions costs a few messages, and each fails at once', async () => {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1', '10.2.0.2'] }] })
  const ask = (i: number) => world.resolve({ ...queryOf(i), relayed: undefined, patienceForRest: undefined })
  await ask(0)
  world.clearExchanges()
  const startedAt = world.clock.now()
  const all = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(i + 1)))
  expect(new Set(all.map(({ answer }) => answer.state))).toEqual(new Set(['timeout']))
  expect(world.clock.now() - startedAt).toBeLessThanOrEqual(600)
  expect(world.exchanges.length).toBeLessThan(80)
  world.serve('*', () => ({ answer: ['b.test 60 A 192.0.2.1'] }))
  expect(addressesIn(await world.ask('b.test'))).toEqual(['192.0.2.1'])
})

function senderAt(address: string, port: number): Sender {
  return { address: IpAddress.of(address), port, isLoopback: address.startsWith('127.'), key: `${address} ${port}` }
}
