import { describe, expect, test } from 'vitest'
import type { TransportErrorCode } from '../../../src/upstream/index.ts'
import {
  CD,
  compose,
  extendedErrorOption,
  flagsOf,
  idOf,
  opcodeOf,
  parseMessage,
  QR,
  RA,
  RCODE,
  RD,
  TC,
  withId,
} from '../../../src/wire/index.ts'
import { addressesIn, replyFor, type ReplyParts } from '../../kit/messages.ts'
import type { Exchange } from '../../kit/scripted-transport.ts'
import { type Server, type ServerAnswer, World } from '../../kit/world.ts'

const FIRST = '10.2.0.1'
const SECOND = '10.2.0.9'
const GOOD: ReplyParts = { answer: ['a.test 300 A 192.0.2.1'] }
const OTHER: ReplyParts = { answer: ['a.test 300 A 192.0.2.2'] }
/** A stub client asks again after 5 s. */
const CLIENT_PATIENCE = 5000

const fails =
  (code: TransportErrorCode): Server =>
  (exchange) => {
    exchange.fail(code)
    return 'silence'
  }
const says = (rcode: number) => () => ({ rcode })
const silent: Server = () => 'silence'
const malformed: Server = ({ wire }) => {
  const reply = replyFor(wire)
  reply.writeUInt16BE(9, 6)
  return reply
}

/** One link with two servers. */
function worldOf(first: Server, second: Server): World {
  const world = new World({ links: [{ ifindex: 2, dns: [FIRST, SECOND] }] })
  world.serve(FIRST, first)
  world.serve(SECOND, second)
  return world
}

/** Reports a bogus answer as resolvers do that validate. */
function bogus({ wire }: Exchange): Buffer {
  const { id, question } = parseMessage(wire)
  const options = [extendedErrorOption({ code: 6, text: '' })]
  const opt = { payloadSize: 1232, extendedRcode: 0, version: 0, dnssecOk: false, options }
  return compose({ id, flags: QR | RD | RA | RCODE.SERVFAIL, question, opt })
}

const order = (world: World) => world.exchanges.map(({ server, channel }) => `${server}/${channel}`)

const reason = async (server: Server) =>
  (await worldOf(server, server).ask('a.test', { edns: 1232 })).extendedError?.code
const hasEdns = (world: World) => world.exchanges.map(({ wire }) => parseMessage(wire).opt !== undefined)
const refusing =
  (rcode: number): Server =>
  ({ wire, question }) =>
    parseMessage(wire).opt === undefined ? { answer: [`${question.name} 1 A 192.0.2.1`] } : { rcode }

