import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SeededRandom } from '../kit/seeded-random.ts'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1' } }
const vpn = { zone: { 'www.corp.test': 'A 192.0.2.2' }, dns: [] }
const both = { links: { lan, vpn } }
type LinkName = 'lan' | 'vpn'
type Machine = Lab<LinkName>

const MANAGER = ['org.freedesktop.resolve1', '/org/freedesktop/resolve1', 'org.freedesktop.resolve1.Manager']

/** What a setter is called with, and what the property then shows. */
interface Choice {
  readonly words: readonly string[]
  readonly shown: unknown
}

/** Some values of a setting, by its number. */
const SETTINGS: Readonly<
  Record<string, { readonly types: string; readonly property: string; readonly at: (i: number) => Choice }>
> = {
  SetLinkDNSEx: {
    types: 'ia(iayqs)',
    property: 'DNSEx',
    at: (i) => ({
      words: ['2', '2', '4', '10', '53', '1', String(i), '5353', `s${i}.test`, '2', '4', '10', '53', '2', '1', '0', ''],
      shown: [
        [2, [10, 53, 1, i], 5353, `s${i}.test`],
        [2, [10, 53, 2, 1], 0, ''],
      ],
    }),
  },
  SetLinkDomains: {
    types: 'ia(sb)',
    property: 'Domains',
    at: (i) => ({
      words: ['2', `d${i}.test`, 'false', `r${i}.test`, 'true'],
      shown: [
        [`d${i}.test`, false],
        [`r${i}.test`, true],
      ],
    }),
  },
  SetLinkDefaultRoute: {
    types: 'ib',
    property: 'DefaultRoute',
    at: (i) => ({ words: [String(i % 2 === 0)], shown: i % 2 === 0 }),
  },
  SetLinkDNSOverTLS: {
    types: 'is',
    property: 'DNSOverTLS',
    at: (i) => ({ words: [i % 2 === 0 ? 'opportunistic' : 'no'], shown: i % 2 === 0 ? 'opportunistic' : 'no' }),
  },
  SetLinkDNSSEC: {
    types: 'is',
    property: 'DNSSEC',
    at: (i) => ({ words: [i % 2 === 0 ? 'allow-downgrade' : 'no'], shown: i % 2 === 0 ? 'allow-downgrade' : 'no' }),
  },
  SetLinkDNSSECNegativeTrustAnchors: {
    types: 'ias',
    property: 'DNSSECNegativeTrustAnchors',
    at: (i) => ({ words: ['1', `n${i}.test`], shown: [`n${i}.test`] }),
  },
}

/** What each setting of each link may show: one value once a call was answered, two while one was not. */
type Expected = Map<string, readonly unknown[]>

/** A network manager's burst: calls for different settings at the same moment. Unanswered ones may or may not count. */
async function burst(lab: Machine, random: SeededRandom, indices: Record<LinkName, number>, expected: Expected) {
  const names = Object.keys(SETTINGS).filter(() => random.below(2) === 0)
  const link: LinkName = random.below(2) === 0 ? 'lan' : 'vpn'
  const calls = names.map(async (name) => {
    const { types, property, at } = SETTINGS[name] as (typeof SETTINGS)[string]
    const { words, shown } = at(random.below(200))
    const key = `${link} ${property}`
    const before = expected.get(key) ?? []
    const argv = ['busctl', '--timeout=20', 'call', ...MANAGER, name, types, String(indices[link]), ...words]
    const { code } = await lab.tryRun(argv)
    expected.set(key, code === 0 ? [shown] : before.length === 0 ? [] : [...before, shown])
  })
  await Promise.all(calls)
  return names.length
}

/** Settings that show something else than they may. */
async function lost(lab: Machine, indices: Record<LinkName, number>, expected: Expected): Promise<unknown[]> {
  const found: unknown[] = []
  for (const link of ['lan', 'vpn'] as const) {
    const path = `/org/freedesktop/resolve1/link/_3${indices[link]}`
    const call = ['busctl', '--json=short', 'call', MANAGER[0] as string, path, 'org.freedesktop.DBus.Properties']
    const text = await lab.run([...call, 'GetAll', 's', 'org.freedesktop.resolve1.Link'])
    const [all] = (JSON.parse(text) as { data: [Record<string, { data: unknown }>] }).data
    for (const [key, allowed] of expected) {
      const [owner, property = ''] = key.split(' ')
      const shown = JSON.stringify(all[property]?.data)
      if (owner !== link || allowed.length === 0 || allowed.some((each) => JSON.stringify(each) === shown)) continue
      found.push({ key, shown, allowed })
    }
  }
  return found
}

async function indicesOf(lab: Machine): Promise<Record<LinkName, number>> {
  return { lan: await lab.links.lan.index(), vpn: await lab.links.vpn.index() }
}

