import { expect, test } from 'vitest'
import { Lab, original } from './kit/lab.ts'

const links = { vpn: { zone: { 'www.test': 'A 192.0.2.2' } } }
const MANAGER = '/org/freedesktop/resolve1'
const LINK = `${MANAGER}/link/_32`
const LINKS = `${MANAGER}/link`
const LOG = '/org/freedesktop/LogControl1'

/** Members that releases after 252 have; ours may have them, the one compared with cannot. */
const NEWER = new Set([
  'org.freedesktop.resolve1.Manager method GetDelegate',
  'org.freedesktop.resolve1.Manager method ListDelegates',
])
/** 252 calls this argument `name`, later releases `id`. */
const RENAMED = [/(RegisterService in s) name\b/, '$1 id'] as const

interface Shown {
  readonly members: Map<string, readonly string[]>
  readonly nodes: string[]
}

async function introspect(lab: Lab, path: string): Promise<Shown> {
  return read(await lab.run(['busctl', 'introspect', '--xml-interface', 'org.freedesktop.resolve1', path]))
}

/** Each member under `interface kind name`, with everything that is said of it, arguments in their order. */
function read(xml: string): Shown {
  const members = new Map<string, string[]>()
  let at: string[] = []
  let where = ''
  const nodes: string[] = []
  for (const [, tag, text] of xml.matchAll(/<(interface|method|property|signal|arg|annotation|node) ([^>]*)>/g)) {
    const { name = '', type = '', direction = '', access = '', value = '' } = attributes(text as string)
    if (tag === 'node') nodes.push(name)
    else if (tag === 'interface') where = name
    else if (tag === 'arg') at.push(`${direction || 'out'} ${type} ${name}`)
    else if (tag === 'annotation') at.push(`${name}=${value}`)
    else members.set(`${where} ${tag} ${name}`, (at = tag === 'property' ? [type, access] : []))
  }
  return { members, nodes }
}

function attributes(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value] as [string, string])
  return Object.fromEntries(pairs)
}

test.skipIf(original)(
  'introspection: every member of the original, its types, access, annotations, arguments',
  async () => {
    await using ours = await Lab.open({ links, daemon: 'ours' })
    await using theirs = await Lab.open({ links, daemon: 'original' })
    for (const path of [MANAGER, LINK, `${MANAGER}/link/_31`, LOG]) {
      const [mine, expected] = [await introspect(ours, path), await introspect(theirs, path)]
      expect(expected.members.size).toBeGreaterThan(5)
      const wanted = [...expected.members].map(([name, said]) => [name, said.map((each) => renamed(name, each))])
      expect([...mine.members].filter(([name]) => !NEWER.has(name))).toEqual(wanted)
      expect(mine.nodes.filter(isOfBoth)).toEqual(expected.nodes.filter(isOfBoth))
    }
    const [mine, expected] = [await introspect(ours, LINKS), await introspect(theirs, LINKS)]
    expect(mine.nodes.toSorted()).toEqual(expected.nodes.toSorted())
  },
)

test.skipIf(original)('properties: the same values in the same state, in one GetAll', async () => {
  const [ours, theirs] = [await stateOf('ours'), await stateOf('original')]
  expect(ours.link).toEqual(theirs.link)
  expect(comparable(ours.manager)).toEqual(comparable(theirs.manager))
})

test.skipIf(original)('errors: the same names and the same sentences', async () => {
  const [ours, theirs] = await Promise.all([errorsOf('ours'), errorsOf('original')])
  expect(ours).toEqual(theirs)
})

function renamed(member: string, said: string): string {
  const [pattern, replacement] = RENAMED
  const prefix = `${member.split(' ').at(-1)} `
  return (prefix + said).replace(pattern, replacement).slice(prefix.length)
}

/** Parents of objects that a release or a setting does not have. */
function isOfBoth(node: string): boolean {
  return node !== 'dns_delegate' && node !== 'dnssd'
}

type Properties = Readonly<Record<string, { readonly type: string; readonly data: unknown }>>

async function stateOf(daemon: 'ours' | 'original'): Promise<{ manager: Properties; link: Properties }> {
  await using lab = await Lab.open({ links, daemon })
  for (const verb of ['llmnr', 'mdns']) await lab.resolvectl(verb, 'vpn', 'no')
  await lab.resolvectl('domain', 'vpn', 'corp.test', '~route.test', '~.')
  await lab.resolvectl('query', '-4', 'www.test')
  const all = async (path: string, name: string) => {
    const call = ['busctl', '--json=short', 'call', 'org.freedesktop.resolve1', path]
    const text = await lab.run([...call, 'org.freedesktop.DBus.Properties', 'GetAll', 's', name])
    return (JSON.parse(text) as { data: [Properties] }).data[0]
  }
  const manager = await all(MANAGER, 'org.freedesktop.resolve1.Manager')
  return { manager, link: await all(LINK, 'org.freedesktop.resolve1.Link') }
}

