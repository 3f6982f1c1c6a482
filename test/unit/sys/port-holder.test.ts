import dgram from 'node:dgram'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import { ClientProcesses, portHolder } from '../../../src/sys/index.ts'

const open: { close(): unknown }[] = []
afterEach(() => {
  for (const socket of open.splice(0)) socket.close()
})

async function udp(address: string, ipv6Only = false): Promise<number> {
  const socket = dgram.createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', ipv6Only })
  open.push(socket)
  socket.bind(0, address)
  await once(socket, 'listening')
  return socket.address().port
}

const loopback = IpAddress.of('127.0.0.1')

describe('who holds a port', () => {
  test.each(['127.0.0.1', '0.0.0.0', '::'])('by a socket on %s', async (address) => {
    const holder = portHolder(loopback, await udp(address), 'udp')
    expect(holder).toMatchObject({ uid: process.getuid?.(), process: { pid: process.pid } })
    expect(holder?.process?.name).toMatch(/./)
  })
  test('a program that calls itself an escape sequence does not reach the terminal with it', async () => {
    const before = readFileSync('/proc/self/comm', 'utf8').trim()
    writeFileSync('/proc/self/comm', '\x1b[31mred\x1b[A')
    const holder = portHolder(loopback, await udp('127.0.0.1'), 'udp')
    writeFileSync('/proc/self/comm', before)
    expect(holder?.process?.name).toBe('?[31mred?[A')
  })
  test('not by a socket on another address, nor by another transport', async () => {
    expect(portHolder(IpAddress.of('127.0.0.2'), await udp('127.0.0.1'), 'udp')).toBeUndefined()
    expect(portHolder(loopback, await udp('127.0.0.1'), 'tcp')).toBeUndefined()
  })
  test('not by a connection, but by who listens', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    open.push(server)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(portHolder(loopback, port, 'tcp')?.process?.pid).toBe(process.pid)
    const client = net.connect(port, '127.0.0.1')
    await once(client, 'connect')
    expect(portHolder(loopback, client.localPort ?? 0, 'tcp')).toBeUndefined()
    client.destroy()
  })
})

describe('whose socket a client asks from', () => {
  test('of a process that was found before, and of one that was not', async () => {
    const owners = new ClientProcesses(undefined, () => 0)
    for (let i = 0; i < 70; i++) {
      const holder = owners.find(loopback, await udp('127.0.0.1'), 'udp')
      expect(holder).toMatchObject({ uid: process.getuid?.(), process: { pid: process.pid } })
    }
  })
  test('the near end of a connection, not the one that listens', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    open.push(server)
    await once(server, 'listening')
    const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
    await once(client, 'connect')
    expect(new ClientProcesses().find(loopback, client.localPort ?? 0, 'tcp')?.process?.pid).toBe(process.pid)
    client.destroy()
  })
  test('nobody is looked for when too much time has gone into it; for a while, and what is known stays known', async () => {
    let time = 0
    const slow = new ClientProcesses(
      () => time,
      () => (time += 60),
    )
    const ports = [await udp('127.0.0.1'), await udp('127.0.0.1'), await udp('127.0.0.1')]
    const found = ports.map((port) => slow.find(loopback, port, 'udp')?.process?.pid)
    expect(found).toEqual([process.pid, process.pid, undefined])
    expect(slow.find(loopback, ports[0] ?? 0, 'udp')?.process?.pid).toBe(process.pid)
    time += 10_000
    expect(slow.find(loopback, ports[2] ?? 0, 'udp')?.process?.pid).toBe(process.pid)
  })
})
