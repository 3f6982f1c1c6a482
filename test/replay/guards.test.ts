import { describe, expect, test } from 'vitest'
import { AF_INET } from '../../src/base/index.ts'
import { UnicastScope } from '../../src/scope/index.ts'
import {
  cookieIn,
  cookieOption,
  expandName,
  foldQuestion,
  HEADER_SIZE,
  nameOfWire,
  OPTION,
  type Opt,
  parseMessage,
  RCODE,
  textOfWire,
  TYPE,
  withOwnOption,
} from '../../src/wire/index.ts'
import { addressesIn, queryFor, replyFor, type ReplyParts } from '../kit/messages.ts'
import type { Exchange } from '../kit/scripted-transport.ts'
import { type Server, World } from '../kit/world.ts'

const TRUE = '192.0.2.1'
const SERVER_COOKIE = Buffer.alloc(16, 9)
const OPT: Opt = { payloadSize: 1232, extendedRcode: 0, version: 0, dnssecOk: false, options: [] }

/** What a server makes of the bytes of its reply. */
type Quirk = (reply: Buffer, exchange: Exchange) => Buffer

const folds: Quirk = (reply) => {
  foldQuestion(reply)
  return reply
}
/** As RFC 7873 §5.2 has it. */
const givesCookies: Quirk = (reply, { wire }) => {
  const client = cookieIn(wire)?.subarray(0, 8)
  return client === undefined ? reply : withOwnOption(reply, cookieOption(client, SERVER_COOKIE))
}
const asIs: Quirk = (reply) => reply

function serverThat(quirk: () => Quirk, parts: (exchange: Exchange) => ReplyParts = addressOf): Server {
  return (exchange) => {
    const hasEdns = parseMessage(exchange.wire).opt !== undefined
    return quirk()(replyFor(exchange.wire, { ...parts(exchange), ...(hasEdns && { opt: OPT }) }), exchange)
  }
}

function withTcp(tcp: 'answered' | 'refused' | 'silent', server: Server): Server {
  return (exchange) => {
    if (exchange.channel !== 'tcp' || tcp === 'answered') return server(exchange)
    if (tcp === 'refused') exchange.fail('refused')
    return 'silence'
  }
}

const addressOf = ({ question: { name } }: Exchange): ReplyParts => ({ answer: [`${name} 60 A ${TRUE}`] })

function worldWith(server: Server): World {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
  world.serve('*', server)
  return world
}

async function askMany(world: World, count: number, prefix = 'name'): Promise<void> {
  for (let i = 0; i < count; i++) {
    const reply = await world.ask(`${prefix}${i}.bank.test`)
    expect(addressesIn(reply)).toEqual([TRUE])
    expect(reply.question?.name).toBe(`${prefix}${i}.bank.test`)
  }
}

function reportOf(world: World) {
  const scope = world.scopes.all.find((each) => each.ifindex === 2)
  return scope instanceof UnicastScope ? scope.servers(world.clock.now())[0] : undefined
}

/** The messages in the cache. */
function keptBy(world: World): Buffer[] {
  const scope = world.scopes.all.find((each) => each.ifindex === 2) as UnicastScope
  const questions = world.exchanges.map(({ question }) => question)
  return questions.flatMap((question) => scope.cache.lookup(question, '', true, world.clock.now())?.wire ?? [])
}

const spellingOf = ({ wire }: Exchange) => textOfWire(expandName(wire, HEADER_SIZE).wire)
const isMixed = (exchange: Exchange) => /[A-Z]/.test(spellingOf(exchange))

