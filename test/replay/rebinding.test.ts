import { describe, expect, test } from 'vitest'
import { AF_INET } from '../../src/base/index.ts'
import type { ResolvedSettings } from '../../src/settings/index.ts'
import { extendedErrorOf, nameOf, RCODE, typeText } from '../../src/wire/index.ts'
import { addressesIn } from '../kit/messages.ts'
import { type WorldScript, World } from '../kit/world.ts'

const ON: Partial<ResolvedSettings> = { rebindProtection: true }

/** What the servers of both links say of each name: lines of records, whatever is asked. */
const ZONE: Readonly<Record<string, readonly string[]>> = {
  'evil.test': ['evil.test 60 A 192.168.1.1'],
  'both.test': ['both.test 60 A 192.168.1.1', 'both.test 60 A 198.51.100.7'],
  'six.test': ['six.test 60 AAAA fd00::1'],
  'mapped.test': ['mapped.test 60 AAAA ::ffff:10.0.0.1'],
  'good.test': ['good.test 60 A 198.51.100.7'],
  'alias.test': ['alias.test 60 CNAME end.test', 'end.test 60 A 127.0.0.1'],
  'away.test': ['away.test 60 CNAME wiki.corp.test'],
  'known.test': ['known.test 60 CNAME nas.home.test'],
  'self.test': ['self.test 60 CNAME localhost'],
  'wiki.corp.test': ['wiki.corp.test 60 A 10.1.2.3'],
  'srv.test': ['srv.test 60 SRV 0 0 80 evil.test'],
}

function worldWith(script: WorldScript = {}): World {
  const world = new World({
    links: [
      { ifindex: 2, name: 'wlan0', dns: ['10.2.0.1'] },
      { ifindex: 3, name: 'vpn0', dns: ['10.3.0.1'], domains: ['~corp.test'] },
    ],
    hosts: '192.168.1.5 nas.home.test\n',
    settings: ON,
    ...script,
  })
  world.serve('*', ({ question: { name, type } }) => {
    const lines = ZONE[name] ?? []
    const isChain = lines.some((line) => line.includes('CNAME'))
    return { answer: isChain ? lines : lines.filter((line) => line.includes(` ${typeText(type)} `)) }
  })
  return world
}

async function ask(world: World, name: string, type = 'A') {
  const reply = await world.ask(name, { type, edns: 1232 })
  const error = extendedErrorOf(reply.opt)
  return {
    addresses: addressesIn(reply),
    answer: reply.answer,
    rcode: reply.rcode,
    code: error?.code,
    text: error?.text ?? '',
  }
}

