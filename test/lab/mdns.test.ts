import { describe, expect, test } from 'vitest'
import { TYPE } from '../../src/wire/index.ts'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import type { Link } from './kit/link.ts'
import { Avahi, type MdnsPacket, mdnsPackets, onHost, publishByZeroconf } from './kit/mdns-neighbour.ts'
import { startOriginal } from './kit/llmnr-neighbour.ts'
import type { Program } from './kit/program.ts'
import { inside } from './kit/world.ts'

const ON = 'MulticastDNS=resolve'
const one = { links: { lan: { zone: false } }, config: ON } as const
/** The addresses of the far end, as `kit/link.ts` gives them. */
const FAR = ['10.53.1.1', '10.53.1.2', '10.53.1.3', '10.53.1.9']
const PRINTER = { name: 'Büro 1. Stock', type: '_ipp._tcp', port: 631, txt: ['rp=ipp/print'] }

/** Lines of `tsresolvectl browse`, as they come. */
async function browse(lab: Lab, ...words: readonly string[]): Promise<{ lines: string[]; program: Program }> {
  const lines: string[] = []
  const argv = [inside.node, `${inside.repo}/dist/cli/main.js`, 'browse', ...words]
  const program = await lab.world.start('browse', argv, { onLine: (line) => void lines.push(line) })
  return { lines, program }
}

/** Of these packets those that we sent: all of a link's addresses are looked up, as IPv6 sends from a link-local one. */
async function sentBy(lab: Lab, link: Link, packets: readonly MdnsPacket[]): Promise<MdnsPacket[]> {
  const own = await lab.run(['ip', '-brief', 'address', 'show', 'dev', link.name])
  return packets.filter(({ from }) => own.includes(` ${from}/`))
}

function asks(packet: MdnsPacket, name: string): boolean {
  return packet.message?.isResponse === false && packet.message.questions.some((question) => question.name === name)
}

