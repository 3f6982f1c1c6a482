import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DEFAULT_RESOLVED_SETTINGS, readDelegate, readResolvedConf, readStaticRecords } from '../src/settings/index.ts'

const CONFIG = join(import.meta.dirname, '../config')
const read = (name: string) => readFileSync(join(CONFIG, name), 'utf8')
const keyLine = /^#(?=[A-Za-z]+=)/gm
const settingsOf = (text: string) => readResolvedConf([{ path: 'resolved.conf', text }], () => undefined)

test.each(['resolved.conf', 'tsresolved.conf'])('%s as shipped changes nothing', (name) => {
  expect(settingsOf(read(name))).toEqual({ settings: DEFAULT_RESOLVED_SETTINGS, warnings: [] })
})

test('they show every key, with the default it has', () => {
  const shown = read('resolved.conf') + read('tsresolved.conf')
  const { settings, warnings } = settingsOf(shown.replaceAll(keyLine, ''))
  expect(warnings).toEqual([])
  expect(settings).toEqual({ ...DEFAULT_RESOLVED_SETTINGS, configuresServersOrDomains: true })
  const others = ['configuresServersOrDomains', 'trustAnchors', 'negativeTrustAnchors'] // told by the keys together, and by other files
  const inForce = Object.keys(settings).filter((key) => !others.includes(key)).length
  expect([...shown.matchAll(keyLine)].length).toBe(inForce)
})

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
const examples = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text ?? '')

test('the examples of README are read without a problem, and say what is said of them', () => {
  const texts = examples('ini')
  const [delegate, resolved] = [
    texts.find((text) => text.includes('[Delegate]')),
    texts.find((text) => text.includes('[Resolve]')),
  ]
  const { delegate: corp, warnings } = readDelegate('corp', [{ path: 'corp', text: delegate ?? '' }], () => undefined)
  expect(warnings).toEqual([])
  expect(corp.servers).toHaveLength(2)
  expect(corp.domains).toEqual([
    { name: 'corp.example', routeOnly: true },
    { name: '8.10.in-addr.arpa', routeOnly: true },
  ])
  expect(settingsOf(resolved ?? '')).toMatchObject({ settings: { configuresServersOrDomains: true }, warnings: [] })
  const [json] = examples('json')
  const { records, warnings: bad } = readStaticRecords([{ path: 'home.rr', text: json ?? '' }])
  expect(bad).toEqual([])
  expect([...records.keys()]).toEqual(['nas.home.example', 'files.home.example', '5.1.168.192.in-addr.arpa'])
})

test('config/migration.md: every setting that it names is one, and every example of it is read without a problem', () => {
  const lines = [...read('migration.md').matchAll(/`([A-Z]\w+=[^`]*)`/g)].map(([, line]) => line ?? '')
  const ours = lines.filter((line) => line !== 'FirewallMark=') // it says that this is not there
  expect(ours.length).toBeGreaterThan(20)
  for (const line of ours) {
    const { warnings } = readResolvedConf([{ path: 'it', text: `[Resolve]\n${line}\n` }], () => 2)
    const isExample = !line.endsWith('=')
    const wrong = warnings.filter(({ message }) => isExample || message.startsWith('Unknown key'))
    expect(wrong, line).toEqual([])
  }
})

test('the table of what doctor looks at names each of its checks, and no others', () => {
  const folder = join(import.meta.dirname, '../src/cli/diagnose')
  const files = readdirSync(folder).filter((file) => file.startsWith('doctor'))
  const source = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
  const literal = /(?:(?:problem|warning)\(\s*|check: (?:\w+\(\w+\) \? '[a-z0-9.-]+' : )?)'([a-z0-9.-]+)'/g
  const chosen = /check: \w+\(\w+\) \? '([a-z0-9.-]+)'/g
  const checks = [literal, chosen].flatMap((pattern) => [...source.matchAll(pattern)].map(([, name]) => name))
  const table = readme.slice(readme.indexOf('| check |')).split('\n\n')[0] ?? ''
  const cells = [...table.matchAll(/^\| ([^|]*) \|/gm)].map(([, cell]) => cell ?? '')
  const named = cells.flatMap((cell) => [...cell.matchAll(/`([a-z0-9.-]+)`/g)].map(([, name]) => name))
  expect(new Set(named)).toEqual(new Set(checks))
  expect(named.length).toBeGreaterThan(10)
})
