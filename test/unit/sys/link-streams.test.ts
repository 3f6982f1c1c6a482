import { once } from 'node:events'
import net from 'node:net'
import { describe, expect, test } from 'vitest'
import { AF_INET, AF_INET6, IpAddress, Logger } from '../../../src/base/index.ts'
import { Libc } from '../../../src/sys/libc.ts'
import { connectOnLink, type LinkStream, listenOnLink } from '../../../src/sys/link-streams.ts'

const LOOPBACK = 1
const libc = Libc.load(new Logger('err', () => {})) as Libc

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Connects; the first thing that happens. */
function attempt(at: Parameters<typeof connectOnLink>[1], to: string): Promise<string> {
  return new Promise((resolve) => {
    const stream = connectOnLink(libc, at, IpAddress.of(to), {
      onOpen: () => {
        stream.close()
        resolve('open')
      },
      onData: () => {},
      onClose: (error: NodeJS.ErrnoException | undefined) => resolve(error?.code ?? 'closed'),
    })
  })
}

describe.each([
  ['IPv4', AF_INET, '127.0.0.1'],
  ['IPv6', AF_INET6, '::1'],
] as const)('%s', (_, family, address) => {
  test('MC-SOCK-2: bytes go both ways, the end is told, and nothing is told after closing', async () => {
    const at = { family, ifindex: LOOPBACK, port: await freePort() }
    const events: string[] = []
    const ended = new Promise<void>((resolve) => {
      const server = listenOnLink(libc, at, (stream, from) => {
        events.push(`from ${from.text}`)
        return {
          onOpen: () => events.push('never'),
          onData: (chunk) => {
            stream.write(Buffer.from(`${chunk.toString()} answered`))
            stream.close()
          },
          onClose: () => events.push('never'),
        }
      })
      const near: LinkStream = connectOnLink(libc, at, IpAddress.of(address), {
        onOpen: () => near.write(Buffer.from('asked')),
        onData: (chunk) => events.push(chunk.toString()),
        onClose: (error) => {
          events.push(`closed ${error}`)
          server[Symbol.dispose]()
          resolve()
        },
      })
    })
    await ended
    expect(events).toEqual([`from ${address}`, 'asked answered', 'closed undefined'])
  })

  test('LL-Q-5: a neighbour that refuses is told of as such', async () => {
    expect(await attempt({ family, ifindex: LOOPBACK, port: await freePort() }, address)).toBe('ECONNREFUSED')
  })

  test('MC-SOCK-6: a port is listened at once on a link', async () => {
    const at = { family, ifindex: LOOPBACK, port: await freePort() }
    const ignore = () => ({ onOpen: () => {}, onData: () => {}, onClose: () => {} })
    const first = listenOnLink(libc, at, ignore)
    expect(() => listenOnLink(libc, at, ignore)).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }))
    first[Symbol.dispose]()
  })
})

test('a connection that is given up before it is there is gone at once', async () => {
  const closed = new Promise<void>((resolve) => {
    const at = { family: AF_INET, ifindex: LOOPBACK, port: 5355 } as const
    const stream = connectOnLink(libc, at, IpAddress.of('127.0.0.1'), {
      onOpen: () => expect.unreachable(),
      onData: () => {},
      onClose: () => expect.unreachable(),
    })
    stream.close()
    stream.close()
    stream.write(Buffer.from('nothing'))
    setImmediate(resolve)
  })
  await closed
})

test('MC-SOCK-8: a link that does not exist reaches nobody', async () => {
  const at = { family: AF_INET, ifindex: 2 ** 20, port: 5355 } as const
  const result = await Promise.resolve()
    .then(() => attempt(at, '127.0.0.1'))
    .catch((error: NodeJS.ErrnoException) => String(error.code))
  expect(result).toMatch(/ENODEV|ENETUNREACH|EHOSTUNREACH|EINVAL/)
})
