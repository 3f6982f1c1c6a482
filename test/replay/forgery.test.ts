import { describe, expect, test } from 'vitest'
import type { Channel } from '../../src/base/index.ts'
import { UnicastScope } from '../../src/scope/index.ts'
import { RCODE } from '../../src/wire/index.ts'
import { addressesIn, queryFor, replyFor, type ReplyParts } from '../kit/messages.ts'
import type { Exchange } from '../kit/scripted-transport.ts'
import { World } from '../kit/world.ts'

const TRUE = '192.0.2.1'
const FORGED = '192.0.2.66'

describe('R-SRV-7: somebody who guesses', () => {
  test('all 65,536 IDs tried on a known port were believed', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { world, reply } = attacked(seed)
      const [first] = world.exchanges as [Exchange]
      expect(spray(first, 65_536)).toBe(false)
      answerTruly(world, 'tcp')
      expect(addressesIn(await reply)).toEqual([TRUE])
    }
  })

  test('is counted, told once and shown as a doubt about the server', async () => {
    const { world, reply } = attacked(1)
    spray(world.exchanges[0] as Exchange, 100)
    answerTruly(world, 'tcp')
    await reply
    const again = world.send(queryFor('mail.bank.test'))
    await world.advance(0)
    spray(world.exchanges.at(-1) as Exchange, 100)
    answerTruly(world, 'tcp')
    await world.run(again)
    expect(world.log.filter((line) => line.includes('somebody may be guessing')).length).toBe(1)
    expect(reportOf(world)).toMatchObject({ mismatches: 10, guesses: 2 })
    expect(reportOf(world)?.doubts.join()).toContain('2 questions drew replies that do not match')
  })

  test('four messages that do not match are passed over: the right one may still come', async () => {
    const { world, reply } = attacked(1)
    spray(world.exchanges[0] as Exchange, 4)
    answerTruly(world, 'udp')
    expect(addressesIn(await reply)).toEqual([TRUE])
    expect(world.exchanges.length).toBe(1)
  })

  test('where TCP does not work another server is asked, and the guessed one never by UDP again', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1', '10.2.0.2'] }] })
    world.serve('10.2.0.1', (exchange) => {
      if (exchange.channel === 'tcp') exchange.fail('refused')
      else queueMicrotask(() => spray(exchange, 10)) // as any transport: not before it has been sent
      return 'silence'
    })
    world.serve('10.2.0.2', () => ({ after: 3000, reply: { answer: [`www.bank.test 60 A ${TRUE}`] } }))
    expect(addressesIn(await world.ask('www.bank.test'))).toEqual([TRUE])
    const toFirst = world.exchanges.filter(({ server, isProbe }) => server === '10.2.0.1' && !isProbe)
    expect(toFirst.map(({ channel }) => channel)).toEqual(['udp', 'tcp'])
  })

  test('no more than three messages to one server may be answered at a time', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
    let most = 0
    world.serve('*', () => {
      const open = world.exchanges.filter(({ isOpen, isProbe }) => isOpen && !isProbe)
      most = Math.max(most, open.length)
      return 'silence'
    })
    await world.ask('www.bank.test')
    expect(world.exchanges.filter(({ isProbe }) => !isProbe).length).toBeGreaterThan(3)
    expect(most).toBe(3)
  })

  test('where no port is left that nobody can guess, the question goes by TCP', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
    world.serve('*', (exchange) => {
      if (exchange.channel === 'udp') exchange.fail('no-port')
      return { answer: [`www.bank.test 60 A ${TRUE}`] }
    })
    expect(addressesIn(await world.ask('www.bank.test'))).toEqual([TRUE])
    expect(world.exchanges.map(({ channel }) => channel)).toEqual(['udp', 'tcp'])
  })
})

/** A world in which a client has just asked, and the server is slow. */
function attacked(seed: number) {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }], seed })
  return { world, reply: world.ask('www.bank.test') }
}

/** Every ID from a random one on; whether one was believed. */
function spray(exchange: Exchange, guesses: number): boolean {
  const forged = replyFor(exchange.wire, { answer: [`${exchange.question.name} 300 A ${FORGED}`] })
  const start = exchange.wire.readUInt16BE(0) + 100
  for (let i = 0; i < guesses; i++) {
    forged.writeUInt16BE((start + i) & 0xffff, 0)
    if (exchange.reply(forged)) return true
  }
  return false
}

function answerTruly(world: World, channel: Channel): void {
  const exchange = world.exchanges.at(-1) as Exchange
  expect(exchange).toMatchObject({ channel, isOpen: true })
  exchange.reply(replyFor(exchange.wire, { answer: [`${exchange.question.name} 60 A ${TRUE}`] }))
}

function reportOf(world: World) {
  const scope = world.scopes.all.find((each) => each.ifindex === 2)
  return scope instanceof UnicastScope ? scope.servers(world.clock.now())[0] : undefined
}