describe('failover (R-SRV-4)', () => {
  /** rule, what the first server does, the second, rcode, address, whether the second was asked. */
  const cases: readonly [string, Server, Server, number, string | undefined, boolean][] = [
    ['the first in the list is asked first, and alone', () => GOOD, () => OTHER, 0, '192.0.2.1', false],
    ['a silent server', silent, () => OTHER, 0, '192.0.2.2', true],
    ['REFUSED', says(RCODE.REFUSED), () => OTHER, 0, '192.0.2.2', true],
    ['SERVFAIL', says(RCODE.SERVFAIL), () => OTHER, 0, '192.0.2.2', true],
    ['NOTIMP', says(RCODE.NOTIMP), () => OTHER, 0, '192.0.2.2', true],
    ['FORMERR', says(RCODE.FORMERR), () => OTHER, 0, '192.0.2.2', true],
    ['an unreadable reply', malformed, () => OTHER, 0, '192.0.2.2', true],
    ['port unreachable', fails('refused'), () => OTHER, 0, '192.0.2.2', true],
    ['no route', fails('unreachable'), () => OTHER, 0, '192.0.2.2', true],
    ['an error of the system', fails('io'), () => OTHER, 0, '192.0.2.2', true],
    ['NXDOMAIN is final', says(RCODE.NXDOMAIN), () => OTHER, RCODE.NXDOMAIN, undefined, false],
    ['NODATA is final', () => ({}), () => OTHER, 0, undefined, false],
    ['other rcodes are accepted', says(RCODE.NOTAUTH), () => OTHER, RCODE.NOTAUTH, undefined, false],
    ['SERVFAIL of all', says(RCODE.SERVFAIL), says(RCODE.SERVFAIL), RCODE.SERVFAIL, undefined, true],
    ['REFUSED of all', says(RCODE.REFUSED), says(RCODE.REFUSED), RCODE.REFUSED, undefined, true],
    ['SERVFAIL and silence', says(RCODE.SERVFAIL), silent, RCODE.SERVFAIL, undefined, true],
    ['R-SRV-14: bogus is bogus everywhere', bogus, () => OTHER, RCODE.SERVFAIL, undefined, false],
    ['nobody there', fails('refused'), fails('refused'), RCODE.SERVFAIL, undefined, true],
    ['malformed replies of all', malformed, malformed, RCODE.SERVFAIL, undefined, true],
    ['silence of all', silent, silent, RCODE.SERVFAIL, undefined, true],
  ]

  test.each(cases)('%s', async (_rule, first, second, rcode, address, isSecondAsked) => {
    const world = worldOf(first, second)
    const reply = await world.ask('a.test')
    expect([reply.rcode, addressesIn(reply)[0]]).toEqual([rcode, address])
    expect([order(world)[0], world.asked(SECOND).length > 0]).toEqual([`${FIRST}/udp`, isSecondAsked])
    expect(world.clock.now()).toBeLessThan(CLIENT_PATIENCE)
  })

  test('the cause of a failure is told', async () => {
    expect([await reason(silent), await reason(malformed), await reason(fails('unreachable'))]).toEqual([22, 24, 23])
  })

  test('a slow answer still wins while the next server is asked', async () => {
    const world = worldOf(() => ({ after: 1500, reply: GOOD }), silent)
    expect(addressesIn(await world.ask('a.test'))).toEqual(['192.0.2.1'])
    expect([world.clock.now(), world.asked(SECOND).length > 0]).toEqual([1500, true])
  })

  test('whoever was silent is not waited for again, and comes back', async () => {
    const world = worldOf(silent, ({ question }) => ({ answer: [`${question.name} 1 A 192.0.2.2`] }))
    await world.ask('a.test')
    const started = world.clock.now()
    await world.ask('b.test')
    expect(world.clock.now() - started).toBeLessThan(50)
    world.serve(FIRST, ({ question }) => ({ answer: [`${question.name} 1 A 192.0.2.1`] }))
    await world.advance(600_000)
    expect(addressesIn(await world.ask('c.test'))).toEqual(['192.0.2.1'])
  })

  test('R-SRV-6: the number of messages is bounded, whatever the servers do', async () => {
    for (const server of [
      silent,
      malformed,
      says(RCODE.FORMERR),
      says(RCODE.SERVFAIL),
      fails('timeout'),
      fails('closed'),
    ]) {
      const world = worldOf(server, server)
      await world.ask('a.test')
      expect(world.exchanges.length).toBeLessThanOrEqual(50)
    }
  })

  test('nothing is left of a question that has been answered', async () => {
    const world = worldOf(
      () => ({ after: 5000, reply: GOOD }),
      () => ({ after: 600, reply: OTHER }),
    )
    await world.ask('a.test')
    await world.advance(60_000)
    expect(world.exchanges.filter(({ isOpen }) => isOpen)).toEqual([])
    expect(world.log.filter((line) => line.startsWith('Internal error'))).toEqual([])
  })

  test('a question aborted by its link leaves nothing open', async () => {
    const world = worldOf(silent, silent)
    const reply = world.ask('a.test')
    world.removeLink(2)
    expect((await reply).rcode).toBe(RCODE.REFUSED)
    expect(world.exchanges.filter(({ isOpen }) => isOpen)).toEqual([])
  })
})

