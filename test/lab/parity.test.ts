import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { inside } from './kit/world.ts'
import { type Difference, DIFFERENCES, type Said } from './parity/differences.ts'
import { type Session, SESSIONS } from './parity/sessions.ts'

type Client = 'resolvectl' | 'tsresolvectl'

/** All that one client says to one daemon on a fresh machine. */
async function transcript(daemon: 'ours' | 'original', client: Client, session: Session): Promise<Said[]> {
  const { link, commands, ...spec } = session
  await using lab = await Lab.open({ ...spec, ...(link && { links: { lan: link } }), daemon })
  const program = client === 'resolvectl' ? `${inside.debian}/usr/bin/resolvectl` : `${inside.repo}/dist/cli/main.js`
  for (const name of ['resolvectl', 'resolvconf', 'systemd-resolve'])
    await lab.run(['ln', '-s', program, `/tmp/${name}`])
  const said: Said[] = []
  for (const command of commands) {
    const words = command.split(' ').map((word) => (word === "''" ? '' : word))
    const { argv, input } = commandLine(words, client)
    const { code, stdout, stderr } = await lab.tryRun(argv, { input })
    said.push({ code, stdout: masked(stdout), stderr: masked(stderr) })
  }
  return said
}

function commandLine(words: readonly string[], client: Client): { argv: readonly string[]; input: string } {
  const [first = '', ...rest] = words
  if (first === '$') return { argv: rest, input: '' }
  if (first === '|')
    return { argv: ['sh', '-c', '"$@" | od -An -v -tx1', 'sh', ...commandLine(rest, client).argv], input: '' }
  const isNamed = first === 'resolvconf' || first === 'systemd-resolve'
  const input = words.filter((word) => word.startsWith('<')).map((word) => `${word.slice(1).replaceAll('_', ' ')}\n`)
  const own = (isNamed ? rest : words).filter((word) => !word.startsWith('<') && !(words.length === 1 && word === ''))
  const shim = client === 'resolvectl' ? [] : [inside.node]
  return { argv: [...shim, `/tmp/${isNamed ? first : 'resolvectl'}`, ...own], input: input.join('') }
}

/** Times, what is left of TTLs, and the names by which programs call themselves. */
function masked(text: string): string {
  return text
    .replace(/ in [\d.]+(?:us|ms|s)\.$/gm, ' in TIME.')
    .replace(/^(?:\/tmp\/)?(?:resolvectl|tsresolvectl|resolvconf|systemd-resolve): /gm, 'PROGRAM: ')
    .replace(/ 00 00 01 [0-9a-f]{2} 00 /g, ' 00 00 TTL 00 ')
}

const used = new Set<Difference>()

/** What ours has to say where the original says `theirs`. */
function expected(command: string, theirs: Said, ours: Said): Said {
  return DIFFERENCES.filter(({ commands }) => commands.test(command)).reduce((said, difference) => {
    const next = difference.apply(said, command, ours)
    if (!isDeepStrictEqual(next, said)) used.add(difference)
    return next
  }, theirs)
}

test.skipIf(original).each(
  Object.entries(SESSIONS).flatMap(([what, session]) => [
    ['ours', what, session] as const,
    ...(session.start === false ? [] : [['original', what, session] as const]), // nobody there is nobody there
  ]),
)(
  'with %s, resolvectl and tsresolvectl say the same: %s',
  async (daemon, _what, session) => {
    const [theirs, ours] = await Promise.all([
      transcript(daemon, 'resolvectl', session),
      transcript(daemon, 'tsresolvectl', session),
    ])
    const wanted = session.commands.map((command, i) => [command, expected(command, theirs[i]!, ours[i]!)])
    const said = session.commands.map((command, i) => [command, ours[i]])
    const differs = (_: unknown, i: number) => !isDeepStrictEqual(said[i], wanted[i])
    expect(said.filter(differs)).toEqual(wanted.filter(differs))
  },
  600_000,
)

test.skipIf(original)('every difference in the table is one', () => {
  expect(DIFFERENCES.filter((difference) => !used.has(difference)).map(({ why }) => why)).toEqual([])
})

/** What decides on arrows; each from scratch. 252 takes a locale that is not installed for one of UTF-8. */
const LOCALES = [
  '',
  'LANG=C',
  'LC_ALL=C',
  'LANG=POSIX',
  'LANG=C.UTF-8',
  'LC_ALL=C LANG=C.UTF-8',
  'LC_CTYPE=C.utf8 LANG=C',
]