describe('R-SRV-21: the letter case of questions (dns0x20)', () => {
  test('is drawn from the second question on, and what clients see is their own', async () => {
    const world = worldWith(serverThat(() => asIs))
    await askMany(world, 20)
    expect(world.exchanges.map(isMixed)).toEqual([false, ...Array.from({ length: 19 }, () => true)])
    expect(new Set(world.exchanges.map(spellingOf)).size).toBe(20)
    expect(reportOf(world)?.letterCase).toBe('proven')
    for (let i = 0; i < 2; i++) {
      const reply = await world.run(world.send(queryFor('WWW.bank.Test')))
      expect(textOfWire(expandName(reply as Buffer, HEADER_SIZE).wire)).toBe('WWW.bank.Test')
      expect(parseMessage(reply as Buffer).answer.map(({ owner }) => textOfWire(owner))).toEqual(['WWW.bank.Test'])
    }
  })

  test('programs see no drawn letters, nor does what is kept: names that point to the question are folded with it', async () => {
    const target = (name: string) => ({ answer: [`${name} 60 CNAME end.${name}`, `end.${name} 60 A ${TRUE}`] })
    const world = worldWith(
      serverThat(
        () => asIs,
        ({ question: { name } }) => target(name),
      ),
    )
    await askMany(world, 10)
    const request = { ifindex: 0, flags: 0, family: AF_INET, name: 'www.bank.test' } as const
    const found = await world.run(world.lookups.hostname(request, new AbortController().signal))
    expect(found.ok && found.value.canonical).toBe('end.www.bank.test')
    expect(isMixed(world.exchanges.at(-1) as Exchange)).toBe(true)
    for (const wire of keptBy(world)) {
      const { answer } = parseMessage(wire)
      const names = [
        expandName(wire, HEADER_SIZE).wire,
        ...answer.flatMap(({ owner, type, rdata }) => (type === TYPE.CNAME ? [owner, rdata] : [owner])),
      ]
      for (const name of names) expect(textOfWire(name)).toBe(nameOfWire(name))
    }
  })

  test('a server that lower-cases costs nothing: no failure, no second message, no wait', async () => {
    const world = worldWith(serverThat(() => folds))
    const before = world.clock.now()
    await askMany(world, 50)
    expect(world.exchanges.length).toBe(50)
    expect(world.clock.now()).toBe(before)
    expect(reportOf(world)).toMatchObject({ letterCase: 'missing', mismatches: 0, guesses: 0, doubts: [] })
  })

  test('a pool of servers of which some lower-case costs nothing either', async () => {
    let count = 0
    const world = worldWith(serverThat(() => (count++ % 4 === 3 ? folds : asIs)))
    await askMany(world, 50)
    expect(world.exchanges.length).toBe(50)
    expect(reportOf(world)?.mismatches).toBe(0)
  })

  test('a reply in other letters from a server that always repeats them is not believed: TCP decides', async () => {
    const world = worldWith(serverThat(() => asIs))
    await askMany(world, 10)
    world.serve('*', (exchange) => {
      if (exchange.channel === 'tcp') return addressOf(exchange)
      return folds(replyFor(exchange.wire, { answer: [`${exchange.question.name} 60 A 192.0.2.66`] }), exchange)
    })
    world.clearExchanges()
    expect(addressesIn(await world.ask('www.bank.test'))).toEqual([TRUE])
    expect(world.exchanges.map(({ channel }) => channel)).toEqual(['udp', 'tcp'])
    expect(reportOf(world)).toMatchObject({ mismatches: 1, guesses: 0 })
  })

  test.each(['answered', 'refused', 'silent'] as const)(
    'a server that begins to lower-case, TCP being %s, is believed again after two replies',
    async (tcp) => {
      let quirk = asIs
      const world = worldWith(
        withTcp(
          tcp,
          serverThat(() => quirk),
        ),
      )
      await askMany(world, 10)
      quirk = folds
      await askMany(world, 10, 'then')
      world.clearExchanges()
      await askMany(world, 10, 'later')
      expect(world.exchanges.length).toBe(10)
      expect(reportOf(world)).toMatchObject({ letterCase: 'missing', mismatches: 2 })
    },
  )

  test('a server that has no answer to capital letters is asked without', async () => {
    const known = serverThat(() => asIs)
    const world = worldWith((exchange) => (isMixed(exchange) ? 'silence' : known(exchange)))
    await askMany(world, 10)
    expect(reportOf(world)?.letterCase).toBe('off')
    world.clearExchanges()
    await askMany(world, 10, 'later')
    expect(world.exchanges.map(isMixed)).toEqual(Array.from({ length: 10 }, () => false))
  })

  test.each([RCODE.SERVFAIL, RCODE.NXDOMAIN])('so is one that gives error %i to them', async (rcode) => {
    const world = worldWith(
      serverThat(
        () => asIs,
        (exchange) => (isMixed(exchange) ? { rcode } : addressOf(exchange)),
      ),
    )
    for (let i = 0; i < 4; i++) await world.ask(`early${i}.bank.test`)
    expect(reportOf(world)?.letterCase).toBe('off')
    await askMany(world, 10)
  })

  test('a message of a client that validates by itself is relayed in other letters, and comes back in its own', async () => {
    const world = worldWith(serverThat(() => asIs))
    await askMany(world, 10)
    world.clearExchanges()
    const reply = await world.run(world.send(queryFor('Signed.bank.test', { dnssecOk: true, flags: 0x10 })))
    expect(spellingOf(world.exchanges[0] as Exchange)).not.toBe('Signed.bank.test')
    expect(textOfWire(expandName(reply as Buffer, HEADER_SIZE).wire)).toBe('Signed.bank.test')
    expect(parseMessage(reply as Buffer).answer.map(({ owner }) => textOfWire(owner))).toEqual(['Signed.bank.test'])
  })
})

