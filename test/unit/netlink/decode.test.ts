import { describe, expect, test } from 'vitest'
import {
  decode,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWROUTE,
} from '../../../src/netlink/decode.ts'
import { composeRequest, splitMessages } from '../../../src/netlink/message.ts'
import { address, attribute, link, nextHop, route, u32 } from './builders.ts'

const V4 = [192, 0, 2, 1]
const V6 = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]

const gateway = (last: number) => attribute(5, Buffer.from([192, 0, 2, last]))
const read = (...args: Parameters<typeof address>) => {
  const change = decode(address(...args))
  if (change?.kind !== 'address') throw new Error('no address')
  return { ...change.address, address: change.address.address.text, ifindex: change.ifindex }
}

describe('R-LINK-1: links', () => {
  test('index, flags, name, operstate and mtu', () => {
    expect(decode(link(RTM_NEWLINK, 4, 0x11043, { name: 'eth0', oper: 6, mtu: 1400 }))).toEqual({
      kind: 'link',
      link: { ifindex: 4, flags: 0x11043, name: 'eth0', operState: 6, mtu: 1400, portOf: '' },
    })
  })
  test('MC-MODE-4: what it is a port of', () => {
    expect(decode(link(RTM_NEWLINK, 4, 1, { portOf: 'bridge' }))).toMatchObject({ link: { portOf: 'bridge' } })
  })
  test('what is not said stays open', () => {
    expect(decode(link(RTM_NEWLINK, 4, 1))).toEqual({
      kind: 'link',
      link: { ifindex: 4, flags: 1, name: undefined, operState: undefined, mtu: undefined, portOf: undefined },
    })
  })
  test('a port leaving a bridge is not a link leaving the system', () => {
    expect(decode(link(RTM_DELLINK, 4, 1, { family: 7 }))).toBeUndefined()
    expect(decode(link(RTM_DELLINK, 4, 1))).toEqual({ kind: 'link-gone', ifindex: 4 })
  })
})

describe('R-LINK-4: addresses', () => {
  test('prefix, scope and flags', () => {
    const text = { prefix: 64, scope: 253, shortFlags: 0x80 }
    expect(read(RTM_NEWADDR, 3, V6, text)).toEqual({
      ifindex: 3,
      address: 'fe80::1',
      prefixLength: 64,
      scope: 253,
      flags: 0x80,
    })
  })
  test('the flags of 32 bits outrank the short ones', () => {
    expect(read(RTM_NEWADDR, 3, V6, { shortFlags: 0x80, longFlags: 0x1a0 }).flags).toBe(0x1a0)
  })
  test('on a point-to-point link the local address is ours', () => {
    expect(read(RTM_NEWADDR, 3, [192, 0, 2, 9], { own: V4 }).address).toBe('192.0.2.1')
  })
  test('a removal names what the addition named', () => {
    const added = decode(address(RTM_NEWADDR, 3, V4, { own: V4, scope: 0 }))
    const removed = decode(address(RTM_DELADDR, 3, V4, { own: V4, scope: 253 }))
    expect(added).toMatchObject({ key: (removed as { key: string }).key })
    expect(decode(address(RTM_DELADDR, 3, [192, 0, 2, 9], { own: V4 }))).not.toMatchObject({
      key: (removed as { key: string }).key,
    })
  })
})

describe('default routes', () => {
  const table: [string, ReturnType<typeof route>, string[] | undefined][] = [
    ['one gateway', route(RTM_NEWROUTE, {}, gateway(1), attribute(4, u32(3)), attribute(6, u32(9))), ['192.0.2.1 3 9']],
    ['no metric is 0', route(RTM_NEWROUTE, {}, gateway(1), attribute(4, u32(3))), ['192.0.2.1 3 0']],
    [
      'several paths, one of them dead',
      route(
        RTM_NEWROUTE,
        {},
        attribute(6, u32(5)),
        attribute(
          9,
          Buffer.concat([
            nextHop(3, 0, gateway(1)),
            nextHop(4, 4, gateway(2)),
            nextHop(5, 1, gateway(3)),
            nextHop(6, 0),
          ]),
        ),
      ),
      ['192.0.2.1 3 5', '192.0.2.2 4 5'],
    ],
    [
      'RFC 8950: an IPv6 gateway for IPv4',
      route(RTM_NEWROUTE, {}, attribute(18, Buffer.from([10, 0, ...V6])), attribute(4, u32(3))),
      ['fe80::1 3 0'],
    ],
    ['no carrier', route(RTM_NEWROUTE, { flags: 16 }, gateway(1), attribute(4, u32(3))), []],
    [
      'onlink is as good as any',
      route(RTM_NEWROUTE, { flags: 4 }, gateway(1), attribute(4, u32(3))),
      ['192.0.2.1 3 0'],
    ],
    ['no gateway', route(RTM_NEWROUTE, {}, attribute(4, u32(3))), []],
    [
      'table by attribute',
      route(RTM_NEWROUTE, { table: 252 }, attribute(15, u32(254)), gateway(1), attribute(4, u32(3))),
      ['192.0.2.1 3 0'],
    ],
    ['another table', route(RTM_NEWROUTE, { table: 252 }, attribute(15, u32(1000)), gateway(1)), undefined],
    ['not a default route', route(RTM_NEWROUTE, { prefix: 8 }, gateway(1)), undefined],
    ['unreachable default', route(RTM_NEWROUTE, { type: 7 }, attribute(4, u32(1))), undefined],
    ['a cached clone', route(RTM_NEWROUTE, { family: 10, flags: 0x200 }, gateway(1)), undefined],
    ['another family', route(RTM_NEWROUTE, { family: 128 }, gateway(1)), undefined],
  ]
  test.each(table)('%s', (_name, message, expected) => {
    const change = decode(message)
    const routes = change?.kind === 'routes' ? change.routes : undefined
    expect(routes?.map((r) => `${r.gateway.text} ${r.ifindex} ${r.metric}`)).toEqual(expected)
  })
})

test('every prefix of every message is survived', () => {
  const whole = [
    link(RTM_NEWLINK, 4, 1, { name: 'eth0', oper: 6, mtu: 1400 }),
    address(RTM_NEWADDR, 3, V6, { longFlags: 1 }),
    route(RTM_NEWROUTE, {}, attribute(9, nextHop(3, 0, attribute(5, Buffer.from(V4)))), attribute(4, u32(3))),
  ]
  for (const { type, payload } of whole) {
    for (let end = 0; end <= payload.length; end++) {
      const datagram = composeRequest(type, 0, 1, 2, payload.subarray(0, end))
      expect(() => splitMessages(datagram).map(decode)).not.toThrow()
      expect(splitMessages(datagram.subarray(0, datagram.length - 1))).toEqual([])
    }
  }
})

test('several messages in one datagram, the last cut off', () => {
  const first = composeRequest(RTM_NEWLINK, 2, 1, 7, Buffer.alloc(17))
  const second = composeRequest(RTM_NEWADDR, 2, 1, 7, Buffer.alloc(8))
  const datagram = Buffer.concat([first, Buffer.alloc(3), second, second.subarray(0, 20)])
  expect(splitMessages(datagram).map(({ type, port }) => [type, port])).toEqual([
    [RTM_NEWLINK, 7],
    [RTM_NEWADDR, 7],
  ])
})