describe.skipIf(original)('Avahi as neighbour', () => {
  test('MD-Q-4: its name, its addresses of either family and their names are found', async () => {
    await using lab = await Lab.open(one)
    const packets = await mdnsPackets(lab.links.lan)
    await Avahi.start(lab.links.lan, 'nas')
    await lab.tsresolvectl('flush-caches') // what it has announced would do
    expect((await lab.dig('nas.local')).data.toSorted()).toEqual(FAR)
    expect((await lab.dig('NAS.local', 'AAAA')).data).toContain('fd53:1::1')
    expect((await lab.dig('9.1.53.10.in-addr.arpa', 'PTR')).data).toEqual(['nas.local.'])
    expect(await lab.run(['getent', 'ahostsv4', 'nas.local'])).toContain('10.53.1.9')
    await eventually(async () => expect(await sentBy(lab, lab.links.lan, packets)).not.toEqual([]))
    const sent = await sentBy(lab, lab.links.lan, packets)
    expect(sent.find((packet) => asks(packet, 'nas.local') && packet.to.includes('.'))).toMatchObject({
      fromPort: 5353,
      to: '224.0.0.251',
      hopLimit: 255,
    })
  })

  test('MD-Q-10: a name that nobody has is NXDOMAIN, and a type that a name has not is no error', async () => {
    await using lab = await Lab.open(one)
    await Avahi.start(lab.links.lan, 'nas')
    expect(await lab.dig('nobody.local')).toMatchObject({ rcode: 'NXDOMAIN' })
    expect(await lab.dig('nas.local', 'MX')).toMatchObject({ rcode: 'NOERROR', data: [] })
  })

  test('SD-V-3: its services are browsed as they come and go, and resolved', async () => {
    await using lab = await Lab.open(one)
    const avahi = await Avahi.start(lab.links.lan, 'nas', [PRINTER])
    const { lines } = await browse(lab, '_ipp._tcp')
    await eventually(() => expect(lines).toContain('+ lan IPv4  _ipp._tcp.local  Büro 1. Stock'))
    await eventually(() => expect(lines).toContain('+ lan IPv6  _ipp._tcp.local  Büro 1. Stock'))
    const second = await avahi.publish('-s', 'Keller', '_ipp._tcp', '631')
    await eventually(() => expect(lines).toContain('+ lan IPv4  _ipp._tcp.local  Keller'))
    await second.stop()
    await eventually(() => expect(lines).toContain('- lan IPv4  _ipp._tcp.local  Keller'))
    const text = await lab.tsresolvectl('service', PRINTER.name, PRINTER.type, 'local')
    expect(text).toContain('nas.local:631')
    expect(text).toContain('rp=ipp/print')
    const types = await browse(lab)
    await eventually(() => expect(types.lines).toContain('+ lan IPv4  _ipp._tcp.local'))
  })

  test('MD-Q-5: what is known is sent along, and Avahi does not tell it again', async () => {
    await using lab = await Lab.open(one)
    const { lan } = lab.links
    await Avahi.start(lan, 'nas', [PRINTER])
    const packets = await mdnsPackets(lan)
    const { lines } = await browse(lab, '_ipp._tcp')
    await eventually(() => expect(lines).toHaveLength(2))
    // Announcements may come at any time in the first seconds; whoever answers each question would leave no such pair.
    await eventually(async () => expect(unansweredPairs(packets, lan.address)).not.toEqual([]))
  })

  test('MD-Q-5: 200 services are found, and known answers of them go over several packets', async () => {
    await using lab = await Lab.open(one)
    const { lan } = lab.links
    const names = Array.from({ length: 200 }, (_, i) => `Printer number ${i}`)
    await Avahi.start(
      lan,
      'nas',
      names.map((name) => ({ ...PRINTER, name })),
    )
    const packets = await mdnsPackets(lan)
    const { lines } = await browse(lab, '_ipp._tcp')
    const expected = names.map((name) => `+ lan IPv4  _ipp._tcp.local  ${name}`)
    await eventually(() => expect(lines).toEqual(expect.arrayContaining(expected)))
    await eventually(async () => {
      const sent = await sentBy(lab, lan, packets)
      expect(sent.some(({ message }) => message?.isTruncated === true)).toBe(true)
    })
    expect(lines.filter((line) => line.startsWith('-'))).toEqual([])
  })

  test('SD-V-5: a link that goes down takes its services with it; up again they are found anew', async () => {
    await using lab = await Lab.open(one)
    const { lan } = lab.links
    await Avahi.start(lan, 'nas', [PRINTER])
    const { lines } = await browse(lab, '_ipp._tcp')
    const line = (sign: string) => `${sign} lan IPv4  _ipp._tcp.local  ${PRINTER.name}`
    await eventually(() => expect(lines).toContain(line('+')))
    await lan.down()
    await eventually(() => expect(lines).toContain(line('-')))
    expect(await lab.dig('nas.local')).toMatchObject({ data: [] })
    await lan.up()
    await eventually(() => expect(lines.filter((each) => each === line('+'))).toHaveLength(2))
    await eventually(async () => expect((await lab.dig('nas.local')).data.toSorted()).toEqual(FAR))
  })

  test('MC-MODE-3: the same name on two links is told by each link', async () => {
    await using lab = await Lab.open({ links: { lan: { zone: false }, wlan: { zone: false } }, config: ON })
    await Avahi.start(lab.links.lan, 'nas')
    await Avahi.start(lab.links.wlan, 'nas')
    expect(await lab.tsresolvectl('-i', 'lan', '-4', 'query', 'nas.local')).toContain('10.53.1.9')
    const wlan = await lab.tsresolvectl('-i', 'wlan', '-4', 'query', 'nas.local')
    expect(wlan).toContain('10.53.2.9')
    expect(wlan).not.toContain('10.53.1.9')
    expect((await lab.dig('nas.local')).data.length).toBeGreaterThan(0)
  })
})

test.skipIf(original)(
  'MC-AV-3: beside Avahi on this machine, ours asks from another port and does not answer',
  async () => {
    await using lab = await Lab.open({ ...one, config: 'MulticastDNS=yes', hostname: 'kitchen', start: false })
    const { lan } = lab.links
    const own = await Avahi.start(onHost(lab), 'kitchen')
    const neighbour = await Avahi.start(lan, 'nas', [PRINTER])
    const packets = await mdnsPackets(lan)
    await lab.daemon.start()
    await lab.configureLinks()
    await lab.tsresolvectl('flush-caches') // what was announced would do
    expect((await lab.dig('nas.local')).data.toSorted()).toEqual(FAR)
    await eventually(async () => {
      const asked = (await sentBy(lab, lan, packets)).filter(({ fromPort }) => fromPort !== 5353)
      expect(asked.some((packet) => asks(packet, 'nas.local'))).toBe(true)
    })
    expect(await own.run('avahi-resolve', '-4n', 'nas.local')).toContain('10.53.1.')
    expect(await neighbour.run('avahi-resolve', '-4n', 'kitchen.local')).toContain(lan.address)
    const { lines } = await browse(lab, '_ipp._tcp')
    await eventually(() => expect(lines).toContain(`+ lan IPv4  _ipp._tcp.local  ${PRINTER.name}`))
  },
)