describe('R-SRV-22: cookies toward servers (RFC 7873)', () => {
  const cookiesSent = (world: World) => world.exchanges.map(({ wire }) => cookieIn(wire)?.length ?? 0)

  test('§5.1: a cookie goes out once EDNS is proven, with what the server gave from then on, by UDP alone', async () => {
    const world = worldWith(serverThat(() => givesCookies))
    await askMany(world, 10)
    expect(cookiesSent(world)).toEqual([0, 8, 24, 24, 24, 24, 24, 24, 24, 24])
    expect(reportOf(world)?.cookies).toBe('proven')
    const clients = world.exchanges.slice(1).map(({ wire }) => cookieIn(wire)?.toString('hex', 0, 8))
    expect(new Set(clients).size).toBe(1)
    world.serve('*', (exchange) => (exchange.channel === 'udp' ? { flags: 0x200, opt: OPT } : addressOf(exchange)))
    world.clearExchanges()
    await askMany(world, 1, 'large')
    expect(world.exchanges.map(({ channel, wire }) => [channel, cookieIn(wire)?.length])).toEqual([
      ['udp', 24],
      ['tcp', undefined],
    ])
  })

  test('what is kept has no cookie', async () => {
    const world = worldWith(serverThat(() => givesCookies))
    await askMany(world, 10)
    expect(keptBy(world).length).toBe(10)
    for (const wire of keptBy(world)) expect(cookieIn(wire)).toBeUndefined()
  })

  test('a server without cookies costs nothing', async () => {
    const world = worldWith(serverThat(() => asIs))
    await askMany(world, 50)
    expect(world.exchanges.length).toBe(50)
    expect(reportOf(world)).toMatchObject({ cookies: 'missing', mismatches: 0, doubts: [] })
  })

  test('§5.3: a reply without a cookie from a server that sends them is not believed: TCP decides', async () => {
    const world = worldWith(serverThat(() => givesCookies))
    await askMany(world, 10)
    world.serve('*', (exchange) =>
      exchange.channel === 'tcp'
        ? addressOf(exchange)
        : { answer: [`${exchange.question.name} 60 A 192.0.2.66`], opt: OPT },
    )
    world.clearExchanges()
    expect(addressesIn(await world.ask('www.bank.test'))).toEqual([TRUE])
    expect(world.exchanges.map(({ channel }) => channel)).toEqual(['udp', 'tcp'])
    expect(reportOf(world)?.mismatches).toBe(1)
  })

  test.each(['answered', 'refused', 'silent'] as const)(
    'a server that gives no cookies any more, TCP being %s, is believed again after two replies',
    async (tcp) => {
      let quirk = givesCookies
      const world = worldWith(
        withTcp(
          tcp,
          serverThat(() => quirk),
        ),
      )
      await askMany(world, 10)
      quirk = asIs
      await askMany(world, 10, 'then')
      world.clearExchanges()
      await askMany(world, 10, 'later')
      expect(world.exchanges.length).toBe(10)
      expect(reportOf(world)).toMatchObject({ cookies: 'missing', mismatches: 2 })
    },
  )

  test('§5.3: a reply with a foreign client cookie is never believed, and locks nothing out', async () => {
    const foreign: Quirk = (reply) => withOwnOption(reply, cookieOption(Buffer.alloc(8, 7), SERVER_COOKIE))
    const server = serverThat(() => foreign)
    const world = worldWith((exchange) => {
      if (exchange.channel === 'tcp') exchange.fail('refused')
      else if (cookieIn(exchange.wire) !== undefined) return server(exchange)
      else return { ...addressOf(exchange), opt: OPT }
      return 'silence'
    })
    await askMany(world, 20)
    expect(reportOf(world)).toMatchObject({ cookies: 'off', mismatches: 2 })
  })

  test('§5.3: BADCOOKIE is asked again once with the new cookie', async () => {
    const wants = (exchange: Exchange): ReplyParts =>
      cookieIn(exchange.wire)?.length === 8
        ? { rcode: RCODE.BADCOOKIE, opt: { ...OPT, extendedRcode: RCODE.BADCOOKIE >> 4 } }
        : addressOf(exchange)
    const world = worldWith((exchange) =>
      givesCookies(replyFor(exchange.wire, { opt: OPT, ...wants(exchange) }), exchange),
    )
    await askMany(world, 5)
    expect(cookiesSent(world)).toEqual([0, 8, 24, 24, 24, 24])
    expect(world.exchanges.every(({ channel }) => channel === 'udp')).toBe(true)
  })

  test('§5.3: BADCOOKIE to the new cookie too: TCP', async () => {
    const bad: ReplyParts = { rcode: RCODE.BADCOOKIE, opt: { ...OPT, extendedRcode: RCODE.BADCOOKIE >> 4 } }
    const world = worldWith((exchange) => {
      const hasCookie = cookieIn(exchange.wire) !== undefined
      return givesCookies(replyFor(exchange.wire, hasCookie ? bad : { ...addressOf(exchange), opt: OPT }), exchange)
    })
    await askMany(world, 2)
    expect(world.exchanges.slice(1).map(({ channel }) => channel)).toEqual(['udp', 'udp', 'tcp'])
  })

  test('a server that refuses the option is asked with EDNS and without it from then on', async () => {
    const world = worldWith((exchange) => {
      if (cookieIn(exchange.wire) !== undefined) return { rcode: RCODE.FORMERR }
      return { ...addressOf(exchange), opt: OPT }
    })
    await askMany(world, 10)
    expect(cookiesSent(world).filter((size) => size > 0).length).toBe(1)
    expect(world.exchanges.length).toBe(11)
    expect(reportOf(world)).toMatchObject({ cookies: 'off', edns: 'proven' })
  })

  test('RFC 9018 §3: another address of this machine, another cookie', async () => {
    const world = worldWith(serverThat(() => givesCookies))
    await askMany(world, 5)
    const before = cookieIn((world.exchanges.at(-1) as Exchange).wire)
    world.changeLink({ ifindex: 2, addresses: ['10.2.0.2/24', '10.2.0.77/24'] })
    world.clearExchanges()
    await askMany(world, 2, 'then')
    const [first, second] = world.exchanges.map(({ wire }) => cookieIn(wire))
    expect(first?.length).toBe(8)
    expect(first).not.toEqual(before?.subarray(0, 8))
    expect(second?.subarray(0, 8)).toEqual(first)
  })

  test("§8: a client's cookie reaches no server, and ours and the server's reach no client", async () => {
    const world = worldWith(serverThat(() => givesCookies))
    await askMany(world, 5)
    const cookie = Buffer.alloc(24, 0x55)
    for (const options of [{ dnssecOk: true, flags: 0x10 }, { dnssecOk: true }, { edns: 1232 }]) {
      world.clearExchanges()
      const query = queryFor('www.bank.test', {
        ...options,
        options: [{ code: OPTION.COOKIE, data: cookie }],
      })
      world.flush()
      const reply = await world.run(world.send(query))
      expect(cookieIn(reply as Buffer)).toBeUndefined()
      expect(world.exchanges.length).toBe(1)
      expect(world.exchanges[0]?.wire.includes(cookie)).toBe(false)
      expect(cookieIn((world.exchanges[0] as Exchange).wire)?.length).toBe(24)
    }
  })
})
