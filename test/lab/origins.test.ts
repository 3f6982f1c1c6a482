import { expect, test } from 'vitest'
import { Lab, original } from './kit/lab.ts'
import { inside } from './kit/world.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1' } }
const vpn = { zone: { 'www.corp.test': 'A 192.0.2.2' }, dns: [] }
const both = { links: { lan, vpn } }

test.skipIf(original)('who changed my DNS? status says so, also after a crash of the daemon', async () => {
  await using lab = await Lab.open(both)
  await lab.resolvectl('dns', 'vpn', '10.53.2.1')
  await lab.resolvectl('domain', 'vpn', '~corp.test')
  await lab.call('SetLinkDefaultRoute', 'ib', String(await lab.links.vpn.index()), 'false')
  for (const restart of [false, true]) {
    if (restart) await lab.daemon.restart('SIGKILL')
    await lab.onBus()
    const text = (await lab.tsresolvectl('status', '--origins', 'vpn')).replaceAll(/\d+s ago/g, 'N ago')
    expect(text).toMatch(/^ +Set By: resolvectl, uid 0, N ago: DNS/m)
    expect(text).toMatch(/^ +Set By: busctl, uid 0, N ago: DefaultRoute$/m)
    const json = await lab.tsresolvectl('status', '--origins', '--json=short', 'vpn')
    const [link] = JSON.parse(json) as [{ origins: { setting: string }[] }]
    expect(link.origins.map(({ setting }) => setting)).toEqual(['DNS', 'Domains', 'DefaultRoute'])
    expect(link.origins).toContainEqual(
      expect.objectContaining({ setting: 'DNS', source: 'bus', process: 'resolvectl', uid: 0 }),
    )
  }
})

test.skipIf(original)('Set By: node, where the user had run a program', async () => {
  await using lab = await Lab.open(both)
  const setBy = async () => /Set By: (\S+),/.exec(await lab.tsresolvectl('status', '--origins', 'vpn'))?.[1]
  await lab.tsresolvectl('dns', 'vpn', '10.53.2.1')
  expect(await setBy()).toBe('tsresolvectl')
})

test.skipIf(original)('a terminal shows it, programs that read the output see the original’s', async () => {
  await using lab = await Lab.open(both)
  await lab.resolvectl('dns', 'vpn', '10.53.2.1')
  const command = [inside.node, `${inside.repo}/dist/cli/main.js`, 'status', '--no-pager', 'vpn'].join(' ')
  expect(await lab.run(['env', 'TERM=dumb', 'script', '-qec', command, '/dev/null'])).toContain('Set By: resolvectl')
  expect(await lab.tsresolvectl('status', 'vpn')).not.toContain('Set By')
  expect(await lab.tsresolvectl('status', '--json=short', 'vpn')).not.toContain('origins')
})
