import { describe, expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import type { Link } from './kit/link.ts'
import { answerByLlmnr, llmnrPackets, llmnrQuery, startLlmnrd, startOriginal } from './kit/llmnr-neighbour.ts'

const ON = 'LLMNR=yes'
const one = { links: { lan: { zone: false } }, config: ON } as const

/** The addresses of the far end, as `kit/link.ts` gives them. */
const FAR = ['10.53.1.1', '10.53.1.2', '10.53.1.3', '10.53.1.9']

function ask(link: Link, name: string, type = 'A'): Promise<string> {
  return link.run(['dig', '+short', '+tries=1', '+time=5', '@127.0.0.53', '-t', type, '-q', name])
}

function lines(text: string): string[] {
  return text.trim().split('\n').toSorted()
}

describe.skipIf(original)('a real systemd-resolved as neighbour', () => {
  test('LL-Q-1: its name, its addresses of either family and their names are found', async () => {
    await using lab = await Lab.open(one)
    await startOriginal(lab.links.lan, 'nas')
    await eventually(async () => expect((await lab.dig('nas')).data.toSorted()).toEqual(FAR))
    const { data } = await lab.dig('NAS', 'AAAA')
    expect(data).toContain('fd53:1::1')
    await eventually(async () => expect((await lab.dig('9.1.53.10.in-addr.arpa', 'PTR')).data).toEqual(['nas.']))
    expect(await lab.dig('ghost')).toMatchObject({ rcode: 'NXDOMAIN' })
    expect(await lab.tsresolvectl('query', 'nas')).toMatch(/LLMNR/)
  })

  test('LL-R-1: it finds our name, our addresses and their names', async () => {
    await using lab = await Lab.open({ ...one, hostname: 'kitchen' })
    await startOriginal(lab.links.lan, 'nas')
    const { lan } = lab.links
    await eventually(async () => expect(lines(await ask(lan, 'kitchen'))).toEqual([lan.address]))
    expect(lines(await ask(lan, 'kitchen', 'AAAA'))).toContain(lan.address6)
    expect(lines(await ask(lan, '100.1.53.10.in-addr.arpa', 'PTR'))).toEqual(['kitchen.'])
  })

  test('LL-R-7: who comes second gets a number: ours', async () => {
    await using lab = await Lab.open({ ...one, hostname: 'twin', start: false })
    await startOriginal(lab.links.lan, 'twin')
    await eventually(async () => expect(lines(await ask(lab.links.lan, 'twin'))).not.toEqual(['']))
    await lab.daemon.start()
    await eventually(async () => expect(await llmnrHostname(lab)).toMatch(/^twin\d+$/))
    const name = await llmnrHostname(lab)
    await eventually(async () => expect(lines(await ask(lab.links.lan, name))).toEqual([lab.links.lan.address]))
  })

  test('LL-R-5: who comes second gets a number: the other', async () => {
    await using lab = await Lab.open({ ...one, hostname: 'twin' })
    const conflict = /changing published hostname from 'twin' to '(twin\d+)'/
    await established(lab)
    await startOriginal(lab.links.lan, 'twin')
    await eventually(() => expect(lab.world.log.some((line) => conflict.test(line))).toBe(true))
    const other = lab.world.log.map((line) => conflict.exec(line)?.[1]).find((name) => name !== undefined) as string
    await eventually(async () => expect((await lab.dig(other)).data.toSorted()).toEqual(FAR))
    expect(await llmnrHostname(lab)).toBe('twin')
  })
})

describe.skipIf(original)('llmnrd and llmnr-query as neighbours', () => {
  test('LL-Q-1: the name that llmnrd answers for', async () => {
    await using lab = await Lab.open(one)
    await startLlmnrd(lab.links.lan, 'printer')
    await eventually(async () => expect((await lab.dig('printer')).data).toEqual(expect.arrayContaining(['10.53.1.1'])))
    expect((await lab.dig('printer', 'AAAA')).data).toContain('fd53:1::1')
  })

  test('LL-R-1: llmnr-query gets our addresses', async () => {
    await using lab = await Lab.open({ ...one, hostname: 'kitchen' })
    const { lan } = lab.links
    await eventually(async () => expect(await llmnrQuery(lan, 'kitchen', '-T', 'A')).toContain(lan.address))
    expect(await llmnrQuery(lan, 'kitchen', '-6', '-T', 'AAAA')).toContain(lan.address6)
  })
})

describe.skipIf(original)('replies', () => {
  test('LL-Q-5: more than a datagram holds is fetched by TCP, with hop limit 1', async () => {
    await using lab = await Lab.open(one)
    const { lan } = lab.links
    const packets = await llmnrPackets(lan)
    await answerByLlmnr(lan, { name: 'big', source: '10.53.1.9', address: '192.0.2.1', streamAddress: '192.0.2.2' })
    expect((await lab.dig('big')).data).toEqual(['192.0.2.2'])
    await eventually(() =>
      expect(packets).toContainEqual({ protocol: 'tcp', from: lan.address, to: '10.53.1.9', ttl: 1 }),
    )
    expect(packets).toContainEqual({ protocol: 'udp', from: lan.address, to: '224.0.0.252', ttl: 255 })
  })

  test.each([
    ['MC-IN-4: from the link', '10.53.1.9', 255, ['192.0.2.1']],
    ['MC-IN-4: from elsewhere', '172.16.0.9', 255, []],
    ['MC-IN-4: through a router', '10.53.1.9', 254, []],
  ])('%s', async (_, source, ttl, expected) => {
    await using lab = await Lab.open(one)
    const { lan } = lab.links
    await lan.run(['ip', 'address', 'add', '172.16.0.9/32', 'dev', lan.name])
    await lab.ip(`route add 172.16.0.0/16 dev ${lan.name}`)
    const packets = await llmnrPackets(lan)
    const heard = await answerByLlmnr(lan, { name: 'nas', source, address: '192.0.2.1', ttl })
    expect((await lab.dig('nas')).data).toEqual(expected)
    expect(heard).toContain('asked 0')
    await eventually(() => expect(packets).toContainEqual({ protocol: 'udp', from: source, to: lan.address, ttl }))
  })
})

test.skipIf(original)(
  'MC-SEC-1: nothing leaves by a link where it is off, and where only asking is allowed nothing is answered',
  async () => {
    const links = { lan: { zone: false }, off: { zone: false }, quiet: { zone: false } } as const
    await using lab = await Lab.open({ links, config: ON, hostname: 'kitchen', start: false })
    const { lan, off, quiet } = lab.links
    const onLan = await llmnrPackets(lan)
    const onOff = await llmnrPackets(off)
    const onQuiet = await llmnrPackets(quiet)
    for (const [link, mode] of [
      [off, 'no'],
      [quiet, 'resolve'],
    ] as const) {
      const state = `ADMIN_STATE=configured\nOPER_STATE=routable\nLLMNR=${mode}\nMDNS=no\n`
      await lab.write(`/run/systemd/netif/links/${await link.index()}`, state)
    }
    await lab.daemon.start()
    await lab.configureLinks()
    await established(lab)
    await lab.dig('ghost')
    await lab.dig('9.2.53.10.in-addr.arpa', 'PTR')
    const query = expect.objectContaining({ to: '224.0.0.252' })
    await eventually(() => expect(onLan).toContainEqual(query))
    await eventually(() => expect(onQuiet).toContainEqual(query))
    expect(await flagsOf(quiet, 'kitchen')).toBe('silence')
    expect(await flagsOf(off, 'kitchen')).toBe('silence')
    expect(onOff.filter(({ from }) => from !== '10.53.2.1' && !from.startsWith('fe80::53'))).toEqual([])
    expect(
      onQuiet.filter(
        ({ protocol, from, to }) => protocol === 'tcp' || (from === quiet.address && to !== '224.0.0.252'),
      ),
    ).toEqual([])
  },
)

test.skipIf(original)('MC-SEC-1: without LLMNR= in the settings nothing is ever sent', async () => {
  await using lab = await Lab.open({ links: { lan: { zone: false } }, start: false })
  await lab.write('/etc/systemd/resolved.conf', '[Resolve]\nFallbackDNS=\n')
  const packets = await llmnrPackets(lab.links.lan)
  await lab.daemon.start()
  await lab.onBus()
  expect(await lab.dig('ghost')).toMatchObject({ data: [] })
  await lab.dig('9.1.53.10.in-addr.arpa', 'PTR')
  expect(packets).toEqual([])
})

test.skipIf(original)('MC-REV-2: an address that nobody has costs getent no more than 100 ms on top', async () => {
  await using lab = await Lab.open({ links: { lan: { zone: { 'www.test': 'A 192.0.2.1' } } }, config: ON })
  const { lan } = lab.links
  await established(lab)
  const withIt = await quickest(lab, range(101, 115))
  await lab.resolvectl('llmnr', lan.name, 'no')
  const without = await quickest(lab, range(201, 215))
  lab.world.note(`getent hosts: ${withIt} ms with LLMNR, ${without} ms without`)
  expect(withIt - without).toBeLessThan(100)
  expect(await lan.asked()).toContain('201.1.53.10.in-addr.arpa PTR')
})

test.skipIf(original)('MC-REV-2: without a server it costs less than a second, and where refused nothing', async () => {
  await using lab = await Lab.open(one)
  await established(lab)
  expect(await quickest(lab, range(201, 204))).toBeLessThan(1000)
  const refused = await quickest(
    lab,
    FAR.map((address) => Number(address.slice(8))),
  )
  lab.world.note(`getent hosts: ${refused} ms where it is refused`)
  expect(refused).toBeLessThan(300)
})

test.skipIf(original)('MC-SOCK-7: after the link was down it answers again, over both IP versions', async () => {
  await using lab = await Lab.open({ ...one, hostname: 'kitchen' })
  const { lan } = lab.links
  await established(lab)
  await lan.down()
  expect(await flagsOf(lan, 'kitchen')).toBe('silence')
  await lan.up()
  await established(lab)
  await eventually(async () => expect(await llmnrQuery(lan, 'kitchen', '-6', '-T', 'AAAA')).toContain(lan.address6))
})

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

/** Milliseconds that `getent hosts` takes for one of these addresses, none of which has a name: what load adds is no matter. */
async function quickest(lab: Lab<'lan'>, hosts: readonly number[]): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (const host of hosts) {
    const start = performance.now()
    await lab.tryRun(['getent', 'hosts', `10.53.1.${host}`])
    least = Math.min(least, performance.now() - start)
  }
  return Math.round(least)
}

