import { expect, test } from 'vitest'
import type { HookReply, LookupHook } from '../../src/resolve/index.ts'
import { FLAG } from '../../src/resolve/index.ts'
import { RCODE, TYPE } from '../../src/wire/index.ts'
import { addressesIn, rr } from '../kit/messages.ts'
import { World } from '../kit/world.ts'
import { queryFor } from '../../src/lookup/index.ts'
import { nameOf } from '../../src/wire/index.ts'

const found = (...records: string[]): HookReply => ({ rcode: 0, records: records.map(rr) })
const NXDOMAIN: HookReply = { rcode: RCODE.NXDOMAIN, records: [] }

/** A world with one server that knows every name as 192.0.2.53, and hooks that say what `says` has for `name TYPE`. */
function hooked(...says: Readonly<Record<string, HookReply>>[]) {
  const asked: string[] = []
  const hooks = says.map((table, i): LookupHook => {
    const ask: LookupHook['ask'] = async (questions) => {
      const words = questions.map(({ name, type }) => `${name} ${type}`)
      asked.push(`${i} ${words.join(' + ')}`)
      return words.map((word) => table[word]).find((reply) => reply !== undefined)
    }
    return { name: `hook${i}`, isLeftOut: false, ask }
  })
  const names = new Set(says.flatMap((table) => Object.keys(table)).map((key) => key.split(' ')[0]))
  const world = new World({
    links: [{ ifindex: 2, dns: ['10.2.0.1'] }],
    hosts: '192.0.2.9 hosts.test',
    hooks: { taking: (name) => (names.has(name) ? hooks : []) },
  })
  world.serve('10.2.0.1', ({ question }) => ({ answer: [`${question?.name} 300 A 192.0.2.53`] }))
  return { world, asked }
}

test('H-ORD-1: before servers, and nothing is sent', async () => {
  const { world } = hooked({ 'web.lan A': NXDOMAIN, 'web.lan 1': found('web.lan 60 A 192.0.2.1') })
  expect(addressesIn(await world.ask('web.lan'))).toEqual(['192.0.2.1'])
  expect(world.exchanges).toHaveLength(0)
})

test('H-ORD-1: after /etc/hosts', async () => {
  const { world, asked } = hooked({ 'hosts.test 1': found('hosts.test 60 A 192.0.2.1') })
  expect(addressesIn(await world.ask('hosts.test'))).toEqual(['192.0.2.9'])
  expect(asked).toEqual([])
})

test('H-ORD-1: before synthesis, which a hook may override; what it says is final', async () => {
  const { world } = hooked({ 'localhost 1': NXDOMAIN })
  expect((await world.ask('localhost')).rcode).toBe(RCODE.NXDOMAIN)
  expect(addressesIn(await world.ask('x.localhost'))).toEqual(['127.0.0.1'])
})

test('H-WIN-6: never from memory, and not authenticated', async () => {
  const { world, asked } = hooked({ 'web.lan 1': found('web.lan 60 A 192.0.2.1') })
  const reply = await world.ask('web.lan')
  await world.ask('web.lan')
  expect(reply.flags & 0x20).toBe(0)
  expect(asked).toHaveLength(2)
})

test('H-WIN-4: a name that was left to others is asked of the hook again the next time', async () => {
  const { world, asked } = hooked({ 'lan.test 99': NXDOMAIN })
  for (const _each of [1, 2, 3]) expect(addressesIn(await world.ask('lan.test'))).toEqual(['192.0.2.53'])
  expect(asked).toHaveLength(3)
  expect(world.exchanges).toHaveLength(1)
})

test('H-WIN-5: a CNAME that leads to a name of DNS', async () => {
  const { world } = hooked({ 'web.lan 1': found('web.lan 60 CNAME www.test') })
  const reply = await world.ask('web.lan')
  expect(reply.answer.map(({ name }) => name)).toEqual(['web.lan', 'www.test'])
  expect(addressesIn(reply)).toEqual(['192.0.2.53'])
})

test('H-ORD-3: a CNAME of DNS that leads to a name of a hook, whatever the server says of that', async () => {
  const { world } = hooked({ 'web.lan 1': found('web.lan 60 A 192.0.2.1') })
  world.serve('10.2.0.1', () => ({ answer: ['www.test 60 CNAME web.lan', 'web.lan 60 A 192.0.2.66'] }))
  expect(addressesIn(await world.ask('www.test'))).toEqual(['192.0.2.1'])
})

test('H-WIN-7: NXDOMAIN for AAAA alone of a name with A is NODATA', async () => {
  const { world } = hooked({ 'web.lan 1': found('web.lan 60 A 192.0.2.1'), 'web.lan 28': NXDOMAIN })
  const reply = await world.ask('web.lan', { type: 'AAAA' })
  expect([reply.rcode, reply.answer]).toEqual([RCODE.NOERROR, []])
})

test('H-WIN-7: and stays NXDOMAIN where it has neither', async () => {
  const { world } = hooked({ 'web.lan 1': NXDOMAIN, 'web.lan 28': NXDOMAIN })
  expect((await world.ask('web.lan', { type: 'AAAA' })).rcode).toBe(RCODE.NXDOMAIN)
})

test('H-RR-1, H-ORD-4: both families in one call to each hook', async () => {
  const { world, asked } = hooked({ 'web.lan 1': found('web.lan 60 A 192.0.2.1') }, { 'web.lan 1': NXDOMAIN })
  const query = queryFor({ name: nameOf('web.lan'), spelling: undefined }, [TYPE.A, TYPE.AAAA], 0, 0)
  const { answer } = await world.resolver.resolve(query, new AbortController().signal)
  expect(answer).toMatchObject({ source: 'hook', state: 'success' })
  expect(answer.flags).toBe(FLAG.DNS | FLAG.FROM_HOOK)
  expect(asked).toEqual(['0 web.lan 1 + web.lan 28', '1 web.lan 1 + web.lan 28'])
})

test('H-ORD-2: no flag leaves hooks out', async () => {
  const { world } = hooked({ 'web.lan 1': found('web.lan 60 A 192.0.2.1') })
  const flags = FLAG.NO_SYNTHESIZE | FLAG.NO_NETWORK | FLAG.NO_CACHE | FLAG.NO_ZONE
  const query = queryFor({ name: nameOf('web.lan'), spelling: undefined }, [TYPE.A], flags, 0)
  expect((await world.resolver.resolve(query, new AbortController().signal)).answer.source).toBe('hook')
})

test('why names the hook that is asked first', async () => {
  const { world, asked } = hooked({ 'web.lan 1': found('web.lan 60 A 192.0.2.1') })
  const query = queryFor({ name: nameOf('web.lan'), spelling: undefined }, [TYPE.A], 0, 0)
  const { steps } = await world.resolver.explain(query)
  expect(steps.find(({ source }) => source === 'hooks')?.detail).toBe('asked first, as it takes the name: hook0')
  expect(asked).toEqual([])
})