describe('truncation (R-SRV-10)', () => {
  const large: ServerAnswer = { flags: TC }

  test.each<[string, Server, number, string[]]>([
    [
      'TC is asked again over TCP',
      ({ channel }) => (channel === 'udp' ? large : GOOD),
      0,
      [`${FIRST}/udp`, `${FIRST}/tcp`],
    ],
    [
      'what the truncated reply held is not used',
      ({ channel }) => (channel === 'udp' ? { ...OTHER, flags: TC } : GOOD),
      0,
      [`${FIRST}/udp`, `${FIRST}/tcp`],
    ],
  ])('%s', async (_rule, first, rcode, expected) => {
    const world = worldOf(first, silent)
    const reply = await world.ask('a.test')
    expect([reply.rcode, addressesIn(reply)]).toEqual([rcode, ['192.0.2.1']])
    expect(order(world)).toEqual(expected)
  })

  test('TC over TCP is no answer: the next server is asked', async () => {
    const world = worldOf(
      () => large,
      () => OTHER,
    )
    expect(addressesIn(await world.ask('a.test'))).toEqual(['192.0.2.2'])
  })

  test('R-SRV-4: no TCP after truncation: the next server is asked', async () => {
    const world = worldOf(
      (exchange) => (exchange.channel === 'udp' ? large : fails('refused')(exchange)),
      () => OTHER,
    )
    expect(addressesIn(await world.ask('a.test'))).toEqual(['192.0.2.2'])
  })

  test('a message too large for a datagram goes over TCP', async () => {
    const world = worldOf((exchange) => (exchange.channel === 'udp' ? fails('too-large')(exchange) : GOOD), silent)
    expect(addressesIn(await world.ask('a.test'))).toEqual(['192.0.2.1'])
    expect(order(world)).toEqual([`${FIRST}/udp`, `${FIRST}/tcp`])
  })
})

describe('EDNS', () => {
  test.each([
    ['FORMERR', RCODE.FORMERR],
    ['NOTIMP', RCODE.NOTIMP],
  ])('RFC 6891 §7: %s to EDNS is asked again without, and remembered', async (_name, rcode) => {
    const world = worldOf(refusing(rcode), silent)
    await world.ask('a.test')
    await world.ask('b.test')
    expect(hasEdns(world)).toEqual([true, false, false])
    await world.advance(3_600_000)
    await world.ask('c.test')
    expect(hasEdns(world)).toEqual([true, false, false, true, false])
  })

  test('R-SRV-16: what was learnt is forgotten on demand', async () => {
    const world = worldOf(refusing(RCODE.FORMERR), silent)
    await world.ask('a.test')
    world.scopes.resetServers()
    await world.ask('b.test')
    expect(hasEdns(world)).toEqual([true, false, true, false])
  })
})

describe('what goes out (R-SRV-7, R-SRV-9)', () => {
  test('RD, one question, EDNS without DO, no CD', async () => {
    const world = worldOf(() => GOOD, silent)
    await world.ask('A.Test', { flags: CD })
    const sent = parseMessage(world.exchanges[0]?.wire as Buffer)
    expect({ flags: sent.flags, question: sent.question, opt: sent.opt }).toMatchObject({
      flags: RD,
      question: { name: 'a.test', type: 1, class: 1 },
      opt: { version: 0, dnssecOk: false, options: [] },
    })
    expect(opcodeOf(world.exchanges[0]?.wire as Buffer)).toBe(0)
    expect(sent.opt?.payloadSize).toBeLessThanOrEqual(1472)
  })

  test('every question has an ID of its own that follows no pattern', async () => {
    const world = worldOf(({ question }) => ({ answer: [`${question.name} 60 A 192.0.2.1`] }), silent)
    for (let i = 0; i < 200; i++) await world.ask(`n${i}.test`)
    const ids = world.exchanges.map(({ wire }) => idOf(wire))
    const steps = ids.slice(1).map((id, i) => id - (ids[i] as number))
    expect(new Set(ids).size).toBeGreaterThan(190)
    expect(new Set(steps).size).toBeGreaterThan(190)
  })

  test('replies that do not belong to the question are passed over', async () => {
    const world = worldOf(silent, silent)
    const accepted: boolean[] = []
    world.transport.script = (exchange) => {
      const reply = replyFor(exchange.wire, GOOD)
      const forged = replyFor(exchange.wire, OTHER)
      const otherName = Buffer.from(forged)
      otherName[13] = 0x62
      const query = Buffer.from(forged)
      query.writeUInt16BE(flagsOf(forged) & ~QR, 2)
      const exchanges = [withId(forged, idOf(forged) ^ 1), otherName, query, forged.subarray(0, 11), reply]
      accepted.push(...exchanges.map((bytes) => exchange.reply(bytes)))
    }
    expect(addressesIn(await world.ask('a.test'))).toEqual(['192.0.2.1'])
    expect(accepted).toEqual([false, false, false, false, true])
  })
})
