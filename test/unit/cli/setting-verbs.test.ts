import { expect, test } from 'vitest'
import { BusCallError } from '../../../src/cli/client/bus-errors.ts'
import type { Context } from '../../../src/cli/command/context.ts'
import { DEFAULT_OPTIONS, type Options } from '../../../src/cli/command/options.ts'
import { LINK_SETTINGS } from '../../../src/cli/settings/link-settings.ts'
import { changeSetting } from '../../../src/cli/settings/setting-verbs.ts'

const LAN = { ifindex: 2, ifname: 'lan' }

/** A bus on which some calls fail; what was called, at whom, and whether polkit might ask. */
function scene(fails: (call: string) => string | undefined, options: Partial<Options> = {}) {
  const calls: string[] = []
  const bodies: unknown[] = []
  const printed: string[] = []
  const call = (
    { name }: { name: string },
    member: string,
    body: unknown,
    { interactive }: { interactive?: boolean },
  ): Promise<unknown> => {
    const which = `${name.replace('org.freedesktop.', '')} ${member}`
    bodies.push(body)
    calls.push(interactive === true ? `${which} interactive` : which)
    const errorName = fails(which)
    return errorName === undefined ? Promise.resolve([]) : Promise.reject(new BusCallError(errorName, 'no'))
  }
  const print = (text: string) => void printed.push(text)
  const context = {
    options: { ...DEFAULT_OPTIONS, ...options },
    links: { find: () => LAN },
    screen: { print, note: print },
    bus: async () => ({ call }),
  } as unknown as Context
  return { calls, bodies, printed, context }
}

const BUSY = 'org.freedesktop.resolve1.LinkBusy'
const UNKNOWN = 'org.freedesktop.DBus.Error.UnknownMethod'
const dns = (context: Context) => changeSetting(LINK_SETTINGS.dns, LAN, ['192.0.2.1#dns.test'], context)

test('C-SET-3: a link that networkd manages is changed at networkd, and no other failure leads there', async () => {
  const busy = scene((call) => (call.startsWith('resolve1') ? BUSY : undefined), { askPassword: false })
  await dns(busy.context)
  expect(busy.calls).toEqual(['resolve1.Manager SetLinkDNSEx', 'network1.Manager SetLinkDNSEx'])
  const refused = scene(() => 'org.freedesktop.DBus.Error.AccessDenied', { askPassword: false })
  await expect(dns(refused.context)).rejects.toThrow('Failed to set DNS configuration: no')
  expect(refused.calls).toEqual(['resolve1.Manager SetLinkDNSEx'])
})

test('C-SET-4: a daemon without SetLinkDNSEx is asked without port and name', async () => {
  const old = scene((call) => (call.endsWith('Ex') ? UNKNOWN : undefined), { askPassword: false })
  await dns(old.context)
  expect(old.calls).toEqual(['resolve1.Manager SetLinkDNSEx', 'resolve1.Manager SetLinkDNS'])
})

test('C-SET-9, C-SET-10: polkit may ask unless told not to, and success prints nothing', async () => {
  const usual = scene(() => undefined)
  await dns(usual.context)
  expect(usual.calls).toEqual(['resolve1.Manager SetLinkDNSEx interactive'])
  expect(usual.printed).toEqual([])
})

test.each([
  ['dnsovertls', ['yes'], 'SetLinkDNSOverTLS', 'yes'],
  ['dnsovertls', ['opportunistic'], 'SetLinkDNSOverTLS', 'opportunistic'],
  ['dns', ['192.0.2.1:8853#dns.test'], 'SetLinkDNSEx', [[2, Buffer.from([192, 0, 2, 1]), 8853, 'dns.test']]],
  [
    'dns',
    ['192.0.2.1#https://dns.test/dns-query{?dns}'],
    'SetLinkDNSEx',
    [[2, Buffer.from([192, 0, 2, 1]), 0, 'https://dns.test/dns-query{?dns}']],
  ],
] as const)('E-DOT-1, E-DOH-9: tsresolvectl %s lan %j', async (verb, words, member, value) => {
  const { calls, bodies, context } = scene(() => undefined, { askPassword: false })
  await changeSetting(LINK_SETTINGS[verb], LAN, words, context)
  expect(calls).toEqual([`resolve1.Manager ${member}`])
  expect(bodies).toEqual([[2, value]])
})
