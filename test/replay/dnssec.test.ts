import { describe, expect, test } from 'vitest'
import { AD, CD, hasFlag, parseMessage, RCODE, TYPE } from '../../src/wire/index.ts'
import { leakWarnings } from '../kit/leak-warnings.ts'
import type { Tamper } from '../kit/signed-tree.ts'
import { SERVER, told, validating } from '../kit/validating-world.ts'

describe('a resolver that validates', () => {
  test.each([
    ['www.signed.test', 'NOERROR AD A'],
    ['none.signed.test', 'NXDOMAIN AD '],
    ['none.other.test', 'NXDOMAIN AD '],
    ['alias.signed.test', 'NOERROR AD CNAME A'],
    ['there.signed.test', 'NOERROR AD CNAME A'],
    ['away.signed.test', 'NOERROR CNAME A'],
    ['www.plain.test', 'NOERROR A'],
    ['none.plain.test', 'NXDOMAIN '],
  ])('S-CLI-1: %s: %s', async (name, expected) => {
    const { world } = validating()
    expect(told(await world.ask(name, { flags: AD }))).toBe(expected)
    expect(told(await world.ask(name, { flags: AD }))).toBe(expected)
  })

  test.each([
    ['www.signed.test', 'www.plain.test'],
    ['www.plain.test', 'www.signed.test'],
  ])(
    'an answer of the same second lent its authenticity to others in the cache: %s, then %s',
    async (first, second) => {
      const { world } = validating()
      const cold = [await world.ask(first, { flags: AD }), await world.ask(second, { flags: AD })].map(told)
      const another = { flags: AD, edns: 1232 } // in another shape: from the cache, not replayed from memory
      const warm = [await world.ask(first, another), await world.ask(second, another)].map(told)
      expect(cold.toSorted()).toEqual(['NOERROR A', 'NOERROR AD A'])
      expect(warm).toEqual(cold)
    },
  )

  test('S-CLI-1: AD only for those who want to know', async () => {
    const { world } = validating()
    expect(told(await world.ask('www.signed.test'))).toBe('NOERROR A')
  })

  test('S-CLI-2: signatures for those who ask for them', async () => {
    const { world } = validating()
    expect(told(await world.ask('www.signed.test', { dnssecOk: true }))).toBe('NOERROR AD A RRSIG')
  })

  test('S-CLI-4: the proxy validates for those who do not ask for signatures', async () => {
    const { world } = validating()
    const listener = { kind: 'proxy', transport: 'udp' } as const
    const reply = await world.ask('www.signed.test', { flags: AD, edns: 1232, listener })
    expect(told(reply)).toBe('NOERROR AD A')
    expect(reply.opt?.dnssecOk).toBe(false)
    expect(told(await world.ask('none.signed.test', { flags: AD, listener }))).toBe('NXDOMAIN AD ')
  })

  test('S-MODE-4: signatures are asked for, and what the server itself finds bogus', async () => {
    const { world } = validating()
    await world.ask('www.signed.test')
    expect(world.asked(SERVER)).toContain('www.signed.test A')
    for (const { wire } of world.exchanges) {
      expect(parseMessage(wire).opt?.dnssecOk).toBe(true)
      expect(hasFlag(wire, CD)).toBe(true)
    }
  })

  test('S-WALK-6: one question for one answer once the chain is known', async () => {
    const { world } = validating()
    await world.ask('www.signed.test')
    world.clearExchanges()
    await world.ask('none.signed.test')
    expect(world.asked(SERVER)).toEqual(['none.signed.test A'])
  })

  test('many validations that give way to others at once: Node warned of a leak', async () => {
    const warnings = leakWarnings()
    const { world } = validating()
    const replies = await Promise.all(
      Array.from({ length: 30 }, (_, i) => world.ask(`n${i}.signed.test`, { flags: AD })),
    )
    expect(new Set(replies.map(told))).toEqual(new Set(['NXDOMAIN AD ']))
    expect(warnings).toEqual([])
  })

  test('S-ASK-1: chains asked for at the same time are asked for once', async () => {
    const { world } = validating()
    await Promise.all([world.ask('www.signed.test'), world.ask('none.signed.test'), world.ask('alias.signed.test')])
    const asked = world.asked(SERVER)
    expect(asked).toEqual([...new Set(asked)])
  })
})

