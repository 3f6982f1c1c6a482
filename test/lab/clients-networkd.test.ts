import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab } from './kit/lab.ts'
import { Avahi } from './kit/mdns-neighbour.ts'
import type { Program } from './kit/program.ts'
import { inside } from './kit/world.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1' } }
const vpn = { zone: { 'www.corp.test': 'A 192.0.2.2' }, dns: [] }
const both = { links: { lan, vpn } }
const NETWORKD = ['org.freedesktop.network1', '/org/freedesktop/network1', 'org.freedesktop.network1.Manager']
const PATH = '/etc/systemd/network/vpn.network'

const file = `[Match]
Name=vpn
[Network]
Address=10.53.2.100/24
DNS=10.53.2.1 10.53.2.2:53#dns.corp.test
Domains=corp.test ~route.test
DNSDefaultRoute=no
LLMNR=no
`

const dhcpFile = `[Match]
Name=vpn
[Network]
DHCP=ipv4
[DHCPv4]
UseDomains=yes
`

type Machine = Lab<'lan' | 'vpn'>

/** A machine with what systemd's own start makes for networkd: account and folders. Nothing is managed yet. */
async function open(config = ''): Promise<Machine> {
  const lab = await Lab.open({ ...both, config, start: false })
  const account = 'systemd-network:x:64055:64055::/:/usr/sbin/nologin'
  await lab.run(['sh', '-c', `grep -q ^systemd-network: /etc/passwd || echo ${account} >>/etc/passwd`])
  const folders = ['', '/links', '/leases', '/lldp'].map((name) => `/run/systemd/netif${name}`)
  await lab.run(['install', '-d', '-o', 'systemd-network', ...folders])
  await lab.run(['rm', '-rf', '/etc/systemd/network'])
  await lab.links.vpn.removeAddresses() // networkd gives it one; with its own already there 252 goes round in circles
  await lab.daemon.start()
  await lab.configureLinks()
  return lab
}

/** Debian's systemd-networkd, as it runs in a container: with /sys read-only it does not wait for udev. */
async function startNetworkd(lab: Machine): Promise<Program> {
  await lab.run(['mount', '-o', 'remount,bind,ro', '/sys'])
  const environment = ['env', 'SYSTEMD_LOG_LEVEL=debug', 'SYSTEMD_LOG_TARGET=console']
  const program = await lab.world.start('networkd', [...environment, `${inside.debian}/daemons/systemd-networkd`])
  await lab.onBus('org.freedesktop.network1')
  return program
}

async function withNetworkd(text: string, config = ''): Promise<{ lab: Machine; networkd: Program }> {
  const lab = await open(config)
  await lab.write(PATH, text)
  return { lab, networkd: await startNetworkd(lab) }
}

async function expectServers(lab: Machine, servers: string): Promise<void> {
  const line = `Link ${await lab.links.vpn.index()} (vpn):${servers}\n`
  await eventually(async () => expect(await lab.resolvectl('dns', 'vpn')).toBe(line))
}

test('R-NETD-4: a .network file gives servers, domains and default route, and they are in force', async () => {
  const { lab } = await withNetworkd(file)
  await using _lab = lab
  await expectServers(lab, ' 10.53.2.1 10.53.2.2#dns.corp.test')
  expect(await lab.resolvectl('domain', 'vpn')).toMatch(/: corp\.test ~route\.test\n$/)
  expect(await lab.resolvectl('default-route', 'vpn')).toMatch(/: no\n$/)
  await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2']))
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect(await lab.links.lan.asked()).toEqual(['www.test A'])
  expect(await lab.run(['cat', '/run/systemd/resolve/resolv.conf'])).toMatch(/^search corp\.test$/m)
})

test('MC-MODE-1: a .network file turns multicast DNS and LLMNR on, as far as the machine allows', async () => {
  const { lab } = await withNetworkd(
    `${file.replace('LLMNR=no', 'LLMNR=resolve')}MulticastDNS=yes\n`,
    'MulticastDNS=yes',
  )
  await using _lab = lab
  await eventually(async () => expect(await lab.resolvectl('mdns', 'vpn')).toMatch(/: yes\n$/))
  await eventually(async () => expect(await lab.resolvectl('status', 'vpn')).toMatch(/Current Scopes: DNS mDNS\/IPv4/))
  expect(await lab.resolvectl('llmnr', 'vpn')).toMatch(/: no\n$/) // the machine says no
  await Avahi.start(lab.links.vpn, 'nas')
  await eventually(async () => expect((await lab.dig('nas.local')).data).toContain('10.53.2.1'))
})

