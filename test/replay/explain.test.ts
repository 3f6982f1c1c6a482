import { expect, test } from 'vitest'
import type { Explanation, Query } from '../../src/resolve/index.ts'
import { queryFor } from '../../src/lookup/index.ts'
import { FLAG } from '../../src/resolve/index.ts'
import { nameOf, TYPE } from '../../src/wire/index.ts'
import { type LinkScript, World, type WorldScript } from '../kit/world.ts'

const LAN: LinkScript = { ifindex: 2, name: 'lan', dns: ['10.2.0.1'] }
const VPN: LinkScript = { ifindex: 3, name: 'vpn', dns: ['10.3.0.1'], domains: ['~corp.test'] }

function question(name: string, type: number = TYPE.A, flags = 0): Query {
  return queryFor({ name: nameOf(name), spelling: undefined }, [type], 0, flags)
}

async function explain(script: WorldScript, name: string, flags = 0): Promise<Explanation> {
  return new World(script).resolver.explain(question(name, TYPE.A, flags))
}

/** What is asked, links and settings, verdicts of the steps, winners. */
const cases: readonly [string, string, WorldScript, readonly string[], readonly string[]][] = [
  [
    'R-ORDER-1: scopes come after local sources',
    'www.corp.test',
    { links: [LAN, VPN] },
    ['static passes', 'hosts passes', 'scopes decides', 'synthesized passes'],
    ['link 3 (vpn)'],
  ],
  [
    'R-HOSTS-4: the hosts file ends the search',
    'www.test',
    { links: [LAN], hosts: '192.0.2.1 www.test' },
    ['static passes', 'hosts decides', 'scopes unreached', 'synthesized unreached'],
    ['link 2 (lan)'],
  ],
  [
    'R-ROUTE-4: own names are never asked',
    'localhost',
    { links: [LAN] },
    ['static passes', 'hosts passes', 'scopes passes', 'synthesized decides'],
    [],
  ],
  [
    'ReadEtcHosts=no takes the file out',
    'www.test',
    { links: [LAN], hosts: '192.0.2.1 www.test', settings: { readEtcHosts: false } },
    ['static passes', 'hosts off', 'scopes decides', 'synthesized passes'],
    ['link 2 (lan)'],
  ],
  [
    'RefuseRecordTypes= comes before all',
    'www.test',
    { links: [LAN], settings: { refuseRecordTypes: [TYPE.A] } },
    ['refusal decides', 'static unreached', 'hosts unreached', 'scopes unreached', 'synthesized unreached'],
    ['link 2 (lan)'],
  ],
  [
    'R-ROUTE-1: nobody takes it',
    'www.test',
    { links: [VPN] },
    ['static passes', 'hosts passes', 'scopes passes', 'synthesized passes'],
    [],
  ],
]

test.each(cases)('explain, %s', async (_rule, name, script, steps, winners) => {
  const explanation = await explain(script, name)
  expect(explanation.steps.map(({ source, verdict }) => `${source} ${verdict}`)).toEqual(steps)
  expect(explanation.scopes.filter(({ won }) => won).map(({ scope }) => scope)).toEqual(winners)
})

test('explain: a question without synthesis looks at nothing local', async () => {
  const { steps } = await explain({ links: [LAN], hosts: '192.0.2.1 www.test' }, 'www.test', FLAG.NO_SYNTHESIZE)
  expect(steps.map(({ verdict }) => verdict)).toEqual(['off', 'off', 'decides', 'off'])
})

test('explain: search domains of the winner, one question each', async () => {
  const { scopes } = await explain({ links: [{ ...LAN, domains: ['a.test', 'b.test'] }] }, 'intranet')
  expect(scopes[0]).toMatchObject({ won: true, names: ['intranet.a.test', 'intranet.b.test'], obstacle: undefined })
})

test('explain: nothing is asked, counted, promoted or dropped by looking', async () => {
  const world = new World({ links: [LAN] })
  world.serve('10.2.0.1', ({ question: { name } }) => ({ answer: [`${name} 60 A 192.0.2.1`] }))
  await world.ask('www.test')
  const { cache } = world.scopes.all.find(({ plan }) => plan.ifindex === 2)!
  const before = [cache.hits, cache.misses, cache.size, world.exchanges.length]
  await world.advance(20_000)
  const { scopes } = await world.resolver.explain(question('www.test'))
  expect(scopes[0]?.cache[0]).toMatchObject({ age: 20_000, remaining: 40_000, found: { kind: 'positive' } })
  expect(scopes[0]?.cache[0]?.found?.learntFrom).toMatchObject({ server: '10.2.0.1%lan', channel: 'udp' })
  await world.advance(50_000)
  expect((await world.resolver.explain(question('www.test'))).scopes[0]?.cache[0]?.found).toBeUndefined()
  expect([cache.hits, cache.misses, cache.size, world.exchanges.length]).toEqual(before)
})

test('explain: an answer from before the last change says so', async () => {
  const world = new World({ links: [LAN] })
  world.serve('*', ({ question: { name } }) => ({ answer: [`${name} 600 A 192.0.2.1`] }))
  await world.ask('www.test')
  const told = async () => (await world.resolver.explain(question('www.test'))).scopes[0]?.cache[0]?.isOlderThanChange
  expect(await told()).toBe(false)
  await world.advance(5000)
  world.change({ links: [LAN, VPN] })
  expect(await told()).toBe(true)
})

test('explain: a silent server is behind the one that answers', async () => {
  const world = new World({ links: [{ ...LAN, dns: ['10.2.0.8', '10.2.0.1'] }] })
  world.serve('10.2.0.1', ({ question: { name } }) => ({ answer: [`${name} 60 A 192.0.2.1`] }))
  await world.ask('www.test')
  const { scopes } = await world.resolver.explain(question('www.test'))
  expect(scopes[0]?.servers.map(({ server, isTrusted }) => [server, isTrusted])).toEqual([
    ['10.2.0.1%lan', true],
    ['10.2.0.8%lan', false],
  ])
})