test.skipIf(original)(
  'python3-zeroconf: what it publishes is browsed and resolved, and its goodbye is heard',
  async () => {
    await using lab = await Lab.open(one)
    const { lan } = lab.links
    const publisher = await publishByZeroconf(lan, 'python-host', '_http._tcp', ['First', 'Second'])
    const { lines } = await browse(lab, '_http._tcp')
    await eventually(() =>
      expect(lines.toSorted()).toEqual(['First', 'Second'].map((name) => `+ lan IPv4  _http._tcp.local  ${name}`)),
    )
    expect(await lab.tsresolvectl('service', 'First', '_http._tcp', 'local')).toContain('python-host.local:8080')
    expect((await lab.dig('python-host.local')).data).toEqual([lan.realServer])
    await publisher.stop()
    await eventually(() => expect(lines).toContain('- lan IPv4  _http._tcp.local  First'))
  },
)

describe.skipIf(original)('a real systemd-resolved as neighbour', () => {
  const config = 'MulticastDNS=yes\nLLMNR=no'
  const dnssd = '[Service]\nName=Web on %H\nType=_http._tcp\nPort=8080\nTxtText=path=/\n'

  test('MD-Q-4: its name, its addresses and its service are found', async () => {
    await using lab = await Lab.open(one)
    const { lines } = await browse(lab, '_http._tcp')
    await startOriginal(lab.links.lan, 'nas', { config, dnssd })
    await eventually(async () => expect((await lab.dig('nas.local')).data.toSorted()).toEqual(FAR))
    expect((await lab.dig('nas.local', 'AAAA')).data).toContain('fd53:1::1')
    expect((await lab.dig('9.1.53.10.in-addr.arpa', 'PTR')).data).toEqual(['nas.local.'])
    await eventually(() => expect(lines).toContain('+ lan IPv4  _http._tcp.local  Web on nas'))
    expect(await lab.tsresolvectl('service', 'Web on nas', '_http._tcp', 'local')).toContain('nas.local:8080')
  })

  test('MD-R-1: it finds our name and addresses', async () => {
    await using lab = await Lab.open({ ...one, config: 'MulticastDNS=yes', hostname: 'kitchen' })
    const { lan } = lab.links
    await startOriginal(lan, 'nas', { config })
    const ask = (type: string) =>
      lan.run(['dig', '+short', '+tries=1', '+time=8', '@127.0.0.53', '-t', type, '-q', 'kitchen.local'])
    await eventually(async () => expect(await ask('A')).toBe(`${lan.address}\n`))
    expect(await ask('AAAA')).toContain(lan.address6)
  })
})

test.skipIf(original)(
  'C-B-1: on a terminal services are a table that changes as they do, and q leaves it',
  async () => {
    await using lab = await Lab.open(one)
    const avahi = await Avahi.start(lab.links.lan, 'nas', [PRINTER])
    const tmux = (...words: readonly string[]) => lab.run(['tmux', '-L', 'browse', ...words])
    await tmux('new-session', '-d', '-x', '80', '-y', '12', 'env PS1=READY_ LC_ALL=C.UTF-8 sh -i')
    const shown = async () => (await tmux('capture-pane', '-p')).trimEnd().split('\n')
    await tmux('send-keys', `${inside.node} ${inside.repo}/dist/cli/main.js browse _ipp._tcp`, 'Enter')
    const row = new RegExp(`^${PRINTER.name} +_ipp\\._tcp +lan +4 6$`, 'm')
    await eventually(async () => expect((await shown()).join('\n')).toMatch(row))
    expect(await shown()).toHaveLength(12)
    const second = await avahi.publish('-s', 'Keller', '_ipp._tcp', '631')
    await eventually(async () => expect((await shown())[0]).toMatch(/^_ipp\._tcp\.local {2}2 found/))
    await second.stop()
    await eventually(async () => expect((await shown())[0]).toContain('1 found'))
    await tmux('send-keys', 'q')
    await eventually(async () => expect((await shown()).at(-1)).toMatch(/READY_ *$/))
  },
)

test.skipIf(original)('MC-REV-2: an address that nobody has costs getent no more than 100 ms on top', async () => {
  await using lab = await Lab.open({ links: { lan: { zone: { 'www.test': 'A 192.0.2.1' } } }, config: ON })
  const { lan } = lab.links
  const withIt = await quickest(lab, [201, 202, 203, 204, 205])
  await lab.tsresolvectl('mdns', lan.name, 'no')
  const without = await quickest(lab, [211, 212, 213, 214, 215])
  lab.world.note(`getent hosts: ${withIt} ms with multicast DNS, ${without} ms without`)
  expect(withIt - without).toBeLessThan(100)
  expect(await lan.asked()).toContain('201.1.53.10.in-addr.arpa PTR')
})

