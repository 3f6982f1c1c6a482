import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { debianExtra } from './kit/debian.ts'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import type { Link } from './kit/link.ts'
import { startOriginal } from './kit/llmnr-neighbour.ts'
import { Avahi, mdnsPackets, publishByZeroconf, scan } from './kit/mdns-neighbour.ts'
import type { Program } from './kit/program.ts'
import { inside } from './kit/world.ts'

const one = { links: { lan: { zone: false } }, config: 'MulticastDNS=yes', hostname: 'kitchen' } as const
const WEB = '[Service]\nName=Web on %H\nType=_http._tcp\nSubType=_printer\nPort=8080\nTxtText=path=/ note="two words"\n'

/** Not started yet, with a service in a file. */
async function withService(spec: object = {}): Promise<Lab<'lan'>> {
  const lab = await Lab.open({ ...one, ...spec, start: false })
  await lab.write('/etc/systemd/dnssd/web.dnssd', WEB)
  return lab
}

async function start(lab: Lab<'lan'>): Promise<void> {
  await lab.daemon.start()
  await lab.onBus()
}

async function hostLabel(lab: Lab<'lan'>): Promise<string> {
  const manager = ['org.freedesktop.resolve1', '/org/freedesktop/resolve1', 'org.freedesktop.resolve1.Manager']
  const text = await lab.run(['busctl', 'get-property', ...manager, 'LLMNRHostname'])
  return text.split('"')[1] ?? ''
}

/** What avahi-browse knows of a type: instance, host, address, port and TXT, as it writes them. */
async function browsed(avahi: Avahi, type: string): Promise<string[]> {
  const text = await avahi.run('avahi-browse', '-rpt', type)
  return text.split('\n').filter((line) => line.startsWith('='))
}

/** Registers a service over the bus until it is stopped; `lines` has what it hears of services. */
async function register(lab: Lab<'lan'>, ...words: readonly string[]): Promise<{ program: Program; lines: string[] }> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('kit/register-process.ts', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
  })
  const lines: string[] = []
  const argv = [inside.node, '-e', outputFiles[0]?.text ?? '', '--', ...words]
  const onLine = (line: string) => void lines.push(line)
  return { program: await lab.world.start('register', argv, { until: /^registered/, onLine }), lines }
}

async function browseByZeroconf(link: Link, type: string): Promise<readonly string[]> {
  const lines: string[] = []
  const path = `PYTHONPATH=${await debianExtra('zeroconf')}/usr/lib/python3/dist-packages`
  const argv = ['env', path, 'python3', `${inside.repo}/test/lab/kit/zeroconf-browse.py`, link.realServer, type]
  await link.start(argv, { until: /^browsing$/, onLine: (line) => void lines.push(line) })
  return lines
}

