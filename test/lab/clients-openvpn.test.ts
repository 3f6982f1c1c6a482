import { expect, test } from 'vitest'
import { debianExtra } from './kit/debian.ts'
import { eventually } from './kit/eventually.ts'
import { Lab } from './kit/lab.ts'
import type { Program } from './kit/program.ts'

/** The tunnel ends in the lan's network: what matters here is who is asked. */
const lan = { zone: { 'www.corp.test': 'A 192.0.2.2', 'www.test': 'A 192.0.2.1' }, dns: [] }
const SERVER = '10.53.1.1'
const SERVER6 = 'fd53:1::1'

/** Holds a tun device as OpenVPN does: it has a carrier while somebody does, and is gone with its holder. */
const tunnel = `
import fcntl, struct, time
tun = open('/dev/net/tun', 'r+b', buffering=0)
fcntl.ioctl(tun, 0x400454ca, struct.pack('16sH', b'tun0', 0x1001))
print('open', flush=True)
time.sleep(600)
`

interface Tunnel {
  readonly lab: Lab<'lan'>
  readonly index: number
  readonly script: string
  readonly holder: Program
}

/** A machine with a tun device, up and with an address. */
async function withTunnel(): Promise<Tunnel> {
  const lab = await Lab.open({ links: { lan } })
  await lab.run(['sh', '-c', 'mkdir -p /dev/net; [ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200'])
  const holder = await lab.world.start('openvpn', ['python3', '-uc', tunnel], { until: /open/ })
  await lab.ip('link set tun0 up', 'addr add 10.8.0.2/24 dev tun0')
  const index = Number(await lab.run(['cat', '/sys/class/net/tun0/ifindex']))
  return { lab, index, holder, script: `${await debianExtra('openvpn')}/etc/openvpn/update-systemd-resolved` }
}

/** Runs the script as OpenVPN does: options in the environment, device names as arguments. */
async function openvpn(lab: Lab, script: string, type: 'up' | 'down', ...options: string[]): Promise<void> {
  const pushed = options.map((option, i) => `foreign_option_${i + 1}=dhcp-option ${option}`)
  const argv = ['tun0', '1500', '1500', '10.8.0.2', '255.255.255.0', 'init']
  await lab.run(['env', `script_type=${type}`, 'dev=tun0', ...pushed, 'bash', script, ...argv])
}

test('update-systemd-resolved: up sets servers, domains and DNSSEC, down takes all of it away', async () => {
  const { lab, index, script } = await withTunnel()
  await using _lab = lab
  await openvpn(
    lab,
    script,
    'up',
    `DNS ${SERVER}`,
    `DNS6 ${SERVER6}`,
    'DOMAIN corp.test',
    'DOMAIN second.test',
    'ADAPTER_DOMAIN_SUFFIX third.test',
    'DOMAIN-SEARCH search.test',
    'DOMAIN-ROUTE route.test',
    'DNSSEC no',
  )
  expect(await lab.resolvectl('dns', 'tun0')).toBe(`Link ${index} (tun0): ${SERVER} ${SERVER6}\n`)
  expect((await lab.resolvectl('domain', 'tun0')).replaceAll(/\s+/g, ' ')).toBe(
    `Link ${index} (tun0): corp.test second.test third.test search.test ~route.test `,
  )
  expect(await lab.resolvectl('dnssec', 'tun0')).toBe(`Link ${index} (tun0): no\n`)
  await openvpn(lab, script, 'down')
  expect(await lab.resolvectl('dns', 'tun0')).toBe(`Link ${index} (tun0):\n`)
  expect(await lab.resolvectl('domain', 'tun0')).toBe(`Link ${index} (tun0):\n`)
  expect((await lab.dig('www.corp.test')).rcode).not.toBe('NOERROR')
})

test('update-systemd-resolved: modes that permit going without pass, and so does the default', async () => {
  const { lab, index, script } = await withTunnel()
  await using _lab = lab
  await openvpn(lab, script, 'up', `DNS ${SERVER}`, 'DNSSEC allow-downgrade')
  expect(await lab.resolvectl('dnssec', 'tun0')).toBe(`Link ${index} (tun0): allow-downgrade\n`)
  await openvpn(lab, script, 'up', `DNS ${SERVER}`, 'DNSSEC default')
  expect(await lab.resolvectl('dnssec', 'tun0')).toBe(`Link ${index} (tun0): no\n`)
})

test('a tunnel with ~. takes every name, as long as it is there', async () => {
  const { lab, script, holder } = await withTunnel()
  await using _lab = lab
  await lab.resolvectl('dns', 'lan', SERVER)
  await lab.resolvectl('default-route', 'lan', 'yes')
  await openvpn(lab, script, 'up', 'DNS 10.8.0.1', 'DOMAIN-ROUTE .')
  await lab.dig('www.test', 'A', '+time=1')
  expect(await lab.links.lan.asked()).toEqual([])
  await holder.stop('SIGKILL') // a crash: no down
  await eventually(async () => expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1']))
})
