import { expect, test } from 'vitest'
import { Lab, original } from './kit/lab.ts'
import { inside } from './kit/world.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1' } }
const vpn = { zone: { 'www.corp.test': 'A 192.0.2.2' }, domains: ['~corp.test'] }

interface Found {
  readonly code: number
  readonly checks: readonly string[]
  readonly findings: readonly {
    readonly check: string
    readonly what: string
    readonly repair: string
    readonly undo?: string
  }[]
}

async function doctor(lab: Lab, ...words: readonly string[]): Promise<Found> {
  const argv = [inside.node, `${inside.repo}/dist/cli/main.js`, 'doctor', '--json=short', ...words]
  const { code, stdout } = await lab.tryRun(argv)
  const findings = JSON.parse(stdout) as Found['findings']
  return { code, findings, checks: findings.map(({ check }) => check) }
}

test.skipIf(original)('doctor: a healthy machine, then faults one by one', async () => {
  await using lab = await Lab.open({ links: { lan, vpn } })
  await lab.dig('www.test')
  expect(await doctor(lab)).toMatchObject({ checks: [], code: 0 })
  expect(await lab.tsresolvectl('doctor')).toBe('Nothing is wrong that could be seen from here.\n')

  await lab.resolvectl('domain', 'lan', 'corp.test')
  expect((await doctor(lab)).findings).toMatchObject([
    { check: 'same-domain', what: expect.stringContaining('corp.test') },
  ])
  await lab.resolvectl('domain', 'lan', '')

  await lab.resolvectl('domain', 'vpn', '~.')
  expect((await doctor(lab)).checks).toContain('broad-claim')
  await lab.resolvectl('domain', 'vpn', '~corp.test')

  await lab.resolvectl('dns', 'vpn', '10.53.2.9', '10.53.2.1')
  const dead = (await doctor(lab)).findings.find(({ check }) => check === 'dead-server')
  expect(dead).toMatchObject({ what: expect.stringContaining('10.53.2.9'), repair: 'tsresolvectl dns vpn 10.53.2.1' })
  await lab.resolvectl('dns', 'vpn', '10.53.2.1')

  await lab.ip('link set vpn down')
  expect((await doctor(lab)).findings).toMatchObject([{ check: 'link-unusable', repair: 'ip link set vpn up' }])
})

test.skipIf(original)('doctor --fix: a stale resolv.conf is replaced, and the way back is told', async () => {
  await using lab = await Lab.open({ links: { lan } })
  await lab.run(['rm', '/etc/resolv.conf'])
  await lab.write('/etc/resolv.conf', 'nameserver 10.99.99.99\n')
  expect(await doctor(lab)).toMatchObject({
    code: 1,
    checks: ['resolv.conf', 'no-route'], // its server is read back, too (R-RC-7)
  })
  expect(await lab.run(['cat', '/etc/resolv.conf'])).toContain('10.99.99.99')
  const { findings } = await doctor(lab, '--fix')
  expect(await lab.run(['readlink', '/etc/resolv.conf'])).toBe('../run/systemd/resolve/stub-resolv.conf\n')
  await lab.run(['sh', '-c', findings[0]?.undo ?? 'false'])
  expect(await lab.run(['cat', '/etc/resolv.conf'])).toBe('nameserver 10.99.99.99\n')
})

test.skipIf(original)('doctor --fix: nsswitch that asks nobody', async () => {
  await using lab = await Lab.open({ links: { lan } })
  await lab.write('/etc/nsswitch.conf', 'passwd: files\nhosts: files\n')
  expect((await doctor(lab)).checks).toEqual(['nsswitch'])
  await doctor(lab, '--fix')
  expect(await lab.run(['cat', '/etc/nsswitch.conf'])).toBe('passwd: files\nhosts: files dns\n')
  expect((await doctor(lab)).checks).toEqual([])
})

test.skipIf(original)('doctor: no daemon, no bus, and a closed stub', async () => {
  await using lab = await Lab.open({ links: { lan }, config: 'DNSStubListener=no' })
  expect((await doctor(lab)).checks).toContain('stub')
  await lab.bus.stop()
  expect((await doctor(lab)).checks).toContain('bus')
  await lab.daemon.stop()
  expect((await doctor(lab)).checks).toEqual(expect.arrayContaining(['daemon']))
})
