import { expect, test } from 'vitest'
import { Desk, PATH } from './dispatch-kit.ts'
import { ORIGINAL } from './original-interfaces.ts'

/** What releases after 252 added (dbus.md §3), and the argument they renamed. */
const NEWER = ['method GetDelegate(s id) -> (o path)', 'method ListDelegates() -> (a(so) delegates)']
const RENAMED: Readonly<Record<string, string>> = { 'RegisterService(s name,': 'RegisterService(s id,' }

async function introspect(path: string): Promise<string> {
  const { values } = await new Desk().call(path, 'org.freedesktop.DBus.Introspectable', 'Introspect', '', [])
  return values[0] as string
}

/** Members as in `original-interfaces.ts`. */
function membersOf(xml: string): Map<string, string[]> {
  const blocks = [...xml.matchAll(/<interface name="([^"]*)">(.*?)<\/interface>/gs)]
  return new Map(blocks.map(([, name, body]) => [name as string, readMembers(body as string)]))
}

function readMembers(xml: string): string[] {
  return [...xml.matchAll(/<(property|method|signal) ([^>]*)>(.*?)<\/\1>/gs)].map(([, kind, attributes, inner]) => {
    const own = read(attributes as string)
    if (kind === 'property') {
      const notes = [...(inner as string).matchAll(/<annotation ([^>]*)\/>/g)].map(([, each]) => read(each as string))
      const texts = notes.map(({ name, value }) => ` ${name?.split('.').at(-1)}=${value}`)
      return `property ${own['name']} ${own['type']} ${own['access']}${texts.join('')}`
    }
    const list = [...(inner as string).matchAll(/<arg ([^>]*)\/>/g)].map(([, each]) => read(each as string))
    const text = (direction?: string) =>
      list.flatMap((arg) => (arg['direction'] === direction ? [`${arg['type']} ${arg['name']}`] : [])).join(', ')
    if (kind === 'signal') return `signal ${own['name']}(${text()})`
    return `method ${own['name']}(${text('in')}) -> (${text('out')})`
  })
}

function read(attributes: string): Record<string, string> {
  const pairs = [...attributes.matchAll(/(\w+)="([^"]*)"/g)]
  return Object.fromEntries(pairs.map(([, name, value]) => [name as string, value as string]))
}

function expected(name: string): string[] {
  const [[before, after]] = Object.entries(RENAMED) as [[string, string]]
  const members = (ORIGINAL[name] ?? []).map((member) => member.replace(before, after))
  return name.endsWith('.Manager') ? [...members, ...NEWER] : members
}

test.each([
  [PATH, 'org.freedesktop.resolve1.Manager'],
  [`${PATH}/link/_32`, 'org.freedesktop.resolve1.Link'],
  ['/org/freedesktop/LogControl1', 'org.freedesktop.LogControl1'],
])('%s has the members of the original, and no others', async (path, own) => {
  const ours = membersOf(await introspect(path))
  const standard = Object.keys(ORIGINAL).filter((name) => name.startsWith('org.freedesktop.DBus.'))
  expect([...ours.keys()]).toEqual([...standard, own])
  for (const [name, members] of ours) expect(members).toEqual(expected(name))
})

test.each([
  ['/', ['org']],
  ['/org', ['freedesktop']],
  ['/org/freedesktop', ['LogControl1', 'resolve1']],
  [PATH, ['dns_delegate', 'dnssd', 'link']],
  [`${PATH}/link`, ['_31', '_32', '_33', '_310']],
  [`${PATH}/dnssd`, []],
  [`${PATH}/dns_delegate`, []],
])('%s leads to %j', async (path, children) => {
  expect([...(await introspect(path)).matchAll(/<node name="([^"]*)"\/>/g)].map(([, name]) => name)).toEqual(children)
})
