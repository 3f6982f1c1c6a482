import { expect, test } from 'vitest'
import type { LinkStatus, Authorization } from '../../../src/control/index.ts'
import { DEFAULT_LINK_SETTINGS, type Origin } from '../../../src/settings/index.ts'
import { settingsInterface } from '../../../src/varlink/methods/settings.ts'
import { Service } from '../../../src/varlink/connection/service.ts'
import { call, RecordingLog } from './support.ts'

const origin: Origin = { source: 'bus', busName: ':1.7', uid: 1000, process: 'vpn', at: 1_700_000_000_000.5 }
const status = {
  ifindex: 2,
  name: 'tun0',
  isManaged: false,
  settings: DEFAULT_LINK_SETTINGS,
  origins: { servers: origin },
}
const managed = {
  ...status,
  ifindex: 3,
  name: 'eth0',
  isManaged: true,
  settings: { ...DEFAULT_LINK_SETTINGS, llmnr: 'no' },
  origins: {},
}
const links = [status, managed] as unknown as LinkStatus[]
const control = { links: () => links, link: (ifindex: number) => links.find((link) => link.ifindex === ifindex) }
const ofBus = {
  ifindex: 2,
  ifname: 'tun0',
  setting: 'DNS',
  source: 'bus',
  busName: ':1.7',
  uid: 1000,
  process: 'vpn',
  changedUSec: 1_700_000_000_000_500,
}
const ofNetworkd = { ifindex: 3, ifname: 'eth0', setting: 'LLMNR', source: 'networkd' }

const verdicts: { verdict: Authorization } = { verdict: 'allowed' }
const calls: string[] = []
const ports = () => ({
  control: { ...control, unsetDefaultRoute: async (ifindex: number) => void calls.push(`unset ${ifindex}`) },
  authority: { authorize: async (operation: string) => (calls.push(operation), verdicts.verdict) },
})

test.each([
  [{}, [ofBus, ofNetworkd]],
  [{ ifindex: 2 }, [ofBus]],
  [{ ifindex: 3 }, [ofNetworkd]],
])('ListOrigins %j', async (parameters, origins) => {
  const service = new Service([settingsInterface(ports())], new RecordingLog())
  const [reply] = await call(service, 'io.tsresolved.Settings.ListOrigins', parameters)
  expect(reply?.parameters).toEqual({ origins })
})

test('an unknown link is a wrong parameter', async () => {
  const service = new Service([settingsInterface(ports())], new RecordingLog())
  const [reply] = await call(service, 'io.tsresolved.Settings.ListOrigins', { ifindex: 9 })
  expect(reply).toMatchObject({ error: 'org.varlink.service.InvalidParameter', parameters: { parameter: 'ifindex' } })
})

test.each<[Authorization, string | undefined, string[]]>([
  ['allowed', undefined, ['set-default-route', 'unset 2']],
  ['denied', 'org.varlink.service.PermissionDenied', ['set-default-route']],
  ['needs-interaction', 'io.systemd.InteractiveAuthenticationRequired', ['set-default-route']],
])('UnsetDefaultRoute asks for permission: %s', async (verdict, error, made) => {
  verdicts.verdict = verdict
  calls.length = 0
  const service = new Service([settingsInterface(ports())], new RecordingLog())
  const [reply] = await call(service, 'io.tsresolved.Settings.UnsetDefaultRoute', { ifindex: 2 })
  expect(reply?.error).toBe(error)
  expect(calls).toEqual(made)
})
