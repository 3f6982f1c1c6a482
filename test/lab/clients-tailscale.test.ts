import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab } from './kit/lab.ts'
import type { Program } from './kit/program.ts'

/**
 * What Tailscale's Linux client does over the bus, in its order: one connection; it watches our name; it pushes all
 * settings of its link; when domains are refused, it takes those below arpa away and tries again; then FlushCaches;
 * whenever the name gets a new owner it pushes everything again. It also reads ResolvConfMode to see who it is up against.
 */
const client = String.raw`
import json, subprocess, sys
BUS = ['org.freedesktop.resolve1', '/org/freedesktop/resolve1', 'org.freedesktop.resolve1.Manager']
index, config = sys.argv[1], json.loads(sys.argv[2])

def call(member, signature, *words):
    done = subprocess.run(['busctl', 'call', *BUS, member, signature, index, *words], capture_output=True, text=True)
    print('call', member, done.returncode, done.stderr.strip(), flush=True)
    return done.returncode == 0

def domains(names):
    words = [str(len(names))]
    for name, route_only in names:
        words += [name, 'true' if route_only else 'false']
    return call('SetLinkDomains', 'ia(sb)', *words)

def push():
    server = ['1', '2', '4', *config['server'].split('.')]
    call('SetLinkDNS', 'ia(iay)', *server)
    if not domains(config['domains']):
        domains([each for each in config['domains'] if not each[0].endswith('arpa.')])
    call('SetLinkDefaultRoute', 'ib', 'true' if config['default'] else 'false')
    call('SetLinkLLMNR', 'is', 'no')
    call('SetLinkMulticastDNS', 'is', 'no')
    call('SetLinkDNSSEC', 'is', 'no')
    call('SetLinkDNSOverTLS', 'is', 'no')
    subprocess.run(['busctl', 'call', *BUS, 'FlushCaches'], check=True)
    mode = subprocess.run(['busctl', 'get-property', *BUS, 'ResolvConfMode'], capture_output=True, text=True)
    print('mode', mode.stdout.strip(), flush=True)
    print('pushed', flush=True)

rule = "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.freedesktop.resolve1'"
watch = subprocess.Popen(['dbus-monitor', '--system', rule], stdout=subprocess.PIPE, text=True)
watch.stdout.readline() # it says first that it is on the bus
push()
names = []
for line in watch.stdout:
    if 'member=NameOwnerChanged' in line: names = []
    elif line.strip().startswith('string'): names.append(line.split('"')[1])
    if len(names) == 3 and names[0] == 'org.freedesktop.resolve1':
        if names[2] != '': push()
        names = []
`

const lan = { zone: { 'www.test': 'A 192.0.2.1' } }
const ts0 = { zone: { 'host.tail.test': 'A 192.0.2.2' }, dns: [] }

async function startClient(lab: Lab<'lan' | 'ts0'>, config: object): Promise<{ program: Program; said: string[] }> {
  const said: string[] = []
  const argv = ['python3', '-uc', client, String(await lab.links.ts0.index()), JSON.stringify(config)]
  return { program: await lab.world.start('client', argv, { onLine: (line) => said.push(line) }), said }
}

const config = {
  server: '10.53.2.1',
  default: false,
  domains: [
    ['tail.test.', false],
    ['64.100.in-addr.arpa.', true],
    ['ts.test.', true],
  ],
}

async function expectPushed(lab: Lab<'lan' | 'ts0'>): Promise<void> {
  expect(await lab.resolvectl('dns', 'ts0')).toContain(': 10.53.2.1\n')
  expect(await lab.resolvectl('domain', 'ts0')).toContain(': tail.test ~64.100.in-addr.arpa ~ts.test\n')
  expect(await lab.resolvectl('default-route', 'ts0')).toContain(': no\n')
  expect((await lab.dig('host.tail.test')).data).toEqual(['192.0.2.2'])
}

test('everything is taken, nothing needs a second try', async () => {
  await using lab = await Lab.open({ links: { lan, ts0 } })
  const { said } = await startClient(lab, config)
  await eventually(() => expect(said.at(-1)).toBe('pushed'))
  expect(said.filter((line) => line.startsWith('call')).map((line) => line.split(' ').slice(1, 3))).toEqual([
    ['SetLinkDNS', '0'],
    ['SetLinkDomains', '0'],
    ['SetLinkDefaultRoute', '0'],
    ['SetLinkLLMNR', '0'],
    ['SetLinkMulticastDNS', '0'],
    ['SetLinkDNSSEC', '0'],
    ['SetLinkDNSOverTLS', '0'],
  ])
  expect(said).toContain('mode s "stub"')
  await expectPushed(lab)
  await lab.dig('1.64.100.in-addr.arpa', 'PTR')
  expect(await lab.links.lan.asked()).toEqual([])
})

test('one bad domain refuses all, and the second try without it is taken', async () => {
  await using lab = await Lab.open({ links: { lan, ts0 } })
  const spoilt = {
    ...config,
    domains: [
      ['tail.test.', false],
      ['64..100.in-addr.arpa.', true],
    ],
  }
  const { said } = await startClient(lab, spoilt)
  await eventually(() => expect(said.at(-1)).toBe('pushed'))
  const tries = said.filter((line) => line.startsWith('call SetLinkDomains'))
  expect(tries).toEqual([
    'call SetLinkDomains 1 Call failed: Invalid search domain 64..100.in-addr.arpa.',
    'call SetLinkDomains 0 ',
  ])
  expect(await lab.resolvectl('domain', 'ts0')).toContain(': tail.test\n')
})

test('a new owner of our name gets all settings again: after a restart, a crash, and a crash without state', async () => {
  await using lab = await Lab.open({ links: { lan, ts0 } })
  const { said } = await startClient(lab, config)
  await eventually(() => expect(said.at(-1)).toBe('pushed'))
  for (const [signal, losesState] of [
    ['SIGTERM', false],
    ['SIGKILL', false],
    ['SIGKILL', true],
  ] as const) {
    said.length = 0
    await lab.daemon.stop(signal)
    if (losesState) await lab.run(['rm', '-rf', '/run/systemd/resolve/netif'])
    await lab.daemon.start()
    await eventually(() => expect(said.at(-1)).toBe('pushed'))
    await expectPushed(lab)
  }
})
