import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { Logger } from '../../../src/base/index.ts'
import { StubTcp } from '../../../src/stub/stub-tcp.ts'
import { frame, parseMessage } from '../../../src/wire/index.ts'
import { addressesIn, queryFor } from '../../kit/messages.ts'
import { World } from '../../kit/world.ts'

/** The stub of a world with a silent server, at a port of this machine, and what connects to it. */
async function tcpStub() {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { responder, clock } = world
  const listener = { kind: 'main', transport: 'tcp' } as const
  const stub = new StubTcp(server, { responder, listener, clock, log: new Logger('debug', () => undefined) })
  const arrived = async (): Promise<Socket> => {
    const [client] = await Promise.all([connected(port), once(server, 'connection')])
    return client
  }
  return { world, stub, arrived }
}

async function connected(port: number): Promise<Socket> {
  const client = connect(port, '127.0.0.1')
  client.on('error', () => undefined)
  await once(client, 'connect')
  return client
}

async function answerTo(client: Socket, name: string): Promise<string[]> {
  const reply = once(client, 'data')
  client.write(frame(queryFor(name)))
  const [bytes] = (await reply) as [Buffer]
  return addressesIn(parseMessage(bytes.subarray(2)))
}

test('R-STUB-17: a client with all connections there are and nothing to ask kept everybody else out', async () => {
  const { stub, arrived } = await tcpStub()
  const silent: Socket[] = []
  for (let i = 0; i < 128; i++) silent.push(await arrived())
  const closed = once(silent[0] as Socket, 'close')
  silent[0]?.resume()
  expect(await answerTo(await arrived(), 'localhost')).toEqual(['127.0.0.1'])
  await closed
  expect(silent.slice(1).every((client) => !client.closed)).toBe(true)
  await stub[Symbol.asyncDispose]()
})

test('R-STUB-17: whoever waits for an answer keeps the connection', async () => {
  const { world, stub, arrived } = await tcpStub()
  const waiting: Socket[] = []
  for (let i = 0; i < 128; i++) {
    const client = await arrived()
    waiting.push(client.resume())
    client.write(frame(queryFor(`n${i}.test`)))
    while (world.exchanges.length <= i) await new Promise((resolve) => setImmediate(resolve))
  }
  const late = await arrived()
  late.resume()
  await once(late, 'close')
  expect(waiting.some((client) => client.closed)).toBe(false)
  await stub[Symbol.asyncDispose]()
})