describe.skipIf(original)('Avahi as neighbour', () => {
  test('MD-R-1: finds our name, our addresses of either family and their names', async () => {
    await using lab = await Lab.open(one)
    const { lan } = lab.links
    const avahi = await Avahi.start(lan, 'nas')
    expect(await avahi.run('avahi-resolve', '-4n', 'kitchen.local')).toContain(lan.address)
    expect(await avahi.run('avahi-resolve', '-6n', 'kitchen.local')).toMatch(/kitchen\.local\t(?:fd53:1::100|fe80)/)
    expect(await avahi.run('avahi-resolve', '-a', lan.address)).toContain('kitchen.local')
    expect(await avahi.run('avahi-resolve', '-a', lan.address6)).toContain('kitchen.local')
  })

  test('SD-F-1: browses and resolves services of our files, by subtype too, and lists their types', async () => {
    await using lab = await withService()
    await start(lab)
    const { lan } = lab.links
    const avahi = await Avahi.start(lan, 'nas')
    await eventually(async () => {
      const found = await browsed(avahi, '_http._tcp')
      const line = `=;lan;IPv4;Web\\032on\\032kitchen;Web Site;local;kitchen.local;${lan.address};8080;`
      expect(found).toContainEqual(expect.stringContaining(line))
      expect(found).toContainEqual(expect.stringContaining('"note=two words"'))
    })
    expect(await browsed(avahi, '_printer._sub._http._tcp')).not.toEqual([])
    expect(await avahi.run('avahi-browse', '-apt')).toContain('Web\\032on\\032kitchen;Web Site;local')
  })

  test('MD-P-8: it has our name already: ours gets a number, and is found under it', async () => {
    await using lab = await withService({ hostname: 'twin' })
    const { lan } = lab.links
    const avahi = await Avahi.start(lan, 'twin')
    await start(lab)
    await eventually(async () => expect(await hostLabel(lab)).toMatch(/^twin\d+$/))
    const label = await hostLabel(lab)
    await eventually(async () =>
      expect(await avahi.run('avahi-resolve', '-4n', `${label}.local`)).toContain(lan.address),
    )
    expect(await avahi.run('avahi-resolve', '-4n', 'twin.local')).not.toContain(lan.address)
    await eventually(async () => {
      const found = await browsed(avahi, '_http._tcp')
      expect(found.some((line) => line.includes(`Web\\032on\\032${label};Web Site;local;${label}.local`))).toBe(true)
    })
    expect((await lab.run(['hostname'])).trim()).toBe('twin')
  })

  test('MD-P-8: it wants our name: it gets another, and ours stays', async () => {
    await using lab = await Lab.open({ ...one, hostname: 'twin' })
    const { lan } = lab.links
    const packets = await mdnsPackets(lan)
    await eventually(() => expect(packets.some(({ message }) => message?.isResponse)).toBe(true))
    const avahi = await Avahi.start(lan, 'twin')
    expect(await avahi.run('avahi-resolve', '-4n', 'twin-2.local')).toContain('10.53.1.')
    expect(await avahi.run('avahi-resolve', '-4n', 'twin.local')).toContain(lan.address)
    expect(await hostLabel(lab)).toBe('twin')
  })

  test('SD-B-4: it has our service already: ours gets a number, and its program hears of it', async () => {
    await using lab = await Lab.open(one)
    const { lan } = lab.links
    const avahi = await Avahi.start(lan, 'nas')
    await avahi.publish('-s', 'Web', '_http._tcp', '80')
    const { lines } = await register(lab, 'web', 'Web', '_http._tcp', '8080')
    await eventually(async () => {
      const found = await browsed(avahi, '_http._tcp')
      expect(found).toContainEqual(expect.stringContaining('Web\\032\\0402\\041;Web Site;local;kitchen.local;'))
    })
    expect(lines).toContain('Conflicted /org/freedesktop/resolve1/dnssd/web')
  })

  test('SD-B-4: it wants our service: it gets another name, and ours stays', async () => {
    await using lab = await withService()
    await start(lab)
    const avahi = await Avahi.start(lab.links.lan, 'nas')
    await eventually(async () => expect(await browsed(avahi, '_http._tcp')).not.toEqual([]))
    await avahi.publish('-s', 'Web on kitchen', '_http._tcp', '80')
    const found = await browsed(avahi, '_http._tcp')
    expect(found).toContainEqual(expect.stringMatching(/;Web\\032on\\032kitchen\\032\\0352;.*;nas\.local;/))
    expect(found).toContainEqual(expect.stringMatching(/;Web\\032on\\032kitchen;.*;kitchen\.local;/))
  })

  test('MD-P-9: what stops says goodbye: the daemon, a program on the bus, a file that is taken away', async () => {
    await using lab = await withService()
    await start(lab)
    const avahi = await Avahi.start(lab.links.lan, 'nas')
    const lines: string[] = []
    await avahi.follow('_http._tcp', (line) => void lines.push(line))
    const shown = (sign: string, name: string) =>
      lines.filter((line) => line === `${sign};lan;IPv4;${name};Web Site;local`)
    await eventually(() => expect(shown('+', 'Web\\032on\\032kitchen')).toHaveLength(1))
    const { program } = await register(lab, 'own', 'Own', '_http._tcp', '81')
    await eventually(() => expect(shown('+', 'Own')).toHaveLength(1))
    await program.stop()
    await eventually(() => expect(shown('-', 'Own')).toHaveLength(1))
    await lab.run(['mv', '/etc/systemd/dnssd/web.dnssd', '/etc/systemd/dnssd/site.dnssd'])
    await lab.run(['sed', '-i', 's/^Name=.*/Name=Site/', '/etc/systemd/dnssd/site.dnssd'])
    await lab.daemon.signal('SIGHUP')
    await eventually(() => expect(shown('-', 'Web\\032on\\032kitchen')).toHaveLength(1))
    await eventually(() => expect(shown('+', 'Site')).toHaveLength(1))
    await lab.daemon.stop()
    await eventually(() => expect(shown('-', 'Site')).toHaveLength(1))
  })
})