describe('R-ROUTE-18: with RebindProtection= a name of the Internet has no private address', () => {
  test.each([
    ['evil.test', 'A', '192.168.1.1'],
    ['six.test', 'AAAA', 'fd00::1'],
    ['mapped.test', 'AAAA', '::ffff:10.0.0.1'],
    ['alias.test', 'A', '127.0.0.1'],
    ['away.test', 'A', '10.1.2.3'],
    ['known.test', 'A', '192.168.1.5'],
    ['self.test', 'A', '127.0.0.1'],
  ])('%s %s is empty, and says why and what to do: not known, cached, remembered', async (name, type, address) => {
    const world = worldWith()
    for (let i = 0; i < 3; i++) {
      const { addresses, answer, rcode, code, text } = await ask(world, name, type)
      expect([addresses, answer.length, rcode, code]).toEqual([[], 0, RCODE.NOERROR, 15])
      expect(text).toBe(`withheld against rebinding: ${name} has the private address ${address}`)
    }
  })

  test('off unless asked for', async () => {
    const world = worldWith({ settings: {} })
    expect(await ask(world, 'evil.test')).toMatchObject({ addresses: ['192.168.1.1'], code: undefined })
  })

  test('other addresses of the same name stay', async () => {
    expect(await ask(worldWith(), 'both.test')).toMatchObject({ addresses: ['198.51.100.7'], code: 15 })
  })

  test('an answer without private addresses is as it was, replies from memory included', async () => {
    const world = worldWith()
    for (let i = 0; i < 3; i++)
      expect(await ask(world, 'good.test')).toMatchObject({ addresses: ['198.51.100.7'], code: undefined })
    expect(world.replays).toBeGreaterThan(0)
  })

  test('a relayed answer is looked at too', async () => {
    const reply = await worldWith().ask('evil.test', { dnssecOk: true, flags: 0x10 })
    expect([addressesIn(reply), extendedErrorOf(reply.opt)?.code]).toEqual([[], 15])
  })

  test('so is what comes along with another answer', async () => {
    const world = worldWith()
    world.serve('*', () => ({ answer: [...(ZONE['srv.test'] ?? [])], additional: [...(ZONE['evil.test'] ?? [])] }))
    const reply = await world.ask('srv.test', { type: 'SRV', edns: 1232 })
    expect([reply.answer.length, reply.additional.length]).toEqual([1, 0])
  })

  test.each([
    ['ipv4hint', 4, [192, 168, 1, 1]],
    ['ipv6hint', 6, [0xfd, ...Array.from({ length: 15 }, () => 0)]],
  ])('an HTTPS record with such an %s is left out', async (_, key, hint) => {
    const world = worldWith()
    const withHint = (value: readonly number[]) => {
      const rdata = Buffer.from([0, 1, 0, 0, key, 0, value.length, ...value])
      world.serve('*', () => ({ answer: [String.raw`web.test 60 HTTPS \# ${rdata.length} ${rdata.toString('hex')}`] }))
    }
    withHint(hint)
    expect((await world.ask('web.test', { type: 'HTTPS', edns: 1232 })).answer).toEqual([])
    withHint(hint.map((byte, i) => (i === 0 ? 0x20 : byte)))
    world.flush()
    expect((await world.ask('web.test', { type: 'HTTPS', edns: 1232 })).answer.length).toBe(1)
  })

  test('programs on the bus are told as well', async () => {
    const world = worldWith()
    const request = { ifindex: 0, flags: 0, family: AF_INET, name: 'evil.test' } as const
    const found = await world.run(world.lookups.hostname(request, new AbortController().signal))
    expect(found.ok ? '' : found.failure.message).toContain('withheld against rebinding: evil.test has')
  })
})

describe('R-ROUTE-18: names that may have private addresses', () => {
  test.each([
    ['wiki.corp.test', {}, '10.1.2.3'], // a domain of the link that answers
    ['nas.home.test', {}, '192.168.1.5'], // /etc/hosts
    ['localhost', {}, '127.0.0.1'],
    ['evil.test', { rebindAllow: [nameOf('evil.test')] }, '192.168.1.1'],
    ['evil.test', { rebindAllow: [nameOf('test')] }, '192.168.1.1'],
    ['away.test', { rebindAllow: [nameOf('away.test')] }, '10.1.2.3'],
    ['evil.test', { rebindProtection: ['vpn0'] }, '192.168.1.1'], // the other link alone is protected
  ] as const)('%s with %j', async (name, settings, address) => {
    const world = worldWith({ settings: { ...ON, ...settings } })
    expect(await ask(world, name)).toMatchObject({ addresses: [address], code: undefined })
  })

  test.each([
    ['evil.test', { rebindAllow: [nameOf('notevil.test')] }],
    ['evil.test', { rebindProtection: ['wlan0'] }],
    ['alias.test', { rebindAllow: [nameOf('end.test')] }], // the name asked counts
  ] as const)('%s with %j may not', async (name, settings) => {
    const world = worldWith({ settings: { ...ON, ...settings } })
    expect(await ask(world, name)).toMatchObject({ addresses: [], code: 15 })
  })

  test('~. claims no name', async () => {
    const world = worldWith({ links: [{ ifindex: 3, dns: ['10.3.0.1'], domains: ['~.'] }] })
    expect(await ask(world, 'evil.test')).toMatchObject({ addresses: [], code: 15 })
  })

  test('a domain that a link gets is in force at once, and one that it loses as well', async () => {
    const world = worldWith()
    expect((await ask(world, 'evil.test')).addresses).toEqual([])
    world.changeLink({ ifindex: 2, domains: ['~evil.test'] })
    expect((await ask(world, 'evil.test')).addresses).toEqual(['192.168.1.1'])
    world.changeLink({ ifindex: 2, domains: [] })
    expect((await ask(world, 'evil.test')).addresses).toEqual([])
  })
})
