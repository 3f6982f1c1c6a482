import { expect, test } from 'vitest'
import { IpAddress, Logger } from '../../../src/base/index.ts'
import { readRoute, routeTo } from '../../../src/netlink/route-lookup.ts'
import { Libc } from '../../../src/sys/index.ts'

const libc = Libc.load(new Logger('debug', () => undefined))

/** A netlink message of that type; numbers in the byte order of this machine. */
function message(type: number, body: readonly number[]): Buffer {
  const header = Buffer.alloc(16)
  new Uint32Array(header.buffer, header.byteOffset, 1)[0] = 16 + body.length
  new Uint16Array(header.buffer, header.byteOffset + 4, 1)[0] = type
  return Buffer.concat([header, Buffer.from(body)])
}
const int = (value: number) => [...new Uint8Array(Int32Array.of(value).buffer)]
const short = (value: number) => [...new Uint8Array(Uint16Array.of(value).buffer)]
const error = (errno: number) => message(2, [...int(-errno), ...Array<number>(16).fill(0)])
const route = (type: number, attributes: readonly number[] = []) =>
  message(24, [2, 32, 0, 0, 254, 4, 0, type, 0, 0, 0, 0, ...attributes])

test.each([
  ['a route by a link', route(1, [...short(8), ...short(4), ...int(7)]), { kind: 'found', ifindex: 7 }],
  ['a route by several links', route(1), { kind: 'found', ifindex: 0 }],
  ['no route', error(101), { kind: 'none', ifindex: 0 }],
  ['IPv4: a route that drops', error(22), { kind: 'blackhole', ifindex: 0 }],
  ['IPv4: a route that rejects', error(113), { kind: 'unreachable', ifindex: 0 }],
  ['IPv4: a route that prohibits', error(13), { kind: 'prohibit', ifindex: 0 }],
  ['IPv6: a route that drops', route(6), { kind: 'blackhole', ifindex: 0 }],
  ['IPv6: a route that rejects', route(7), { kind: 'unreachable', ifindex: 0 }],
  ['IPv6: a route that prohibits', route(8), { kind: 'prohibit', ifindex: 0 }],
  ['any other error', error(1), undefined],
  ['a message of another kind', message(20, Array<number>(12).fill(0)), undefined],
  ['cut short', route(1).subarray(0, 24), undefined],
  ['nothing', Buffer.alloc(0), undefined],
])('what the kernel says of a packet: %s', (_case, answer, expected) => {
  expect(readRoute(answer)).toEqual(expected)
})

test.each(['127.0.0.1', '::1'])(
  'the kernel is asked: %s is reached by lo, and by no link that is not there',
  (text) => {
    expect(routeTo(libc, IpAddress.of(text), 0)).toEqual({ kind: 'found', ifindex: 1 })
    expect(routeTo(libc, IpAddress.of(text), 0x7ffffff0)?.kind).not.toBe('found')
  },
)

test('without the C library nothing is known', () => {
  expect(routeTo(undefined, IpAddress.of('127.0.0.1'), 0)).toBeUndefined()
})
