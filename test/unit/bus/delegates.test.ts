import { beforeEach, expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import { nameOf } from '../../../src/wire/index.ts'
import { Desk, PATH, PROPERTIES } from './dispatch-kit.ts'

const CORP_PATH = `${PATH}/dns_delegate/corp_2dvpn`
const SERVER = { address: IpAddress.of('192.0.2.1'), port: 0, ifindex: 0, serverName: undefined }

let desk: Desk
beforeEach(() => {
  desk = new Desk()
  desk.control.known.push({
    id: 'corp-vpn',
    servers: [SERVER],
    domains: [{ name: nameOf('corp.test'), routeOnly: true }],
    defaultRoute: false,
    scopesMask: 1,
    currentServer: undefined,
  })
})

test('dbus.md §3: ListDelegates and GetDelegate name the object', async () => {
  expect((await desk.manager('ListDelegates', '', [])).values).toEqual([[['corp-vpn', CORP_PATH]]])
  expect((await desk.manager('GetDelegate', 's', ['corp-vpn'])).values).toEqual([CORP_PATH])
  expect(await desk.error(desk.manager('GetDelegate', 's', ['other']))).toBe(
    "NoSuchDelegate: Delegate 'other' not known",
  )
})

test('dbus.md §6: its properties', async () => {
  const get = async (name: string) => {
    const target = 'org.freedesktop.resolve1.DnsDelegate'
    const { values } = await desk.call(CORP_PATH, PROPERTIES, 'Get', 'ss', [target, name])
    return (values[0] as { value: unknown }).value
  }
  expect(await get('DNS')).toEqual([[0, 2, Buffer.from([192, 0, 2, 1]), 0, '']])
  expect(await get('CurrentDNSServerEx').catch((error: Error) => error.message)).toMatch(/CurrentDNSServerEx/)
  expect(await get('CurrentDNSServer')).toEqual([0, 0, Buffer.alloc(0), 0, ''])
  expect(await get('Domains')).toEqual([['corp.test', true]])
  expect(await get('DefaultRoute')).toBe(false)
})

test('dbus.md §2: a path that no delegate has is no object', async () => {
  const target = 'org.freedesktop.DBus.Introspectable'
  const call = desk.call(`${PATH}/dns_delegate/none`, target, 'Introspect', '', [])
  expect(await desk.error(call)).toMatch(/^UnknownObject/)
})