test('R-NETD-6: the bus is refused, and resolvectl goes to networkd instead', async () => {
  const { lab } = await withNetworkd(file)
  await using _lab = lab
  await expectServers(lab, ' 10.53.2.1 10.53.2.2#dns.corp.test')
  const index = String(await lab.links.vpn.index())
  const manager = ['org.freedesktop.resolve1', '/org/freedesktop/resolve1', 'org.freedesktop.resolve1.Manager']
  const refused = await lab.tryRun(['busctl', 'call', ...manager, 'SetLinkDNS', 'ia(iay)', index, '0'])
  expect(refused).toMatchObject({ code: 1, stderr: 'Call failed: Link vpn is managed.\n' })
  await lab.resolvectl('dns', 'vpn', '10.53.2.3')
  await expectServers(lab, ' 10.53.2.3')
  await lab.resolvectl('domain', 'vpn', '~other.test')
  await eventually(async () => expect(await lab.resolvectl('domain', 'vpn')).toMatch(/: ~other\.test\n$/))
  await lab.resolvectl('default-route', 'vpn', 'yes')
  await eventually(async () => expect(await lab.resolvectl('default-route', 'vpn')).toMatch(/: yes\n$/))
  await lab.resolvectl('nta', 'vpn', 'corp.test')
  await eventually(async () => expect(await lab.resolvectl('nta', 'vpn')).toMatch(/: corp\.test\n$/))
  await lab.resolvectl('revert', 'vpn')
  await expectServers(lab, ' 10.53.2.1 10.53.2.2#dns.corp.test')
})

test('DHCP: servers and domain of the lease, and those of a later one', async () => {
  await using lab = await open()
  const dhcp = await startDhcp(lab, '10.53.2.1,10.53.2.2', 'corp.test')
  await lab.write(PATH, dhcpFile)
  await startNetworkd(lab)
  await expectServers(lab, ' 10.53.2.1 10.53.2.2')
  await eventually(async () => expect(await lab.resolvectl('domain', 'vpn')).toMatch(/: corp\.test\n$/))
  await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2']))
  await dhcp.stop()
  await startDhcp(lab, '10.53.2.3', 'other.test')
  await lab.run(['busctl', 'call', ...NETWORKD, 'RenewLink', 'i', String(await lab.links.vpn.index())])
  await expectServers(lab, ' 10.53.2.3')
  await eventually(async () => expect(await lab.resolvectl('domain', 'vpn')).toMatch(/: other\.test\n$/))
})

/** dnsmasq gives leases only; the questions go to the scripted server. */
function startDhcp(lab: Machine, servers: string, domain: string): Promise<Program> {
  const what = ['--dhcp-range=10.53.2.150,10.53.2.160,2m', `--dhcp-option=6,${servers}`, `--dhcp-option=15,${domain}`]
  const how = ['--no-daemon', '--conf-file=/dev/null', '--port=0', '--pid-file=', '--dhcp-leasefile=/tmp/leases']
  const where = ['--interface=vpn', '--bind-interfaces', '--dhcp-authoritative']
  const argv = ['sh', '-c', 'exec dnsmasq "$@" 2>&1', 'sh', ...how, ...where, ...what]
  return lab.links.vpn.start(argv, { until: /DHCP, IP range/ })
}

test('what clients pushed before networkd took the link is gone, and what networkd says when it gives it up', async () => {
  await using lab = await open()
  await lab.resolvectl('dns', 'vpn', '10.53.2.3')
  await lab.write(PATH, file)
  const networkd = await startNetworkd(lab)
  await expectServers(lab, ' 10.53.2.1 10.53.2.2#dns.corp.test')
  await lab.daemon.restart('SIGKILL')
  await lab.onBus()
  await expectServers(lab, ' 10.53.2.1 10.53.2.2#dns.corp.test')
  await networkd.stop()
  await lab.run(['rm', PATH])
  await startNetworkd(lab)
  await expectServers(lab, '')
  await lab.resolvectl('dns', 'vpn', '10.53.2.2')
  expect(await lab.resolvectl('dns', 'vpn')).toContain(': 10.53.2.2\n')
})

test('settings stay while networkd restarts', async () => {
  const { lab, networkd } = await withNetworkd(file)
  await using _lab = lab
  await expectServers(lab, ' 10.53.2.1 10.53.2.2#dns.corp.test')
  await networkd.stop('SIGKILL')
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2'])
  await startNetworkd(lab)
  await expectServers(lab, ' 10.53.2.1 10.53.2.2#dns.corp.test')
  await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2']))
})