describe.skipIf(original)('a real systemd-resolved as neighbour', () => {
  const config = 'LLMNR=no\nMulticastDNS=yes'
  const ask = async (link: Link, name: string, type: string) => {
    const text = await link.run(['dig', '+short', '+tries=1', '+time=9', '@127.0.0.53', '-t', type, '-q', name])
    return text.trim().split('\n')
  }

  test('MD-R-1: finds our name, our addresses of either family, their names and our services', async () => {
    await using lab = await withService()
    await start(lab)
    const { lan } = lab.links
    await startOriginal(lan, 'nas', { config })
    await eventually(async () => expect(await ask(lan, 'kitchen.local', 'A')).toEqual([lan.address]))
    expect(await ask(lan, 'kitchen.local', 'AAAA')).toContain(lan.address6)
    expect(await ask(lan, '100.1.53.10.in-addr.arpa', 'PTR')).toEqual(['kitchen.local.'])
    expect(await ask(lan, '_http._tcp.local', 'PTR')).toEqual([String.raw`Web\032on\032kitchen._http._tcp.local.`])
    expect(await ask(lan, String.raw`Web\032on\032kitchen._http._tcp.local`, 'SRV')).toEqual([
      '0 0 8080 kitchen.local.',
    ])
  })

  test('MD-P-8: of two with the same name, who comes second gets a number', async () => {
    await using lab = await Lab.open({ ...one, hostname: 'twin' })
    const { lan } = lab.links
    const packets = await mdnsPackets(lan)
    await eventually(() => expect(packets.filter(({ message }) => message?.isResponse).length).toBeGreaterThan(1))
    await startOriginal(lan, 'twin', { config })
    const conflict = /changing published hostname from 'twin' to '(twin\d+)'/
    await eventually(() => expect(lab.world.log.some((line) => conflict.test(line))).toBe(true))
    expect(await hostLabel(lab)).toBe('twin')
  })
})

test.skipIf(original)('python3-zeroconf: browses and resolves our services, and hears their goodbye', async () => {
  await using lab = await withService()
  const { lan } = lab.links
  const lines = await browseByZeroconf(lan, '_http._tcp')
  await start(lab)
  await eventually(() => {
    const [line = ''] = lines.filter((each) => each.startsWith('+ Web on kitchen._http._tcp.local.'))
    expect(line).toContain(`kitchen.local. 8080`)
    expect(line).toContain(`['${lan.address}']`)
  })
  await lab.daemon.stop()
  await eventually(() => expect(lines).toContain('- Web on kitchen._http._tcp.local.'))
})

test.skipIf(original)('python3-zeroconf: of the same instance on either side one gives way', async () => {
  await using lab = await withService()
  const { lan } = lab.links
  await publishByZeroconf(lan, 'python-host', '_http._tcp', ['Web on kitchen'])
  const lines = await browseByZeroconf(lan, '_http._tcp')
  await start(lab)
  await eventually(() => expect(lines.join('\n')).toContain('+ Web on kitchen (2)._http._tcp.local.'))
})

test.skipIf(original)('mdns-scan: lists our services', async () => {
  await using lab = await withService()
  const lines = await scan(lab.links.lan)
  await start(lab)
  await eventually(() => expect(lines.join('\n')).toContain('Web on kitchen._http._tcp.local'))
})
