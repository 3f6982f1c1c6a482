import dgram from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { AF_INET, IpAddress, Logger } from '../../../src/base/index.ts'
import { type GroupDatagram, GroupSockets, Libc } from '../../../src/sys/index.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'

const libc = Libc.load(new Logger('err', () => {})) as Libc
const LO = 1
const PORT = 46_353
const GROUP = IpAddress.of('239.255.77.1') // loopback carries no multicast of IPv6: that is left to the lab

/** The next datagram of whoever `open` gives the callback to. */
function next<T>(open: (onDatagram: (datagram: GroupDatagram) => void) => T): {
  socket: T
  heard: Promise<GroupDatagram>
} {
  const { promise, resolve } = withResolvers<GroupDatagram>()
  return { socket: open(resolve), heard: promise }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((set) => {
    resolve = set
  })
  return { promise, resolve }
}

test('MC-SOCK-2: what is sent to the group tells source, destination and hop limit', async () => {
  using sockets = new GroupSockets(libc, new SeededRandom(1))
  const { socket, heard } = next((on) => sockets.open({ group: GROUP, port: PORT, ifindex: LO }, on))
  socket.send(Buffer.from('hello'), GROUP, PORT)
  const { bytes, port, destination, hopLimit } = await heard
  expect({ text: bytes.toString(), port, destination: destination?.text, hopLimit }).toEqual({
    text: 'hello',
    port: PORT,
    destination: GROUP.text,
    hopLimit: 255,
  })
})

test('an answer by unicast is told apart, and comes to the socket that asked', async () => {
  using sockets = new GroupSockets(libc, new SeededRandom(2))
  const responder = next((on) => sockets.open({ group: GROUP, port: PORT, ifindex: LO }, on))
  const asking = next((on) => sockets.openQuery(AF_INET, LO, on))
  asking.socket.send(Buffer.from('who'), GROUP, PORT)
  const question = await responder.heard
  responder.socket.send(Buffer.from('me'), question.source, question.port)
  const { bytes, destination, port } = await asking.heard
  expect([bytes.toString(), destination?.text, port]).toEqual(['me', question.source.text, PORT])
  expect(question.port).toBeGreaterThan(16_383)
})

test('MC-SOCK-9: 9000 bytes are taken, and what is cut off is dropped', async () => {
  using sockets = new GroupSockets(libc, new SeededRandom(3))
  const sizes: number[] = []
  const { promise, resolve } = withResolvers<void>()
  const socket = sockets.open({ group: GROUP, port: PORT, ifindex: LO }, ({ bytes }) => {
    sizes.push(bytes.length)
    if (bytes.length === 1) resolve()
  })
  for (const size of [9000, 9217, 1]) socket.send(Buffer.alloc(size), GROUP, PORT)
  await promise
  expect(sizes).toEqual([9000, 1])
})

test('MC-SOCK-3: another program at the port is noticed, and shares it where it lets us', async () => {
  using sockets = new GroupSockets(libc, new SeededRandom(4))
  expect(sockets.isShared(AF_INET, PORT)).toBe(false)
  const other = dgram.createSocket({ type: 'udp4', reuseAddr: true })
  other.bind(PORT)
  await once(other, 'listening')
  expect(sockets.isShared(AF_INET, PORT)).toBe(true)
  sockets.open({ group: GROUP, port: PORT, ifindex: LO }, () => {}).close()
  other.close()
  await once(other, 'close')
  expect(sockets.isShared(AF_INET, PORT)).toBe(false)
})

test('MC-SOCK-2: one that has the port for itself is an error with its code', async () => {
  using sockets = new GroupSockets(libc, new SeededRandom(5))
  const other = dgram.createSocket('udp4')
  other.bind(PORT)
  await once(other, 'listening')
  expect(() => sockets.open({ group: GROUP, port: PORT, ifindex: LO }, () => {})).toThrow(
    expect.objectContaining({ code: 'EADDRINUSE' }),
  )
  other.close()
  await once(other, 'close')
})

test('a closed socket hears and sends nothing more, closed twice too', async () => {
  using sockets = new GroupSockets(libc, new SeededRandom(6))
  const heard: string[] = []
  const first = sockets.open({ group: GROUP, port: PORT, ifindex: LO }, () => heard.push('first'))
  const second = next((on) => sockets.open({ group: GROUP, port: PORT, ifindex: LO }, on))
  first.close()
  first.close()
  first.send(Buffer.from('x'), GROUP, PORT)
  second.socket.send(Buffer.from('y'), GROUP, PORT)
  expect((await second.heard).bytes.toString()).toBe('y')
  expect(heard).toEqual([])
})
