import { beforeEach, expect, test } from 'vitest'
import { ServiceRegistry } from '../../../src/multicast/index.ts'
import { type DnssdService, NO_SPECIFIERS } from '../../../src/settings/index.ts'
import { FakeClock } from '../../kit/fake-clock.ts'

const service = (id: string, nameTemplate: string, type = '_http._tcp'): DnssdService => {
  return { id, nameTemplate, type, subtypes: [], port: 80, priority: 0, weight: 0, txt: [[]] }
}

let clock: FakeClock
let registry: ServiceRegistry
let changes: number
let conflicts: string[]
let warnings: string[]
const host = { label: 'kitchen', tell: () => undefined as void }

beforeEach(() => {
  clock = new FakeClock()
  changes = 0
  conflicts = []
  warnings = []
  host.label = 'kitchen'
  const label = {
    get label() {
      return host.label
    },
    onChange: (listener: () => void) => {
      host.tell = listener
      return { [Symbol.dispose]: () => undefined }
    },
  } as never
  const log = { info: () => undefined, warning: (text: unknown) => void warnings.push(String(text)) }
  registry = new ServiceRegistry({ label, clock, log })
  registry.onChange(() => void changes++)
  registry.onConflicted((id) => void conflicts.push(id))
})

const names = () => registry.services.map(({ id, instance }) => `${id}: ${instance}`)

test('SD-F-4: %H follows the host when that is renamed', () => {
  registry.replaceFiles([service('web', 'Web on %H')], NO_SPECIFIERS)
  host.label = 'kitchen7'
  host.tell()
  expect([names(), changes]).toEqual([['web: Web on kitchen7'], 2])
})

test('SD-B-4: a conflict tells, and counts up the instance', () => {
  registry.replaceFiles([service('web', 'Web')], NO_SPECIFIERS)
  registry.onConflict('web', 'Web', 'eth0')
  expect([names(), conflicts]).toEqual([['web: Web (2)'], ['web']])
  expect(warnings).toEqual(["eth0: another machine has the service Web (_http._tcp). This one's is Web (2) now."])
})

test('SD-B-4: two links see the same conflict', () => {
  registry.replaceFiles([service('web', 'Web')], NO_SPECIFIERS)
  registry.onConflict('web', 'Web', 'eth0')
  registry.onConflict('web', 'Web', 'eth1')
  expect([names(), conflicts]).toEqual([['web: Web (2)'], ['web']])
})

test('MD-P-11: conflicts without end rename once in 10 s, and publish nothing between', async () => {
  registry.replaceFiles([service('web', 'Web')], NO_SPECIFIERS)
  registry.onConflict('web', 'Web', 'eth0')
  registry.onConflict('web', 'Web (2)', 'eth0')
  expect(names()).toEqual([])
  await clock.advance(9999)
  expect(names()).toEqual([])
  await clock.advance(1)
  expect(names()).toEqual(['web: Web (3)'])
})

test('MD-P-8: the longest instance is cut for its number, not within a character', () => {
  registry.replaceFiles([service('web', `${'ü'.repeat(31)}x`)], NO_SPECIFIERS)
  registry.onConflict('web', `${'ü'.repeat(31)}x`, 'eth0')
  expect(names()).toEqual([`web: ${'ü'.repeat(29)} (2)`])
})

test('two services of ours never have the same instance of a type', () => {
  registry.replaceFiles([service('a', 'Web'), service('b', 'web'), service('c', 'Web', '_ipp._tcp')], NO_SPECIFIERS)
  expect(names()).toEqual(['a: Web', 'b: web (2)', 'c: Web'])
})

test('SD-B-2: an ID is registered once, and what files have is taken too', () => {
  registry.replaceFiles([service('web', 'Web')], NO_SPECIFIERS)
  expect(registry.register(service('web', 'Other'))).toBe('exists')
  expect(registry.register(service('own', 'Own'))).toBe('registered')
  expect(registry.register(service('own', 'Own'))).toBe('exists')
  expect(names()).toEqual(['web: Web', 'own: Own'])
})

test('SD-B-2: no more than 512 at once', () => {
  for (let i = 0; i < 512; i++) expect(registry.register(service(`s${i}`, `Service ${i}`))).toBe('registered')
  expect(registry.register(service('more', 'More'))).toBe('too-many')
})

test('SD-B-2: a template that gives no label is refused', () => {
  expect(() => registry.register(service('own', 'x'.repeat(64)))).toThrow('has 64 bytes, not 1 to 63')
})

test('SD-B-5: files that are read again replace those before; services of programs stay, and so do numbers', () => {
  registry.replaceFiles([service('web', 'Web'), service('gone', 'Gone')], NO_SPECIFIERS)
  registry.register(service('own', 'Own'))
  registry.onConflict('web', 'Web', 'eth0')
  registry.replaceFiles([{ ...service('web', 'Web'), port: 81 }], NO_SPECIFIERS)
  expect(names()).toEqual(['web: Web (2)', 'own: Own'])
  expect(registry.services[0]?.port).toBe(81)
})

test('SD-B-5: a service that goes while its rename waits leaves no timer', () => {
  registry.replaceFiles([service('web', 'Web')], NO_SPECIFIERS)
  registry.onConflict('web', 'Web', 'eth0')
  registry.onConflict('web', 'Web (2)', 'eth0')
  registry.replaceFiles([], NO_SPECIFIERS)
  expect(clock.pending).toBe(0)
})

test('SD-B-3: unregistered, it is gone', () => {
  registry.register(service('own', 'Own'))
  expect([registry.unregister('own'), registry.unregister('own'), names()]).toEqual([true, false, []])
})

test('a name that no longer fits when the host is renamed is said, and not published', () => {
  registry.register(service('own', `${'x'.repeat(55)} %H`))
  host.label = 'kitchen10'
  host.tell()
  expect(names()).toEqual([])
  expect(warnings[0]).toContain('The service own is not published')
})