/** All at once in one world, while somebody asks; 252 lets only root watch. */
test.skipIf(original).each(['ours', 'original'] as const)('with %s, both monitors show the same', async (daemon) => {
  const zone = { 'www.test': 'CNAME a.test', 'a.test': 'A 192.0.2.1' }
  await using lab = await Lab.open({ links: { lan: { zone } }, daemon })
  const watch = async (client: readonly string[], locale: string, ...options: readonly string[]) => {
    const lines: string[] = []
    const words = ['env', '-u', 'LC_ALL', '-u', 'LANG', ...locale.split(' ').filter(Boolean), ...client, 'monitor']
    await lab.world.start('monitor', [...words, ...options], { onLine: (line) => void lines.push(line) })
    return lines
  }
  const pairs = []
  const views = [...LOCALES.map((locale) => [locale]), ['LANG=C', '--json=short']]
  for (const [locale = '', ...options] of views) {
    const theirs = await watch(['resolvectl'], locale, ...options)
    pairs.push({ locale, theirs, ours: await watch(CTL, locale, ...options) })
  }
  const all = pairs.flatMap(({ theirs, ours }) => [theirs, ours])
  const areSeeing = (name: string) => expect(all.every((lines) => lines.join('').includes(name))).toBe(true)
  await eventually(() => lab.dig('first.test').then(() => areSeeing('first')))
  for (const name of ['www.test', 'none.test', 'localhost', 'www.test']) await lab.dig(name)
  await lab.resolvectl('query', 'www.test')
  await lab.dig('last.test')
  await eventually(() => areSeeing('last'))
  const since = (lines: readonly string[]) => lines.slice(lines.findLastIndex((line) => line.includes('first')))
  for (const { locale, theirs, ours } of pairs) {
    await eventually(() => expect([locale, ...since(ours)]).toEqual([locale, ...since(theirs)]))
  }
  expect(pairs[1]?.ours).toContain('-> Q: none.test IN A')
})

/** 252 has JSON for nothing but monitor. What ours prints must not depend on the daemon, and be what varlink.md §3 says. */
test.skipIf(original)(
  'C-P-4, C-Q-9, C-Q-15, C-Q-16: JSON of records and settings is the same from both daemons',
  async () => {
    const [ours, theirs] = [await jsonOf('ours'), await jsonOf('original')]
    expect(ours).toEqual(theirs)
    expect(ours['query -t A www.test']).toBe('0 {"key":{"class":1,"type":1,"name":"www.test"},"address":[192,0,2,1]}')
    const failed = '{"rcode":3,"queryString":"none.test","name":"none.test","error":"io.systemd.Resolve.DNSError"}'
    expect(ours['query -t A none.test']).toBe(`1 ${failed}`)
    expect(ours['default-route']).toBe('0 [{"ifname":"lan","ifindex":2,"defaultRoute":true}]')
  },
)

test.skipIf(original)(
  'C-S-8: status as JSON is one object for the global settings and each link but lo, or those named',
  async () => {
    await using lab = await Lab.open({ links: { lan: { domains: ['~corp.test'], defaultRoute: true } } })
    const status = async (...links: readonly string[]) =>
      JSON.parse(await lab.run([...CTL, '--json=short', 'status', ...links])) as Record<string, unknown>[]
    const all = await status()
    expect(all.map(({ ifname }) => ifname)).toEqual([undefined, 'lan'])
    expect(all[1]).toMatchObject({
      defaultRoute: true,
      servers: [{ addressString: lab.links.lan.server, port: 53 }],
      searchDomains: [{ name: 'corp.test', routeOnly: true }],
      scopes: [{ protocol: 'dns', ifname: 'lan' }],
    })
    expect((await status('lo', 'lan')).map(({ ifname }) => ifname)).toEqual(['lo', 'lan'])
  },
)

// biome-ignore format: commands read better in rows
const JSON_CALLS = [
  'query -t A www.test', 'query -t AAAA www.test', 'query -t MX mx.test', 'query -t MX www.test', 'query -t A none.test',
  'query -t HTTPS https.test', 'query -t TYPE4711 www.test', 'query -t TLSA _443._tcp.test',
  'dns', 'domain lan', 'default-route', 'llmnr', 'mdns lan', 'dnssec lan', 'dnsovertls lan', 'nta lan',
]

async function jsonOf(daemon: 'ours' | 'original'): Promise<Readonly<Record<string, string>>> {
  const zone = {
    'www.test': ['A 192.0.2.1', 'AAAA 2001:db8::1'],
    'mx.test': 'MX 10 mail.test',
    'https.test': 'TYPE65 000100',
    '_443._tcp.test': 'TYPE52 030101aabbcc',
  }
  await using lab = await Lab.open({ links: { lan: { zone, domains: ['~corp.test'], defaultRoute: true } }, daemon })
  for (const verb of ['llmnr', 'mdns']) await lab.resolvectl(verb, 'lan', 'no')
  const said: Record<string, string> = {}
  for (const call of JSON_CALLS) {
    const { code, stdout } = await lab.tryRun([...CTL, '--json=short', ...call.split(' ')])
    // Only varlink, which 252 does not offer for it, tells where a server or domain is bound.
    said[call] = `${code} ${stdout.trim().replace(/,"ifindex":\d+(?:,"accessible":true)?(?=\})/g, '')}`
  }
  return said
}

const CTL = [inside.node, `${inside.repo}/dist/cli/main.js`]
