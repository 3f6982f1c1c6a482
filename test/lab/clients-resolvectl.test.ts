import { expect, test } from 'vitest'
import { Lab, original } from './kit/lab.ts'

const vpn = { zone: { 'www.corp.test': 'A 192.0.2.2' }, dns: [] }
const one = { links: { vpn } }

/** What one client said, and how it ended. */
type Said = readonly string[]

/** Runs commands one after another on a fresh machine with the given daemon. */
async function transcript(daemon: 'ours' | 'original', commands: readonly (readonly string[])[]): Promise<Said[]> {
  await using lab = await Lab.open({ ...one, daemon })
  // 252 shows a link's own mode, later releases what the global one leaves of it (R-LINK-2).
  for (const verb of ['llmnr', 'mdns']) await lab.resolvectl(verb, 'vpn', 'no')
  const said: Said[] = []
  for (const words of commands) {
    const { code, stdout, stderr } = await lab.tryRun(['resolvectl', '--no-pager', ...words])
    said.push([words.join(' '), String(code), stdout, stderr])
  }
  return said
}

/** Each verb with good and bad words, as one session. `''` is an empty argument. */
const SESSIONS: Readonly<Record<string, readonly string[]>> = {
  'dns: ports, server names, interface names, several, none': [
    'dns vpn 10.53.1.1',
    'dns vpn',
    'dns',
    'dns vpn 10.53.1.1:5353 10.53.1.2#dns.corp.test [fd53:1::1]:5353%vpn#six.corp.test fe80::53%vpn 10.53.1.3:53',
    'dns vpn',
    'dns vpn 10.53.1.3:853',
    'dns vpn',
    'query -4 --legend=no www.corp.test',
    'status vpn',
    "dns vpn ''",
    'dns vpn',
    'dns vpn 127.0.0.53',
    'dns vpn 0.0.0.0',
    'dns vpn nonsense',
    'dns vpn 10.53.1.1 10.53.1.2 10.53.1.1',
    'dns vpn',
    'dns missing 10.53.1.1',
    'dns lo 10.53.1.1',
  ],
  domain: [
    'domain vpn corp.test ~route.test ~.',
    'domain vpn',
    'domain',
    'domain vpn Corp.Test. corp.test ~corp.test',
    'domain vpn',
    'domain vpn a..b',
    'domain vpn .',
    'domain vpn bücher.test',
    'domain vpn',
    "domain vpn ''",
    'domain vpn',
    'domain lo corp.test',
  ],
  'default-route, llmnr, mdns, dnssec, dnsovertls, nta': [
    'default-route vpn yes',
    'default-route vpn',
    'default-route vpn no',
    'default-route',
    'default-route vpn perhaps',
    'llmnr vpn resolve',
    'llmnr vpn no',
    'llmnr',
    'llmnr vpn perhaps',
    'mdns vpn resolve',
    'mdns vpn no',
    'mdns vpn',
    'mdns',
    'mdns vpn perhaps',
    'dnssec vpn no',
    'dnssec vpn',
    'dnssec vpn perhaps',
    "dnssec vpn ''",
    'dnssec',
    'dnsovertls vpn opportunistic',
    'dnsovertls vpn',
    'dnsovertls vpn no',
    'dnsovertls vpn perhaps',
    "dnsovertls vpn ''",
    'dnsovertls',
    'nta vpn corp.test other.test',
    'nta vpn',
    'nta vpn a..b',
    "nta vpn ''",
    'nta vpn',
  ],
  'revert, flush-caches, statistics, reset-statistics, reset-server-features, log-level': [
    'dns vpn 10.53.1.1',
    'domain vpn corp.test',
    'query -4 --legend=no www.corp.test',
    'query -4 --legend=no www.corp.test',
    'flush-caches',
    'reset-server-features',
    'reset-statistics',
    'statistics',
    'status vpn',
    'revert vpn',
    'llmnr vpn no',
    'status vpn',
    'dns',
    'revert lo',
    'revert missing',
    'log-level info',
    'log-level',
    'log-level noise',
  ],
}

test.skipIf(original).each(Object.entries(SESSIONS))(
  'the same client cannot tell the daemons apart: %s',
  async (_verbs, commands) => {
    const words = commands.map((command) => command.split(' ').map((word) => (word === "''" ? '' : word)))
    const [ours, theirs] = await Promise.all([transcript('ours', words), transcript('original', words)])
    expect(ours).toEqual(theirs)
  },
)

test.skipIf(original)('a mode that needs what is not built is refused with a sentence, and not stored', async () => {
  await using lab = await Lab.open(one)
  for (const [verb, mode] of [
    ['dnsovertls', 'yes'],
    ['dnssec', 'yes'],
  ] as const) {
    const { code, stderr } = await lab.tryRun(['resolvectl', verb, 'vpn', mode])
    const shown = await lab.resolvectl(verb, 'vpn')
    // Whether or not this build can: what it accepts is in force, what it refuses is not stored.
    expect([code, stderr.startsWith('Failed to set'), shown.endsWith(`: ${mode}\n`)]).toEqual(
      code === 0 ? [0, false, true] : [1, true, false],
    )
  }
})

test('statistics count', async () => {
  await using lab = await Lab.open({ links: { vpn: { zone: vpn.zone } } })
  for (const _ of [1, 2]) await lab.resolvectl('query', '-4', 'www.corp.test')
  const statistics = await lab.resolvectl('statistics')
  expect(statistics).toMatch(/Total Transactions: 1\n/)
  expect(statistics).toMatch(/Cache Hits: 1\n/)
})