test('R-LINK-9: kill -9 at random moments during 200 setter calls loses nothing that was acknowledged', async () => {
  await using lab = await Lab.open(both)
  const seed = Date.now() & 0xffff
  lab.world.note(`seed ${seed}`)
  const random = new SeededRandom(seed)
  const indices = await indicesOf(lab)
  const expected: Expected = new Map()
  for (let calls = 0, kills = 0; calls < 200 || kills < 8; kills++) {
    const until = performance.now() + random.below(1200)
    const killing = (async () => {
      await pause(until - performance.now())
      await lab.daemon.stop('SIGKILL')
    })()
    while (performance.now() < until) calls += await burst(lab, random, indices, expected)
    await killing
    await lab.daemon.start()
    await lab.onBus()
    expect(await lost(lab, indices, expected)).toEqual([])
  }
  expect([...expected.values()].filter((allowed) => allowed.length > 0).length).toBeGreaterThan(6)
})

const SET = [
  ['dns', 'vpn', '10.53.2.1', '10.53.2.2:5353#dns.corp.test'],
  ['domain', 'vpn', 'corp.test', '~route.test'],
  ['default-route', 'vpn', 'no'],
  ['dnsovertls', 'vpn', 'opportunistic'],
  ['nta', 'vpn', 'corp.test'],
  ['llmnr', 'vpn', 'resolve'],
] as const

async function push(lab: Machine): Promise<string> {
  for (const words of SET) await lab.resolvectl(...words)
  return showAll(lab)
}

/** All settings of the link as the client shows them. */
async function showAll(lab: Machine): Promise<string> {
  const shown: string[] = []
  for (const verb of ['dns', 'domain', 'default-route', 'dnsovertls', 'dnssec', 'nta']) {
    shown.push(await lab.resolvectl(verb, 'vpn'))
  }
  return shown.join('')
}

test('settings survive an orderly restart and a link flap, and die with the link', async () => {
  await using lab = await Lab.open(both)
  const before = await push(lab)
  await lab.daemon.restart()
  await lab.onBus()
  expect(await showAll(lab)).toBe(before)
  await lab.links.vpn.down()
  await eventually(async () => expect(await lab.resolvectl('status', 'vpn')).toContain('Current Scopes: none'))
  expect(await lab.resolvectl('dns', 'vpn')).toBe(before.slice(0, before.indexOf('\n') + 1))
  await lab.links.vpn.up()
  await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2']))
  expect(await showAll(lab)).toBe(before)
  const file = `/run/systemd/resolve/netif/${await lab.links.vpn.index()}`
  await lab.run(['test', '-e', file])
  await lab.links.vpn.delete()
  await eventually(() => lab.run(['test', '!', '-e', file]))
})

test.skipIf(original)(
  'a client that calls the moment our name appears is served, with all settings there',
  async () => {
    await using lab = await Lab.open(both)
    await lab.daemon.stop('SIGKILL')
    await lab.bus.stop()
    await lab.daemon.start()
    await lab.bus.start()
    const client = ['sh', '-c', 'until busctl call "$@" 2>/dev/null; do :; done', 'sh', ...MANAGER]
    const index = String(await lab.links.vpn.index())
    await lab.run([...client, 'SetLinkDNS', 'ia(iay)', index, '1', '2', '4', '10', '53', '2', '1'])
    expect(await lab.resolvectl('dns', 'vpn')).toContain(': 10.53.2.1\n')
  },
)

test.each([
  ['cut short', 'head -c 30 "$1" >/tmp/cut; cat /tmp/cut >"$1"'],
  ['empty', ': >"$1"'],
  ['garbled', 'head -c 4000 /dev/urandom >"$1"'],
  ['unreadable', 'chmod 0 "$1"; chown 0:0 "$1"'],
])('a state file that is %s loses only itself, with a warning', async (_, spoil) => {
  await using lab = await Lab.open(both)
  await push(lab)
  await lab.daemon.stop('SIGKILL')
  const index = await lab.links.vpn.index()
  await lab.run(['sh', '-c', spoil, 'sh', `/run/systemd/resolve/netif/${index}`])
  await lab.daemon.start()
  await lab.onBus()
  expect(await lab.resolvectl('dns', 'lan')).toContain(`: ${lab.links.lan.server}\n`)
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect(await lab.resolvectl('dns', 'vpn')).toBe(`Link ${index} (vpn):\n`)
  const warning = original ? /./ : new RegExp(`warning: .*netif/${index}`)
  expect(lab.world.log.join('\n')).toMatch(warning)
  await lab.resolvectl('dns', 'vpn', '10.53.2.1') // and it can be set again, and kept
  await lab.daemon.restart('SIGKILL')
  await lab.onBus()
  expect(await lab.resolvectl('dns', 'vpn')).toContain(': 10.53.2.1\n')
})

test.skipIf(original)('either daemon takes over from the other', async () => {
  await using lab = await Lab.open(both)
  const before = await push(lab)
  for (const kind of ['original', 'ours', 'original', 'ours'] as const) {
    await lab.daemon.replaceBy(kind, kind === 'ours' ? 'SIGKILL' : 'SIGTERM')
    await lab.onBus()
    expect(await showAll(lab)).toBe(before)
    await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2']))
  }
  await lab.daemon.replaceBy('original')
  await lab.onBus()
  await lab.resolvectl('domain', 'vpn', '~other.test')
  await lab.daemon.replaceBy('ours', 'SIGKILL')
  await lab.onBus()
  expect(await lab.resolvectl('domain', 'vpn')).toContain(': ~other.test\n')
})