test.skipIf(original)('MD-Q-10: without a server, what nobody has costs a second at most', async () => {
  await using lab = await Lab.open(one)
  const programs = await quickestOf([1, 2, 3].map(() => () => lab.tryRun(['getent', 'hosts', '127.0.0.1'])))
  expect((await quickest(lab, [201, 202, 203])) - programs).toBeLessThan(1000)
  const dig = await quickestOf([1, 2, 3].map(() => () => lab.dig('localhost')))
  const nobody = await quickestOf(['a', 'b', 'c'].map((name) => () => lab.dig(`nobody-${name}.local`)))
  lab.world.note(`nobody.local: ${nobody} ms, localhost: ${dig} ms`)
  expect(nobody - dig).toBeLessThan(1000)
})

describe.skipIf(original)('MC-SEC-1: where it is off', () => {
  test('no packet leaves by the link, whatever is asked', async () => {
    await using lab = await Lab.open({
      links: { lan: { zone: false }, off: { zone: false } },
      config: ON,
      start: false,
    })
    const { lan, off } = lab.links
    const onLan = await mdnsPackets(lan)
    const onOff = await mdnsPackets(off)
    const state = 'ADMIN_STATE=configured\nOPER_STATE=routable\nLLMNR=no\nMDNS=no\n'
    await lab.write(`/run/systemd/netif/links/${await off.index()}`, state)
    await lab.daemon.start()
    await lab.configureLinks()
    await Avahi.start(off, 'nas', [PRINTER])
    const { lines } = await browse(lab, '_ipp._tcp')
    expect(await lab.dig('nas.local')).toMatchObject({ rcode: 'NXDOMAIN' })
    await lab.dig('9.2.53.10.in-addr.arpa', 'PTR')
    await eventually(async () => {
      expect((await sentBy(lab, lan, onLan)).some((packet) => asks(packet, '_ipp._tcp.local'))).toBe(true)
    })
    expect(onOff.length).toBeGreaterThan(0)
    expect(await sentBy(lab, off, onOff)).toEqual([])
    expect(lines).toEqual([])
  })

  test('without MulticastDNS= in the settings nothing is ever sent, and a name below local is NXDOMAIN at once', async () => {
    await using lab = await Lab.open({ links: { lan: { zone: false } }, start: false })
    await lab.write('/etc/systemd/resolved.conf', '[Resolve]\nFallbackDNS=\n')
    const packets = await mdnsPackets(lab.links.lan)
    await lab.daemon.start()
    await lab.onBus()
    expect(await lab.dig('nas.local')).toMatchObject({ rcode: 'NXDOMAIN' })
    const { stderr } = await lab.tryRun([inside.node, `${inside.repo}/dist/cli/main.js`, 'browse'], { patience: 3 })
    expect(stderr).toContain('Multicast DNS is not asked on any link')
    expect(packets).toEqual([])
  })
})

/** Questions of ours for services that carried known answers, and up to the next of which nobody told a service. */
function unansweredPairs(packets: readonly MdnsPacket[], own: string): number[] {
  const isOurs = (packet: MdnsPacket) => packet.from === own && asks(packet, '_ipp._tcp.local')
  const tells = ({ message }: MdnsPacket) =>
    message?.isResponse === true && message.answer.some(({ type }) => type === TYPE.PTR)
  const questions = packets.flatMap((packet, i) => (isOurs(packet) ? [i] : []))
  return questions.filter((at, i) => {
    const next = questions[i + 1]
    const hasKnown = (packets[at]?.message?.answer.length ?? 0) > 0
    return (
      hasKnown &&
      next !== undefined &&
      !packets.slice(at, next).some((packet) => packet.to.includes('.') && tells(packet))
    )
  })
}

/** Milliseconds that `getent hosts` takes for one of these addresses, none of which has a name. */
function quickest(lab: Lab<'lan'>, hosts: readonly number[]): Promise<number> {
  return quickestOf(hosts.map((host) => () => lab.tryRun(['getent', 'hosts', `10.53.1.${host}`])))
}

/** The least of what these take, in milliseconds: what load adds is no matter. */
async function quickestOf(runs: readonly (() => Promise<unknown>)[]): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (const run of runs) {
    const start = performance.now()
    await run()
    least = Math.min(least, performance.now() - start)
  }
  return Math.round(least)
}
