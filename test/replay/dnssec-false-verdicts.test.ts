import { describe, expect, test } from 'vitest'
import { FLAG } from '../../src/scope/index.ts'
import { AD, CD, nameOf, RCODE, recordOf, TYPE } from '../../src/wire/index.ts'
import type { Message } from '../../src/wire/index.ts'
import type { Tamper } from '../kit/signed-tree.ts'
import { told, validating } from '../kit/validating-world.ts'

const PROXY = { kind: 'proxy', transport: 'udp' } as const

/** Somebody else's address for the name. */
function forgedAt(name: string): Tamper {
  const rdata = Buffer.from([203, 0, 113, 66])
  return (message, question) => ({
    ...message,
    answer: message.answer.map((record) =>
      question.name === name && record.type === TYPE.A ? Object.assign({}, record, { rdata }) : record,
    ),
  })
}

function withRcode(message: Message, rcode: number): Message {
  const low = (message.flags & ~15) | (rcode & 15)
  return { ...message, rcode, flags: low, ...(message.opt && { opt: { ...message.opt, extendedRcode: rcode >> 4 } }) }
}

/** The aliases alone: whoever asked would have to follow them himself. */
const unfollowed: Tamper = (message, { name }) => ({
  ...message,
  answer: message.answer.filter((record) => record.name === name),
})

describe('false secure', () => {
  test.each([
    [{ flags: AD, listener: PROXY }],
    [{ flags: AD, edns: 1232, listener: PROXY }],
    [{ dnssecOk: true, listener: PROXY }],
    [{ dnssecOk: true }],
  ])('S-CN-1: an alias without its end passed for the whole answer where nobody follows it: %j', async (options) => {
    const { world } = validating(unfollowed)
    expect(told(await world.ask('alias.signed.test', options))).toBe('SERVFAIL ')
  })

  test('where we follow it, the end is asked for', async () => {
    const { world } = validating(unfollowed)
    expect(told(await world.ask('alias.signed.test', { flags: AD }))).toBe('NOERROR AD CNAME A')
  })

  test.each([[{ flags: AD }], [{ dnssecOk: true }]])(
    'S-CN-2: YXDOMAIN in the header of signed data was believed: %j',
    async (options) => {
      const { world } = validating((message, { name }) =>
        name === 'www.signed.test' ? withRcode(message, RCODE.YXDOMAIN) : message,
      )
      expect(told(await world.ask('www.signed.test', options))).toMatch(/^NOERROR AD A/)
    },
  )
})

test.each([
  [{}, 'NOERROR A'],
  [{ edns: 1232 }, 'NOERROR A'],
  [{ flags: AD }, 'NOERROR AD A'],
  [{ dnssecOk: true }, 'NOERROR AD A RRSIG'],
])('S-CLI-1: AD of the proxy is only for those who want to know: %j', async (options, expected) => {
  const { world } = validating()
  expect(told(await world.ask('www.signed.test', { ...options, listener: PROXY }))).toBe(expected)
})

describe('bogus data handed out', () => {
  test('S-CLI-3: the answer that somebody gets who wants no validation was shared with those who do', async () => {
    const { world } = validating(forgedAt('www.signed.test'))
    const both = [world.ask('www.signed.test', { flags: CD }), world.ask('www.signed.test', { flags: AD })]
    expect((await Promise.all(both)).map(told)).toEqual(['NOERROR A', 'SERVFAIL '])
  })

  test('and the other way round', async () => {
    const { world } = validating(forgedAt('www.signed.test'))
    const both = [world.ask('www.signed.test', { flags: AD }), world.ask('www.signed.test', { flags: CD })]
    expect((await Promise.all(both)).map(told)).toEqual(['SERVFAIL ', 'NOERROR A'])
  })

  test.each([{ listener: PROXY }, { listener: PROXY, edns: 1232 }, { dnssecOk: true }])(
    'nor by the proxy or with DO: %j',
    async (options) => {
      const { world } = validating(forgedAt('www.signed.test'))
      const flagsOf = [CD, 0]
      const both = flagsOf.map((flags) => world.ask('www.signed.test', { ...options, flags }))
      expect((await Promise.all(both)).map(told)).toEqual([expect.stringMatching(/^NOERROR A/), 'SERVFAIL '])
    },
  )

  test.each([RCODE.SERVFAIL, RCODE.REFUSED, RCODE.NOTIMP, RCODE.YXDOMAIN, 9, 11, 15, 22, 32, 48, 4080])(
    'S-RES-2: data in a reply with rcode %i',
    async (rcode) => {
      const { world } = validating((message, question) =>
        question.name === 'www.signed.test'
          ? withRcode(forgedAt('www.signed.test')(message, question) as Message, rcode)
          : message,
      )
      for (const options of [{}, { dnssecOk: true }, { listener: PROXY }, { listener: PROXY, dnssecOk: true }]) {
        const reply = await world.ask('www.signed.test', options)
        expect(reply.answer).toEqual([])
        expect(reply.rcode).not.toBe(0)
      }
    },
  )

  test('NXDOMAIN for RRSIG, which needs no proof, was kept for all types of the name', async () => {
    const { world } = validating((message, { type }) => {
      if (type !== TYPE.RRSIG) return message
      const soa = recordOf(
        nameOf('signed.test'),
        TYPE.SOA,
        Buffer.concat([Buffer.from([1, 97, 0, 1, 97, 0]), Buffer.alloc(20, 1)]),
        300,
      )
      return { ...withRcode(message, RCODE.NXDOMAIN), answer: [], authority: [soa] }
    })
    const request = { name: 'www.signed.test', type: TYPE.RRSIG, class: 1, ifindex: 0, flags: 0 }
    await world.run(world.lookups.record(request, new AbortController().signal))
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('NOERROR AD A')
  })

  test('S-CACHE-2: an old answer stood in where another way of asking had found the new one bogus', async () => {
    let isForged = false
    const forged = forgedAt('www.signed.test')
    const { world, tree } = validating((...reply) => (isForged ? forged(...reply) : reply[0]))
    world.change({ settings: { dnssec: 'yes', ...tree.settings, staleRetention: 86_400 } })
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('NOERROR AD A')
    isForged = true
    await world.advance(400_000)
    expect(told(await world.ask('www.signed.test', { dnssecOk: true }))).toBe('SERVFAIL ')
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('SERVFAIL ')
  })
})

