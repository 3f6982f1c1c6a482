import dgram from 'node:dgram'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { IpAddress, Logger } from '../../../src/base/index.ts'
import { SocketOwners } from '../../../src/netlink/index.ts'
import { Libc } from '../../../src/sys/index.ts'

const lines: string[] = []
const log = new Logger('debug', (_level, line) => lines.push(line))
const libc = Libc.load(log)
const HERE = IpAddress.of('127.0.0.1')
const STUB = { address: IpAddress.of('127.0.0.53'), port: 53 }
const me = { uid: process.getuid?.() }

const open: { close(): unknown }[] = []
afterEach(() => {
  for (const socket of open.splice(0)) socket.close()
})

async function udp(address: string): Promise<dgram.Socket> {
  const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4')
  open.push(socket)
  socket.bind(0, address)
  await once(socket, 'listening')
  return socket
}

describe('whose socket a packet came from', () => {
  test.each(['127.0.0.1', '0.0.0.0', '::'])('a UDP socket on %s', async (address) => {
    using owners = new SocketOwners(libc, log)
    const { port } = (await udp(address)).address()
    expect(owners.find({ address: HERE, port }, STUB, 'udp')).toMatchObject(me)
    expect(owners.find({ address: HERE, port }, STUB, 'tcp')).toBeUndefined()
  })

  test('one that is connected is found from where it is connected to, and not from elsewhere', async () => {
    using owners = new SocketOwners(libc, log)
    const socket = await udp('127.0.0.1')
    socket.connect(53, '127.0.0.53')
    await once(socket, 'connect')
    const client = { address: HERE, port: socket.address().port }
    expect(owners.find(client, STUB, 'udp')).toMatchObject(me)
    expect(owners.find(client, { address: IpAddress.of('127.0.0.54'), port: 53 }, 'udp')).toBeUndefined()
  })

  test.each(['127.0.0.1', '::1'])('a connection from %s', async (host) => {
    using owners = new SocketOwners(libc, log)
    const server = net.createServer().listen(0, host)
    open.push(server)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = net.connect(port, host)
    await once(client, 'connect')
    const address = IpAddress.of(host)
    expect(owners.find({ address, port: client.localPort ?? 0 }, { address, port }, 'tcp')).toMatchObject(me)
    client.destroy()
  })

  test('nobody knows of one that is gone', async () => {
    using owners = new SocketOwners(libc, log)
    const socket = await udp('127.0.0.1')
    const client = { address: HERE, port: socket.address().port }
    expect(owners.find(client, STUB, 'udp')).toMatchObject(me)
    open.splice(0)
    await new Promise<void>((resolve) => socket.close(resolve))
    expect(owners.find(client, STUB, 'udp')).toBeUndefined()
  })

  test.each([
    ['without the C library', undefined, 0],
    ['where a sandbox forbids it', withoutNetlink(), 1],
  ])('%s nothing is found, and that is said once at most', async (_, useless, said) => {
    const { port } = (await udp('127.0.0.1')).address()
    lines.length = 0
    using owners = new SocketOwners(useless, log)
    for (let i = 0; i < 3; i++) expect(owners.find({ address: HERE, port }, STUB, 'udp')).toBeUndefined()
    expect(lines.filter((line) => line.includes('cannot tell whose sockets'))).toHaveLength(said)
  })

  test('when closed it finds nothing, and may be closed again', async () => {
    const { port } = (await udp('127.0.0.1')).address()
    const owners = new SocketOwners(libc, log)
    expect(owners.find({ address: HERE, port }, STUB, 'udp')).toMatchObject(me)
    owners[Symbol.dispose]()
    owners[Symbol.dispose]()
    expect(owners.find({ address: HERE, port }, STUB, 'udp')).toBeUndefined()
  })
})

/** As in a sandbox that does not let programs have sockets of that family. */
function withoutNetlink(): Libc {
  const real = libc as Libc
  const AF_NETLINK = 16
  return new Proxy(real, {
    get(target, key) {
      if (key !== 'call') return Reflect.get(target, key, target) as unknown
      return (name: Parameters<Libc['call']>[0], ...args: unknown[]) => {
        if (name === 'socket' && args[0] === AF_NETLINK) throw new Error('EAFNOSUPPORT')
        return target.call(name, ...args)
      }
    },
  })
}