describe('what somebody on the way does', () => {
  const stripped: Tamper = (message) => ({
    ...message,
    answer: message.answer.filter(({ type }) => type !== TYPE.RRSIG),
  })
  const forged: Tamper = (message, { name }) => {
    const rdata = Buffer.from([203, 0, 113, 66])
    const isTarget = (record: { type: number }) => record.type === TYPE.A && name === 'www.signed.test'
    return {
      ...message,
      answer: message.answer.map((record) => (isTarget(record) ? Object.assign({}, record, { rdata }) : record)),
    }
  }

  test('S-RES-2: SERVFAIL with the reason, and no record of it', async () => {
    const { world } = validating(forged)
    const reply = await world.ask('www.signed.test', { edns: 1232 })
    expect(reply).toMatchObject({ rcode: RCODE.SERVFAIL, answer: [], extendedError: { code: 6 } })
    expect(reply.extendedError?.text).toMatch(
      /^the signature of www\.signed\.test A by key \d+ of signed\.test does not verify$/,
    )
  })

  test('S-RES-1: programs are told the result and the reason', async () => {
    const { world } = validating(forged)
    const request = { name: 'www.signed.test', family: 2, ifindex: 0, flags: 0 }
    const found = await world.run(world.lookups.hostname(request, new AbortController().signal))
    expect(found).toMatchObject({ ok: false, failure: { kind: 'dnssec-failed', dnssecResult: 'invalid' } })
    if (found.ok) return
    expect(found.failure.message).toMatch(/^DNSSEC validation failed: invalid \(DNSSEC Bogus: the signature of www/)
  })

  test('S-RES-3: verdicts are counted', async () => {
    const { world } = validating(forged)
    await world.ask('www.signed.test')
    const { bogus, secure } = world.verdicts
    expect(bogus).toBe(1)
    expect(secure).toBeGreaterThan(2)
    await world.ask('www.plain.test')
    expect(world.verdicts.insecure).toBe(1)
  })

  test('S-RES-2: the same for who asks with DO', async () => {
    const { world } = validating(forged)
    expect(await world.ask('www.signed.test', { dnssecOk: true })).toMatchObject({ rcode: RCODE.SERVFAIL, answer: [] })
  })

  test('S-CLI-3: CD brings what is there, and nobody else gets that', async () => {
    const { world } = validating(forged)
    expect(told(await world.ask('www.signed.test', { flags: CD | AD }))).toBe('NOERROR A')
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('SERVFAIL ')
  })

  test('stripped signatures are no reason to believe', async () => {
    const { world } = validating(stripped)
    expect(told(await world.ask('www.signed.test'))).toBe('SERVFAIL ')
    expect(told(await world.ask('www.plain.test'))).toBe('SERVFAIL ')
  })

  test('S-CACHE-2: no old answer stands in for bogus data', async () => {
    let isForged = false
    const { world, tree } = validating((...reply) => (isForged ? forged(...reply) : reply[0]))
    world.change({ settings: { dnssec: 'yes', ...tree.settings, staleRetention: 86_400 } })
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('NOERROR AD A')
    isForged = true
    await world.advance(400_000)
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('SERVFAIL ')
  })

  test('S-ASK-6: a chain that cannot be looked up is tried anew', async () => {
    let isBroken = true
    const { world } = validating((message, { type }) => (isBroken && type === TYPE.DNSKEY ? undefined : message))
    expect(told(await world.ask('www.signed.test'))).toBe('SERVFAIL ')
    isBroken = false
    await world.advance(60_000)
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('NOERROR AD A')
  })
})