async function llmnrHostname(lab: Lab): Promise<string> {
  const manager = ['org.freedesktop.resolve1', '/org/freedesktop/resolve1', 'org.freedesktop.resolve1.Manager']
  const text = await lab.run(['busctl', 'get-property', ...manager, 'LLMNRHostname'])
  return /"(.*)"/.exec(text)?.[1] ?? ''
}

/** Our name has been made sure of: answered without T, as llmnr-query tells nothing of that, a neighbour asks itself. */
async function established(lab: Lab<'lan'>): Promise<void> {
  await eventually(async () => expect(await flagsOf(lab.links.lan, await llmnrHostname(lab))).toBe('8000'))
}

/** The flags word of our reply to a question for the name, in hexadecimal. */
function flagsOf(link: Link, name: string): Promise<string> {
  return link.run(['python3', '-c', FLAGS, link.name, name]).then((text) => text.trim())
}

const FLAGS = `
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack('=4s4si', bytes(4), bytes(4), socket.if_nametoindex(sys.argv[1])))
name = sys.argv[2].encode()
s.sendto(struct.pack('!HHHHHH', 1, 0, 1, 0, 0, 0) + bytes([len(name)]) + name + b'\\0\\0\\1\\0\\1', ('224.0.0.252', 5355))
try: print(s.recv(9000)[2:4].hex())
except TimeoutError: print('silence')
`
