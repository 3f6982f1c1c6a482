import { expect, test } from 'vitest'
import { startDnsmasq } from './kit/dnsmasq.ts'
import { eventually } from './kit/eventually.ts'
import { Lab, type LabSpec, original } from './kit/lab.ts'
import { inside } from './kit/world.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1', 'www.corp.test': 'A 192.0.2.66', 'nas.local': 'A 192.0.2.5' } }
const vpn = { zone: { 'www.corp.test': 'A 192.0.2.2' }, domains: ['~corp.test'] }
const WWW = '192.0.2.1'
const CORP = '192.0.2.2'

/** What is wrong, the name that shows it, the repair as printed with its words in capitals, and the address afterwards. */
interface Situation {
  readonly fault: string
  readonly machine?: LabSpec<'lan' | 'vpn'>
  readonly seed?: (lab: Lab<'lan' | 'vpn'>) => Promise<unknown>
  readonly name: string
  readonly cause: string
  readonly words?: Readonly<Record<string, string>>
  readonly address: string
}

const SITUATIONS: readonly Situation[] = [
  {
    fault: 'the claiming link is down',
    seed: (lab) => lab.ip('link set vpn down'),
    name: 'www.corp.test',
    cause: 'claims ~corp.test but is down',
    address: CORP,
  },
  {
    fault: 'the claiming link has no address',
    seed: (lab) => lab.ip('address flush dev vpn'),
    name: 'www.corp.test',
    cause: 'claims ~corp.test but has no address',
    words: { 'ADDRESS/PREFIX': '10.53.2.100/24' },
    address: CORP,
  },
  {
    fault: 'the servers of the claiming link were emptied',
    seed: (lab) => lab.resolvectl('dns', 'vpn', ''),
    name: 'www.corp.test',
    cause: 'has no DNS server (emptied by',
    words: { SERVER: '10.53.2.1' },
    address: CORP,
  },
  {
    fault: 'no server anywhere',
    async seed(lab) {
      await lab.ip('route add default via 10.53.1.1 dev lan')
      for (const link of ['lan', 'vpn']) await lab.resolvectl('revert', link)
    },
    name: 'www.test',
    cause: 'No DNS server is known',
    words: { SERVER: '10.53.1.1' },
    address: WWW,
  },
  {
    fault: 'nobody takes what nobody claims',
    seed: (lab) => lab.resolvectl('default-route', 'lan', 'no'),
    name: 'www.test',
    cause: 'none is a default route',
    address: WWW,
  },
  {
    fault: 'a single label without a search domain',
    seed: (lab) => lab.ip('route add default via 10.53.1.1 dev lan'),
    name: 'www',
    cause: 'Single labels like www are not sent',
    words: { DOMAIN: 'test' },
    address: WWW,
  },
  {
    fault: 'a name in .local of a DNS server',
    seed: (lab) => lab.ip('route add default via 10.53.1.1 dev lan'),
    name: 'nas.local',
    cause: 'belong to multicast DNS',
    address: '192.0.2.5',
  },
  {
    fault: 'a claim that is too wide',
    seed: (lab) => lab.resolvectl('domain', 'vpn', '~test', '~corp.test'),
    name: 'www.test',
    cause: 'which claims test, says that www.test does not exist',
    address: WWW,
  },
  {
    fault: 'a dead server',
    seed: (lab) => lab.resolvectl('dns', 'vpn', '10.53.2.9'),
    name: 'www.corp.test',
    cause: '10.53.2.9%vpn',
    words: { SERVER: '10.53.2.1' },
    address: CORP,
  },
  {
    fault: 'a blackhole route to the server of a link',
    seed: (lab) => lab.ip('route add blackhole 10.53.2.1/32'),
    name: 'www.corp.test',
    cause: 'A route or rule of this machine (blackhole) drops packets to DNS server 10.53.2.1%vpn',
    address: CORP,
  },
  {
    fault: 'a route that prohibits packets to the server of the machine',
    machine: { links: { lan: { ...lan, dns: [] }, vpn }, config: 'DNS=10.53.1.1' },
    seed: (lab) => lab.ip('route add prohibit 10.53.1.1/32'),
    name: 'www.test',
    cause: 'A route or rule of this machine (prohibit) prohibits packets to DNS server 10.53.1.1',
    address: WWW,
  },
  {
    fault: 'a server beyond a gateway that no route leads to',
    machine: { links: { lan: { ...lan, dns: [] }, vpn }, config: 'DNS=10.53.9.1' },
    async seed(lab) {
      await lab.links.lan.start(['sh', '-c', 'ip address add 10.53.9.1/32 dev lan; echo there; exec sleep infinity'], {
        until: /there/,
      })
      await startDnsmasq(lab.links.lan, ['--address=/www.test/192.0.2.1', '--listen-address=10.53.9.1'])
    },
    name: 'www.test',
    cause: 'There is no route to DNS server 10.53.9.1',
    words: { GATEWAY: '10.53.1.1' },
    address: WWW,
  },
  {
    fault: 'a server that refuses',
    seed: (lab) => lab.links.vpn.upstream.on({ to: '10.53.2.1' }, { rcode: 'REFUSED' }),
    name: 'www.corp.test',
    cause: 'answers REFUSED',
    words: { SERVER: '10.53.2.2' },
    address: CORP,
  },
  {
    fault: 'a negative answer from before the name was there',
    async seed(lab) {
      await lab.dig('new.test')
      await lab.links.lan.upstream.set({ ...lan.zone, 'new.test': 'A 192.0.2.7' })
    },
    name: 'new.test',
    cause: 'A cached "no such name"',
    address: '192.0.2.7',
  },
]

test.skipIf(original).each(SITUATIONS)(
  'the repair that why prints repairs: $fault',
  async ({ machine, seed, name, cause, words = {}, address }) => {
    await using lab = await Lab.open({ links: { lan, vpn }, daemon: 'ours', ...machine })
    await seed?.(lab)
    const told = await why(lab, name)
    expect(told.cause).toContain(cause)
    const command = Object.entries(words).reduce(
      (text, [word, value]) => text.replace(word, value),
      commandIn(told.repair ?? ''),
    )
    await lab.run(['sh', '-c', command.replace(/^tsresolvectl/, `${inside.node} ${inside.repo}/dist/cli/main.js`)])
    // The kernel calls a link that was brought up operational only up to a second later.
    await eventually(
      async () => {
        const after = await why(lab, name)
        expect(
          after.asked?.rrs.map(({ rr }) => rr?.address?.join('.')),
          after.cause,
        ).toEqual([address])
        expect(after.cause).not.toContain(cause)
      },
      { within: 5_000 },
    )
  },
)

interface Told {
  readonly cause: string
  readonly repair?: string
  readonly asked?: { readonly rrs: readonly { readonly rr?: { readonly address?: readonly number[] } }[] }
}

async function why(lab: Lab<'lan' | 'vpn'>, name: string): Promise<Told> {
  const { stdout } = await lab.tryRun([inside.node, `${inside.repo}/dist/cli/main.js`, 'why', '-4', '-j', name])
  return JSON.parse(stdout) as Told
}

/** Of `if vpn should not get it: tsresolvectl domain vpn '~corp.test'   # …` the command. */
function commandIn(repair: string): string {
  return /(?:^|: )((?:tsresolvectl|ip) .*?)(?: {2,}#.*)?$/.exec(repair)?.[1] ?? `echo 'no command in: ${repair}'; false`
}
