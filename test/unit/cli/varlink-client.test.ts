import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isUnavailable, VarlinkClient, VarlinkCallError } from '../../../src/cli/client/varlink-client.ts'
import { CliError } from '../../../src/cli/command/cli-error.ts'
import { PROCESS_INTERFACE, RESOLVE_INTERFACE } from '../../../src/varlink-idl/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'varlink-'))
const client = new VarlinkClient(directory)
let server: Server
let reply = ''

beforeEach(async () => {
  server = createServer((socket) => socket.once('data', () => socket.end(reply)))
  await new Promise<void>((resolve) => {
    server.listen(join(directory, 'io.systemd.Resolve'), resolve)
  })
})
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  rmSync(join(directory, 'io.systemd.Resolve'), { force: true })
})

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
