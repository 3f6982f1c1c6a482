import { describe, expect, test } from 'vitest'
import type { Channel } from '../../src/base/index.ts'
import { UnicastScope } from '../../src/scope/index.ts'
import { addressesIn, queryFor, replyFor } from '../kit/messages.ts'
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
