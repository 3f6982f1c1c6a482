import { expect, test } from 'vitest'
import { debianExtra } from './kit/debian.ts'
import { eventually } from './kit/eventually.ts'
import { Lab } from './kit/lab.ts'
import { Avahi } from './kit/mdns-neighbour.ts'
import type { Program } from './kit/program.ts'
import { inside } from './kit/world.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1' }, dns: [] }
const vpn = { zone: { 'www.corp.test': 'A 192.0.2.2', 'www.test': 'A 192.0.2.9' }, dns: [] }
const both = { links: { lan, vpn } }

type Machine = Lab<'lan' | 'vpn'>

const NAME = 'org.freedesktop.NetworkManager'

interface NetworkManager {
  readonly program: Program
  readonly nmcli: (words: string) => Promise<string>
}

/** Debian's NetworkManager, which hands all name servers to us. With /sys read-only it does not wait for udev. */
async function startNetworkManager(lab: Machine): Promise<NetworkManager> {
  const folder = await debianExtra('network-manager')
  const libraries = (await lab.run(['sh', '-c', `echo ${folder}/usr/lib/*-linux-gnu`])).trim()
  const environment = ['env', `LD_LIBRARY_PATH=${libraries}:${inside.debian}/shared`]
  await lab.run(['mount', '-o', 'remount,bind,ro', '/sys'])
  await lab.run(['sh', '-c', 'mount -t tmpfs tmpfs /var/lib; mkdir -p /var/lib/NetworkManager /run/NetworkManager'])
  await lab.run(['sh', '-c', 'rm -rf /etc/NetworkManager; mkdir -p /etc/NetworkManager/system-connections'])
  await lab.run(['sh', '-c', 'mkdir -p /dev/net; [ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200'])
  await lab.write('/etc/NetworkManager/NetworkManager.conf', configuration)
  const program = await lab.world.start(NAME, [...environment, `${folder}/usr/sbin/NetworkManager`, '--no-daemon'])
  await lab.onBus(NAME)
  const nmcli = (words: string) => lab.run([...environment, `${folder}/usr/bin/nmcli`, ...words.split(' ')])
  return { program, nmcli }
}

const configuration = `[main]
dns=systemd-resolved
plugins=keyfile
auth-polkit=root-only
no-auto-default=*
[logging]
backend=stderr
level=DEBUG
domains=DNS,DEVICE
`

const OFFICE = `connection add type ethernet ifname lan con-name office ipv4.method manual ipv4.addresses 10.53.1.100/24 ipv4.gateway 10.53.1.1 ipv4.dns 10.53.1.1 ipv6.method ignore`
const WORK = `connection add type ethernet ifname vpn con-name work ipv4.method manual ipv4.addresses 10.53.2.100/24 ipv4.dns 10.53.2.1 ipv6.method ignore`
const TUNNEL = `connection add type tun mode tun ifname tun0 con-name tunnel ipv4.method manual ipv4.addresses 10.8.0.2/24 ipv4.dns 10.8.0.1 ipv6.method ignore`

async function eventuallySays(lab: Machine, verb: string, link: string, expected: string): Promise<void> {
  await eventually(async () =>
    expect((await lab.resolvectl(verb, link)).trim().replace(/^Link \d+ /, '')).toBe(`(${link}): ${expected}`.trim()),
  )
}

test('a connection with servers and domains: up, changed, down', async () => {
  await using lab = await Lab.open(both)
  const { nmcli } = await startNetworkManager(lab)
  await nmcli(`${OFFICE} ipv4.dns-search test,~route.test`)
  await nmcli('connection up office')
  await eventuallySays(lab, 'dns', 'lan', '10.53.1.1')
  await eventuallySays(lab, 'domain', 'lan', 'test ~route.test')
  await eventuallySays(lab, 'default-route', 'lan', 'yes')
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  await nmcli('connection modify office ipv4.dns 10.53.1.2 ipv4.dns-search other.test')
  await nmcli('connection up office')
  await eventuallySays(lab, 'dns', 'lan', '10.53.1.2')
  await eventuallySays(lab, 'domain', 'lan', 'other.test')
  await lab.links.lan.upstream.forget()
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1']) // NetworkManager flushed all caches after its changes
  expect((await lab.links.lan.upstream.questions()).map(({ to }) => to)).toEqual(['10.53.1.2'])
  await nmcli('connection down office')
  await eventuallySays(lab, 'dns', 'lan', '')
  await eventuallySays(lab, 'domain', 'lan', '')
})

