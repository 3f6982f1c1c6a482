import { beforeEach, describe, expect, test } from 'vitest'
import { NO_SPECIFIERS } from '../../../src/settings/index.ts'
import { Desk, PATH } from './dispatch-kit.ts'

const SERVICE = 'org.freedesktop.resolve1.DnssdService'
const TYPES = 'sssqqqaa{say}'

let desk: Desk

beforeEach(() => {
  desk = new Desk()
  const { settings } = desk.control.status
  desk.control.status = { ...desk.control.status, settings: { ...settings, multicastDns: 'yes' } }
})

const arguments_ = ({ id = 'web', name = 'Web on %H', type = '_http._tcp', txt = [] as object[] }) => {
  return [id, name, type, 80, 1, 2, txt]
}
const register = (changes: Parameters<typeof arguments_>[0] = {}) =>
  desk.manager('RegisterService', TYPES, arguments_(changes))

test('SD-B-2: registered, it is published, and has an object', async () => {
  const txt = [{ path: Buffer.from('/'), flag: Buffer.alloc(0) }, { v: Buffer.from('2') }]
  const { values } = await register({ txt })
  expect(values).toEqual([`${PATH}/dnssd/web`])
  const [service] = desk.registry.services
  expect(service).toMatchObject({
    id: 'web',
    instance: 'Web on kitchen',
    type: '_http._tcp',
    port: 80,
    priority: 1,
    weight: 2,
  })
  expect(service?.txt.map((strings) => strings.map(String))).toEqual([['path=/', 'flag'], ['v=2']])
  const [xml] = (await desk.call(`${PATH}/dnssd`, 'org.freedesktop.DBus.Introspectable', 'Introspect', '', [])).values
  expect(xml).toContain('<node name="web"/>')
})

test('SD-B-2: without TXT there is one that is empty', async () => {
  await register()
  expect(desk.registry.services[0]?.txt).toEqual([[]])
})

test('dbus.md §6: the object has Unregister and the signal Conflicted', async () => {
  await register()
  const [xml] = (await desk.call(`${PATH}/dnssd/web`, 'org.freedesktop.DBus.Introspectable', 'Introspect', '', []))
    .values
  expect(xml).toContain(
    `<interface name="${SERVICE}">\n  <method name="Unregister">\n  </method>\n  <signal name="Conflicted">\n  </signal>`,
  )
})

describe('SD-B-2: refused', () => {
  test.each([
    ['an ID that is no file name', { id: 'a/b' }, "InvalidArgs: DNS-SD service identifier 'a/b' is invalid"],
    ['no ID', { id: '' }, "InvalidArgs: DNS-SD service identifier '' is invalid"],
    ['a folder', { id: '..' }, "InvalidArgs: DNS-SD service identifier '..' is invalid"],
    [
      'a type that is none',
      { type: 'http' },
      "InvalidArgs: 'http' is not a service type, expected one such as _http._tcp or _sip._udp.",
    ],
    ['an unknown specifier', { name: '%z' }, "InvalidArgs: '%z' is not a specifier; '%%' is a percent sign."],
    [
      'a name that is too long',
      { name: 'x'.repeat(64) },
      `InvalidArgs: The name '${'x'.repeat(64)}' has 64 bytes, not 1 to 63.`,
    ],
    [
      'a key without characters',
      { txt: [{ '': Buffer.from('x') }] },
      "InvalidArgs: '' is not a key: ASCII letters without '=' are.",
    ],
    [
      'a key that is not ASCII',
      { txt: [{ ü: Buffer.from('x') }] },
      "InvalidArgs: 'ü' is not a key: ASCII letters without '=' are.",
    ],
    [
      'a string that is too long',
      { txt: [{ k: Buffer.alloc(254) }] },
      "InvalidArgs: 'k' and its value have more than 255 bytes.",
    ],
    ['65 records', { txt: Array.from({ length: 65 }, () => ({})) }, 'InvalidArgs: More than 64 TXT records.'],
  ])('%s', async (_, changes, expected) => {
    expect(await desk.error(register(changes))).toBe(expected)
    expect([desk.registry.ids, desk.authority.asked]).toEqual([[], []])
  })

  test('an ID that is taken, by a file too', async () => {
    const service = { id: 'web', nameTemplate: 'W', type: '_http._tcp', subtypes: [], port: 1, priority: 0, weight: 0 }
    desk.registry.replaceFiles([{ ...service, txt: [[]] }], NO_SPECIFIERS)
    expect(await desk.error(register())).toBe("DnssdServiceExists: DNS-SD service 'web' exists already")
  })

  test('multicast DNS that is not on for the machine, before all else', async () => {
    const { settings } = desk.control.status
    desk.control.status = { ...desk.control.status, settings: { ...settings, multicastDns: 'resolve' } }
    expect(await desk.error(register({ id: '' }))).toBe('NotSupported: Support for MulticastDNS is disabled')
  })

  test('whoever polkit does not let', async () => {
    desk.uid = 1000
    desk.authority.verdict = 'denied'
    expect(await desk.error(register())).toBe('AccessDenied: Access denied')
    expect(desk.registry.ids).toEqual([])
  })
})

describe('SD-B-3: withdrawn', () => {
  test('by the manager or the object, and only once', async () => {
    await register()
    await desk.manager('UnregisterService', 'o', [`${PATH}/dnssd/web`])
    expect(desk.registry.ids).toEqual([])
    await register()
    await desk.call(`${PATH}/dnssd/web`, SERVICE, 'Unregister', '', [])
    expect(desk.registry.ids).toEqual([])
    expect(await desk.error(desk.call(`${PATH}/dnssd/web`, SERVICE, 'Unregister', '', []))).toContain('UnknownObject')
  })

  test('by the user who registered it without a question', async () => {
    desk.uid = 1000
    desk.authority.verdict = 'allowed'
    await register()
    desk.authority.verdict = 'denied'
    await desk.manager('UnregisterService', 'o', [`${PATH}/dnssd/web`])
    expect(desk.registry.ids).toEqual([])
  })

  test('by another user only where polkit says so', async () => {
    desk.uid = 1000
    desk.authority.verdict = 'allowed'
    await register()
    desk.authority.verdict = 'denied'
    desk.uid = 1001
    desk.clients.left(':1.9') // who calls is asked about anew
    expect(await desk.error(desk.manager('UnregisterService', 'o', [`${PATH}/dnssd/web`]))).toBe(
      'AccessDenied: Access denied',
    )
    expect(desk.registry.ids).toEqual(['web'])
  })

  test('one that a file has, by whoever may', async () => {
    const service = { id: 'web', nameTemplate: 'W', type: '_http._tcp', subtypes: [], port: 1, priority: 0, weight: 0 }
    desk.registry.replaceFiles([{ ...service, txt: [[]] }], NO_SPECIFIERS)
    await desk.manager('UnregisterService', 'o', [`${PATH}/dnssd/web`])
    expect(desk.registry.services).toEqual([])
  })

  test('SD-B-2: with the bus name of its program, and those of others stay', async () => {
    await register()
    desk.services.left(':1.77')
    expect(desk.registry.ids).toEqual(['web'])
    desk.services.left(':1.9')
    expect(desk.registry.ids).toEqual([])
  })

  test('SD-B-2: with the bus', async () => {
    await register()
    desk.services.left(undefined)
    expect(desk.registry.ids).toEqual([])
  })
})
