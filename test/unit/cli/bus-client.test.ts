import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { BusClient } from '../../../src/cli/client/bus-client.ts'
import { BusCallError } from '../../../src/cli/client/bus-errors.ts'
import { connectToBus } from '../../../src/cli/client/system-bus.ts'
import { CliError } from '../../../src/cli/command/cli-error.ts'
import {
  BusConnection,
  type Codec,
  ERROR_REPLY,
  type IncomingMessage,
  CODEC,
  MANAGER,
  METHOD_RETURN,
  RESOLVE1,
  Variant,
} from '../../../src/dbus/index.ts'
import { PrivateBus } from '../bus/private-bus.ts'

/** A bus on which somebody calls himself the resolver and answers `reply` to everything. */
let bus: PrivateBus
let resolver: BusConnection
let isSilent = false
let reply: { readonly signature: string; readonly body: readonly unknown[]; readonly errorName?: string }
const usual = process.env.DBUS_SYSTEM_BUS_ADDRESS

beforeAll(async () => {
  bus = await PrivateBus.prepare()
  await bus.start()
  process.env.DBUS_SYSTEM_BUS_ADDRESS = bus.address
  const codec: Codec = CODEC
  const onCall = ({ sender, serial }: IncomingMessage) => {
    if (isSilent) return
    const type = reply.errorName === undefined ? METHOD_RETURN : ERROR_REPLY
    resolver.send({ type, destination: sender, replySerial: serial, ...reply })
  }
  const { signal } = new AbortController()
  const uid = process.getuid?.() ?? 0
  resolver = await BusConnection.open(bus.path, uid, codec, { onCall, onSignal: () => undefined }, signal)
  await resolver.callBus('RequestName', [RESOLVE1, 0])
})

afterAll(async () => {
  if (usual === undefined) delete process.env.DBUS_SYSTEM_BUS_ADDRESS
  else process.env.DBUS_SYSTEM_BUS_ADDRESS = usual
  resolver[Symbol.dispose]()
  await bus[Symbol.asyncDispose]()
})

async function failure(work: (client: BusClient) => Promise<unknown>): Promise<Error> {
  using client = await connectToBus()
  return await work(client).then(
    (value) => new Error(`no failure, but ${String(value)}`),
    (error: unknown) => error as Error,
  )
}

test('values come as their description says', async () => {
  reply = { signature: 'a(is)t', body: [[[2, 'www.test']], 7n] }
  using client = await connectToBus()
  expect(await client.call(MANAGER, 'ResolveAddress', [0, 2, Buffer.from([192, 0, 2, 1]), 0n])).toEqual([
    [[2, 'www.test']],
    7n,
  ])
})

test('an answer of other types than described is said, and no crash', async () => {
  reply = { signature: 's', body: ['surprise'] }
  const error = await failure((client) => client.call(MANAGER, 'GetLink', [2]))
  expect(error).toBeInstanceOf(CliError)
  expect(error.message).toBe(
    "The resolver's answer does not fit its interface: org.freedesktop.resolve1.Manager.GetLink gives values of type 's' where 'o' is described.",
  )
})

test('a property of another type than described is said, and unknown ones are left out', async () => {
  const values = (LLMNR: Variant) => [{ LLMNR, Novelty: new Variant('u', 1) }]
  reply = { signature: 'a{sv}', body: values(new Variant('s', 'yes')) }
  using client = await connectToBus()
  expect(await client.properties(MANAGER)).toEqual({ LLMNR: 'yes' })
  reply = { signature: 'a{sv}', body: values(new Variant('b', true)) }
  expect((await failure((other) => other.properties(MANAGER))).message).toContain(
    "Manager.LLMNR gives values of type 'b' where 's' is described",
  )
})

test('an error has its name and the sentence of the resolver', async () => {
  reply = { signature: 's', body: ['Link 9 not known'], errorName: 'org.freedesktop.resolve1.NoSuchLink' }
  const error = await failure((client) => client.call(MANAGER, 'GetLink', [9]))
  expect(error).toBeInstanceOf(BusCallError)
  expect(error).toMatchObject({ errorName: 'org.freedesktop.resolve1.NoSuchLink', message: 'Link 9 not known' })
})

test('C-5: a call is given up after two minutes', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    isSilent = true
    using client = await connectToBus()
    const gaveUp = client.call(MANAGER, 'GetLink', [2]).catch((error: unknown) => error as Error)
    await vi.advanceTimersByTimeAsync(119_999)
    expect(await Promise.race([gaveUp, Promise.resolve('waiting')])).toBe('waiting')
    await vi.advanceTimersByTimeAsync(1)
    expect((await gaveUp) as Error).toMatchObject({ message: 'Connection timed out' })
  } finally {
    isSilent = false
    vi.useRealTimers()
  }
})