test('MC-MODE-1: a connection turns multicast DNS and LLMNR on, as far as the machine allows', async () => {
  await using lab = await Lab.open({ ...both, config: 'MulticastDNS=yes\nLLMNR=resolve' })
  const { nmcli } = await startNetworkManager(lab)
  await nmcli(`${OFFICE} connection.mdns yes connection.llmnr yes`)
  await nmcli('connection up office')
  await eventuallySays(lab, 'mdns', 'lan', 'yes')
  await eventuallySays(lab, 'llmnr', 'lan', 'resolve')
  await Avahi.start(lab.links.lan, 'nas')
  await eventually(async () => expect((await lab.dig('nas.local')).data).toContain('10.53.1.1'))
  await nmcli('connection modify office connection.mdns no')
  await nmcli('connection up office')
  await eventuallySays(lab, 'mdns', 'lan', 'no')
  expect((await lab.dig('nas.local')).rcode).toBe('NXDOMAIN')
})

test('split tunnel: names below its domains and no others', async () => {
  await using lab = await Lab.open(both)
  const { nmcli } = await startNetworkManager(lab)
  await nmcli(OFFICE)
  await nmcli(`${WORK} ipv4.never-default yes ipv4.dns-search ~corp.test`)
  await nmcli('connection up office')
  await nmcli('connection up work')
  await eventuallySays(lab, 'domain', 'vpn', '~corp.test')
  await eventuallySays(lab, 'default-route', 'vpn', 'no')
  await eventually(async () => expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2']))
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect(await lab.links.lan.asked()).not.toContain('www.corp.test A')
  expect(await lab.links.vpn.asked()).not.toContain('www.test A')
})

test('full tunnel: ~. and a negative priority take every name, until it is down', async () => {
  await using lab = await Lab.open(both)
  const { nmcli } = await startNetworkManager(lab)
  await nmcli(OFFICE)
  await nmcli('connection up office')
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  await nmcli(`${WORK} ipv4.gateway 10.53.2.1 ipv4.route-metric 10 ipv4.dns-priority -50`)
  await nmcli('connection up work')
  await eventuallySays(lab, 'domain', 'vpn', '~.')
  await eventually(async () => expect((await lab.dig('www.test')).data).toEqual(['192.0.2.9']))
  await nmcli('connection down work')
  await eventually(async () => expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1']))
})

test('a tun profile: its settings come, and are gone with the device', async () => {
  await using lab = await Lab.open(both)
  const { nmcli } = await startNetworkManager(lab)
  await nmcli(`${TUNNEL} ipv4.never-default yes ipv4.dns-search ~corp.test`)
  await nmcli('connection up tunnel')
  await eventuallySays(lab, 'dns', 'tun0', '10.8.0.1')
  await eventuallySays(lab, 'domain', 'tun0', '~corp.test')
  await nmcli('connection down tunnel')
  await eventually(async () => expect(await lab.resolvectl('dns')).not.toContain('tun0'))
  expect(await lab.run(['sh', '-c', 'cat /run/systemd/resolve/netif/* 2>/dev/null || true'])).not.toContain('corp.test')
})

test('it pushes everything again to a new owner of the name, also when nothing was kept', async () => {
  await using lab = await Lab.open(both)
  const { nmcli } = await startNetworkManager(lab)
  await nmcli(OFFICE)
  await nmcli('connection up office')
  await eventuallySays(lab, 'dns', 'lan', '10.53.1.1')
  await lab.daemon.stop('SIGKILL')
  await lab.run(['rm', '-rf', '/run/systemd/resolve/netif'])
  await lab.daemon.start()
  await lab.onBus()
  await eventuallySays(lab, 'dns', 'lan', '10.53.1.1')
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
})
