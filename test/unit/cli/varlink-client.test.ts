import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  isUnavailable,
  VarlinkClient,
  VarlinkCallError,
  VarlinkTimeout,
} from '../../../src/cli/client/varlink-client.ts'
import { CliError } from '../../../src/cli/command/cli-error.ts'
import { OBSERVE_INTERFACE, PROCESS_INTERFACE, RESOLVE_INTERFACE } from '../../../src/varlink-idl/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'varlink-'))
const client = new VarlinkClient(directory)
let server: Server
let reply = ''
let answer: (socket: Socket) => unknown

beforeEach(async () => {
  answerWith((socket) => socket.end(reply))
  server = createServer((socket) => socket.on('error', () => {}).once('data', () => answer(socket)))
  await new Promise<void>((resolve) => {
    server.listen(join(directory, 'io.systemd.Resolve'), resolve)
  })
})
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  rmSync(join(directory, 'io.systemd.Resolve'), { force: true })
})

function answerWith(way: typeof answer): void {
  answer = way
}

const address = { name: '192.0.2.1', family: 2 }
const ask = () => client.call(RESOLVE_INTERFACE, 'ResolveHostname', address)
const failure = () => ask().catch((error: unknown) => error as Error)

test('a reply that fits is typed by its description; what newer daemons add is fine', async () => {
  const parameters = { addresses: [{ family: 2, address: [192, 0, 2, 1], novelty: 1 }], name: 'x', flags: 1, later: {} }
  reply = `${JSON.stringify({ parameters })}\0`
  expect((await ask()).addresses[0]?.address).toEqual([192, 0, 2, 1])
})

test.each([
  ['a member that is missing', { parameters: { addresses: [], name: 'x' } }, "member 'flags'"],
  ['a member of another type', { parameters: { addresses: {}, name: 'x', flags: 1 } }, "member 'addresses'"],
  ['another type deep inside', { parameters: { addresses: [{ family: '2' }], name: 'x', flags: 1 } }, "'addresses'"],
])('%s is said, and no crash', async (_, message, expected) => {
  reply = `${JSON.stringify(message)}\0`
  const error = (await failure()) as Error
  expect(error).toBeInstanceOf(CliError)
  expect(error.message).toContain(
    "The resolver's answer does not fit its interface: io.systemd.Resolve.ResolveHostname",
  )
  expect(error.message).toContain(expected)
})

test.each([
  ['no JSON', 'surprise\0', 'cannot be read'],
  ['no object', '[]\0', 'cannot be read'],
  ['an error without a name', '{"error":7}\0', 'cannot be read'],
  ['nothing at all', '', 'before its reply'],
])('%s is said, and no crash', async (_, bytes, expected) => {
  reply = bytes
  const error = (await failure()) as Error
  expect(error).toBeInstanceOf(CliError)
  expect(error.message).toContain(expected)
})

test('an error reply has its name; one that means "not offered" is a reason to ask another way', async () => {
  reply = '{"error":"io.systemd.Resolve.NoNameServers","parameters":{}}\0'
  expect(await failure()).toMatchObject({ errorName: 'io.systemd.Resolve.NoNameServers' })
  reply = '{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"x"}}\0'
  const error = await failure()
  expect(error).toBeInstanceOf(VarlinkCallError)
  expect(isUnavailable(error)).toBe(true)
  const elsewhere = new VarlinkClient(join(directory, 'none')).call(PROCESS_INTERFACE, 'Ping', {})
  expect(isUnavailable(await elsewhere.catch((absent: unknown) => absent))).toBe(true)
})

describe('replies that go on', () => {
  const watch = (signal?: AbortSignal) => client.stream(OBSERVE_INTERFACE, 'WatchQuestions', { recent: false }, signal)
  const ready = (continues: boolean) => `${JSON.stringify({ parameters: { ready: true }, continues })}\0`

  test.each([
    ['in one piece', (bytes: string) => [bytes]],
    ['byte by byte', (bytes: string) => bytes.split('')],
  ])('come one by one, sent %s, until the last', async (_, cut) => {
    answerWith((socket) => {
      for (const piece of cut(ready(true) + ready(true) + ready(false))) socket.write(piece)
    })
    const replies = []
    for await (const { ready: isReady } of watch()) replies.push(isReady)
    expect(replies).toEqual([true, true, true])
  })

  test('end without a word when the daemon disconnects, after those it has sent', async () => {
    answerWith((socket) => socket.end(ready(true) + ready(true)))
    const replies = []
    for await (const { ready: isReady } of watch()) replies.push(isReady)
    expect(replies).toEqual([true, true])
  })

  test('end without a word when they are no longer wanted', async () => {
    answerWith((socket) => socket.write(ready(true)))
    const enough = new AbortController()
    const replies = watch(enough.signal)
    expect((await replies.next()).done).toBe(false)
    enough.abort()
    expect((await replies.next()).done).toBe(true)
  })

  test('a reader that does not come back keeps the daemon from sending more', async () => {
    const long = `${JSON.stringify({ parameters: { ready: true, later: 'x'.repeat(100_000) }, continues: true })}\0`
    let isSent = false
    answerWith((socket) => socket.write(long.repeat(50), () => (isSent = true)))
    const replies = watch()
    try {
      for (let at = 0; at < 2; at++) expect((await replies.next()).done).toBe(false)
      for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate)
      expect(isSent).toBe(false)
      for (let at = 2; at < 50; at++) expect((await replies.next()).done).toBe(false)
    } finally {
      await replies.return(undefined)
    }
  })
})

test('a call without a reply in its time says so', async () => {
  answerWith(() => {})
  const late = client.call(RESOLVE_INTERFACE, 'ResolveHostname', address, 1)
  expect(await late.catch((error: unknown) => error)).toBeInstanceOf(VarlinkTimeout)
})