describe('false secure by half an answer', () => {
  const DUAL = ['www A 192.0.2.1', 'www AAAA 2001:db8::1']
  const zones = [{ apex: 'test' }, { apex: 'signed.test', records: DUAL }]
  const forgedAaaa: Tamper = (message, { type }) =>
    type === TYPE.AAAA
      ? {
          ...message,
          answer: message.answer.map((record) =>
            record.type === TYPE.AAAA ? { ...record, rdata: Buffer.alloc(16, 1) } : record,
          ),
        }
      : message

  async function flagsOf(tamper?: Tamper) {
    const { world } = validating(tamper, zones)
    const request = { name: 'www.signed.test', family: 0, ifindex: 0, flags: 0 } as const
    const found = await world.run(world.lookups.hostname(request, new AbortController().signal))
    if (!found.ok) throw new Error('nothing was found')
    return { count: found.value.addresses.length, isAuthentic: (found.value.answer.flags & FLAG.AUTHENTICATED) !== 0 }
  }

  test('addresses of both kinds are authentic where both verify', async () => {
    expect(await flagsOf()).toEqual({ count: 2, isAuthentic: true })
  })

  test('S-RES-5, R-MERGE-5: an A that verifies was told as authentic beside an AAAA that is bogus', async () => {
    expect(await flagsOf(forgedAaaa)).toEqual({ count: 1, isAuthentic: false })
  })
})

describe('false secure by a wrong clock', () => {
  test.each([-365, 365])('S-CACHE-5: what was judged by it is not believed when it was set: %i days', async (days) => {
    const { world } = validating()
    world.clock.setWall(days * 86_400_000)
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('SERVFAIL ')
    world.clock.setWall(-days * 86_400_000)
    expect(told(await world.ask('alias.signed.test', { flags: AD }))).toBe('NOERROR AD CNAME A')
    world.clock.setWall(days * 86_400_000)
    expect(told(await world.ask('there.signed.test', { flags: AD }))).toBe('SERVFAIL ')
    expect(told(await world.ask('alias.signed.test', { flags: AD, edns: 1232 }))).toBe('SERVFAIL ')
  })

  test('S-CACHE-5: keys that were verified in the future are looked up anew, not for years', async () => {
    const { world } = validating()
    world.clock.setWall(20 * 86_400_000)
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('NOERROR AD A')
    world.clock.setWall(-20 * 86_400_000)
    world.clearExchanges()
    await world.ask('alias.signed.test')
    expect(world.asked('192.0.2.53')).toContain('signed.test DNSKEY')
  })

  test('a clock that is corrected by less than a minute changes nothing', async () => {
    const { world } = validating()
    await world.ask('www.signed.test', { flags: AD })
    world.clock.setWall(-50_000)
    world.clearExchanges()
    expect(told(await world.ask('alias.signed.test', { flags: AD }))).toBe('NOERROR AD CNAME A')
    expect(world.asked('192.0.2.53')).toEqual(['alias.signed.test A'])
  })
})

describe('false bogus', () => {
  test('a server that follows no aliases failed whoever asked after a client with DO', async () => {
    const { world } = validating(unfollowed)
    expect(told(await world.ask('alias.signed.test', { dnssecOk: true }))).toBe('SERVFAIL ')
    expect(told(await world.ask('alias.signed.test', { flags: AD }))).toBe('NOERROR AD CNAME A')
  })

  test('S-CACHE-2: one forged reply to a refresh ended a proven answer before its time', async () => {
    let isForged = false
    const forged = forgedAt('www.signed.test')
    const { world } = validating((...reply) => (isForged ? forged(...reply) : reply[0]))
    const ask = async () => told(await world.ask('www.signed.test', { flags: AD, edns: 1232 }))
    expect(await ask()).toBe('NOERROR AD A')
    isForged = true
    await world.advance(280_000)
    world.clearExchanges()
    expect([await ask(), await ask()]).toEqual(['NOERROR AD A', 'NOERROR AD A']) // in demand
    await world.advance(5000)
    expect(world.exchanges).not.toEqual([])
    expect(await ask()).toBe('NOERROR AD A')
    await world.advance(30_000)
    expect(await ask()).toBe('SERVFAIL ')
  })
})
