import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Libc, SystemClock } from '../../../src/sys/index.ts'
import { RTM_GETLINK } from '../../../src/netlink/decode.ts'
import { composeRequest, NLM_F_REQUEST, readU16 } from '../../../src/netlink/message.ts'
import { RtnetlinkSocket } from '../../../src/netlink/rtnetlink-socket.ts'

const AF_NETLINK = 16
const NLM_F_ACK = 4
const MSG_DONTWAIT = 0x40
/** More acknowledgements than the 8 MiB that the kernel makes of the socket's buffer have room for, at 768 bytes each. */
const TOO_MANY = 15_000

const libc = Libc.load() as Libc
const isNetlink = (fd: number) => {
  const address = Buffer.alloc(12)
  return (
    libc.function('getsockname')(fd, address, Buffer.from(Int32Array.of(12).buffer)) >= 0 &&
    readU16(address, 0) === AF_NETLINK
  )
}
const descriptors = () => new Set(readdirSync('/proc/self/fd').map(Number).filter(isNetlink))
const turns = async () => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** A real socket, what it says went wrong with it, and its descriptor. */
async function opened() {
  const before = descriptors()
  const broken: string[] = []
  const onBroken = (error: Error) => void broken.push(error.message)
  const socket = await RtnetlinkSocket.open({ clock: new SystemClock(libc), libc, onEvents: () => {}, onBroken })
  const [fd = -1] = [...descriptors()].filter((each) => !before.has(each))
  return { socket, broken, fd }
}

/** Has the kernel queue so many messages on the socket, while nobody reads them. */
function flood(fd: number, count: number): void {
  const request = composeRequest(RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK, 0, 0, new Uint8Array(16))
  for (let i = 0; i < count; i++) libc.function('send')(fd, request, request.length, MSG_DONTWAIT)
}

test('more events than the socket has room for ended the process: now the socket says that it lost some', async () => {
  const { socket, broken, fd } = await opened()
  await using _ = socket
  flood(fd, TOO_MANY)
  await turns()
  expect(broken).toEqual(['the kernel had no room for more events'])
  expect(socket.failure?.message).toBe('the kernel had no room for more events')
})

test('as long as there is room, nothing is lost', async () => {
  const { socket, broken, fd } = await opened()
  await using _ = socket
  flood(fd, 20)
  await turns()
  expect(broken).toEqual([])
  expect((await socket.dump(RTM_GETLINK)).length).toBeGreaterThan(0)
})