describe('R-CNAME-6: one reply teaches nothing of other names', () => {
  const victim = `www.bank.test 300 A ${FORGED}`
  const own = 'a.poison.test 300 A 192.0.2.2'
  test.each<[string, ReplyParts]>([
    ['the target of an alias', { answer: ['a.poison.test 300 CNAME www.bank.test', victim] }],
    ['a longer chain', { answer: ['a.poison.test 300 CNAME b.test', 'b.test 300 CNAME www.bank.test', victim] }],
    ['a chain told backwards', { answer: [victim, 'a.poison.test 300 CNAME www.bank.test'] }],
    ['a record beside the answer', { answer: [own, victim] }],
    ['in the authority section', { answer: [own], authority: [victim] }],
    ['in the additional section', { answer: [own], additional: [victim] }],
    ['glue', { answer: [own], authority: ['bank.test 300 NS www.bank.test'], additional: [victim] }],
    [
      'the alias of another name',
      { answer: [own, 'www.bank.test 300 CNAME x.evil.test', 'x.evil.test 300 A 192.0.2.66'] },
    ],
    ['a wildcard', { answer: [own, `*.bank.test 300 A ${FORGED}`] }],
    ['a DNAME of the top-level domain', { answer: ['test 300 DNAME evil.test', `a.poison.evil.test 300 A ${FORGED}`] }],
    [
      'the same with its CNAME',
      {
        answer: [
          'test 300 DNAME evil.test',
          'a.poison.test 300 CNAME a.poison.evil.test',
          `a.poison.evil.test 300 A ${FORGED}`,
        ],
      },
    ],
    ['a DNAME of the root', { answer: ['. 7200 DNAME evil.test', 'a.poison.test.evil.test 300 A 192.0.2.66'] }],
    ['a DNAME beside the answer', { answer: [own, 'bank.test 300 DNAME evil.test'] }],
    ['a DNAME on the way', { answer: ['a.poison.test 300 CNAME www.bank.test', 'bank.test 300 DNAME evil.test'] }],
    ['a DNAME to the name', { answer: ['poison.test 300 DNAME bank.test', `a.bank.test 300 A ${FORGED}`] }],
    [
      'a service that points to it',
      { answer: [own, '_x._tcp.a.test 9 SRV 0 0 1 www.bank.test'], additional: [victim] },
    ],
    [
      'NXDOMAIN at the end of a chain',
      {
        rcode: RCODE.NXDOMAIN,
        answer: ['a.poison.test 300 CNAME www.bank.test'],
        authority: ['bank.test 300 SOA ns.test h.test 1 2 3 4 300'],
      },
    ],
    ['NXDOMAIN of a zone above', { rcode: RCODE.NXDOMAIN, authority: ['test 300 SOA ns.test h.test 1 2 3 4 300'] }],
  ])('%s', async (_, parts) => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
    world.serve('*', ({ question }) =>
      question.name === 'a.poison.test' ? parts : { answer: [`${question.name} 60 A ${TRUE}`] },
    )
    for (let asked = 0; asked < 2; asked++) await world.ask('a.poison.test')
    for (const name of ['www.bank.test', 'a.bank.test', 'other.test', 'x.www.bank.test']) {
      expect(addressesIn(await world.ask(name))).toEqual([TRUE])
    }
  })

  test('nor does a DNAME that a client asked for by itself', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
    world.serve('*', ({ question }) => ({
      answer: [question.name === 'bank.test' ? 'bank.test 300 DNAME evil.test' : `${question.name} 60 A ${TRUE}`],
    }))
    await world.ask('bank.test', { type: 'DNAME' })
    expect(addressesIn(await world.ask('www.bank.test'))).toEqual([TRUE])
  })

  test('a DNAME above the domain that the server is asked for teaches nothing', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'], domains: ['~corp.bank.test'] }] })
    world.serve('*', () => ({ answer: ['bank.test 300 DNAME evil.test', `www.corp.evil.test 300 A ${FORGED}`] }))
    expect((await world.ask('www.corp.bank.test')).answer).toEqual([])
  })

  test('a server is believed as far as it is asked: what leaves its domain is asked of others', async () => {
    const world = new World({
      links: [
        { ifindex: 2, dns: ['10.2.0.1'] },
        { ifindex: 3, dns: ['10.3.0.1'], domains: ['~corp.test'] },
      ],
    })
    world.serve('10.3.0.1', () => ({ answer: ['wiki.corp.test 300 CNAME www.bank.test', victim] }))
    world.serve('10.2.0.1', () => ({ answer: [`www.bank.test 60 A ${TRUE}`] }))
    for (let asked = 0; asked < 3; asked++) expect(addressesIn(await world.ask('wiki.corp.test'))).toEqual([TRUE])
  })
})