/** The original counts the repeated question of R-SRV-15, and has a built-in list that only DNSSEC needs. */
function comparable(all: Properties): Record<string, unknown> {
  const counted = new Set([
    'TransactionStatistics',
    'CacheStatistics',
    'DNSSECStatistics',
    'DNSSECNegativeTrustAnchors',
  ])
  return Object.fromEntries(Object.entries(all).map(([name, it]) => [name, counted.has(name) ? it.type : it]))
}

async function errorsOf(daemon: 'ours' | 'original'): Promise<string[]> {
  await using lab = await Lab.open({ links, daemon })
  const said: string[] = []
  for (const line of wrongCalls) {
    const [path, interfaceName, member, ...rest] = line.split(' ')
    const at = path === 'M' ? [MANAGER, `org.freedesktop.resolve1.${interfaceName}`] : [path, interfaceName]
    const argv = ['gdbus', 'call', '--system', '-d', 'org.freedesktop.resolve1', '-o', at[0] ?? '', '-m']
    const { code, stdout, stderr } = await lab.tryRun([...argv, `${at[1]}.${member}`, ...rest])
    said.push(`${line}: ${code === 0 ? stdout : stderr.split('\n')[0]}`)
  }
  return said
}

/** gdbus knows the types from introspection. `M` is the manager's object. */
const wrongCalls = [
  'M Manager GetLink 0',
  'M Manager GetLink 99',
  'M Manager GetLink -- -1',
  'M Manager SetLinkDNS 99 []',
  'M Manager SetLinkDNS 0 []',
  'M Manager SetLinkDNS 1 []',
  'M Manager SetLinkDNS 2 [(3,[0x0a,0x35,0x01,0x01])]',
  'M Manager SetLinkDNS 2 [(2,[0x0a,0x35,0x01])]',
  'M Manager SetLinkDNS 2 [(10,[0x0a,0x35,0x01,0x01])]',
  'M Manager SetLinkDNS 2 [(2,[0x00,0x00,0x00,0x00])]',
  'M Manager SetLinkDNS 2 [(2,[0x7f,0x00,0x00,0x35])]',
  'M Manager SetLinkDNS 2 [(2,[0x7f,0x00,0x00,0x36])]',
  "M Manager SetLinkDomains 2 [('a..b',true)]",
  "M Manager SetLinkDomains 2 [('.',false)]",
  "M Manager SetLinkDomains 2 [('',true)]",
  "M Manager SetLinkLLMNR 2 'perhaps'",
  "M Manager SetLinkMulticastDNS 2 'perhaps'",
  "M Manager SetLinkDNSOverTLS 2 'perhaps'",
  "M Manager SetLinkDNSSEC 2 'perhaps'",
  "M Manager SetLinkDNSSECNegativeTrustAnchors 2 ['a..b']",
  'M Manager RevertLink 99',
  'M Manager RevertLink 1',
  "M Manager ResolveHostname 0 'a..b' 2 0",
  "M Manager ResolveHostname 0 'www.test' 3 0",
  "M Manager ResolveService 0 '' '_x._tcp' 'test' 3 0",
  'M Manager ResolveAddress 0 3 [0x01] 0',
  "M Manager ResolveHostname 0 'www.test' 2 512",
  "M Manager ResolveHostname 0 'none.test' 2 0",
  "M Manager ResolveHostname 0 'www.test' 10 0",
  'M Manager ResolveAddress 0 2 [0x01] 0',
  "M Manager ResolveRecord 0 'www.test' 1 252 0",
  "M Manager ResolveRecord 0 'www.test' 1 41 0",
  "M Manager UnregisterService '/org/freedesktop/resolve1/dnssd/x'",
  "M Manager RegisterService 'x' 'n' '_x._tcp' 1 0 0 []",
  '/org/freedesktop/resolve1/link/_32 org.freedesktop.resolve1.Link SetDNS [(2,[0x7f,0x00,0x00,0x35])]',
  '/org/freedesktop/resolve1/link/_31 org.freedesktop.resolve1.Link SetDomains []',
] as const
