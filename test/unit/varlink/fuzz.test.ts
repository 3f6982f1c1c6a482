import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { resolveService, VarlinkServer } from '../../../src/varlink/index.ts'
import { WorkTurns } from '../../../src/sys/index.ts'
import { FakeClock, fakePorts, hostnameResult, resolved, RecordingLog, scratch, TestClient } from './support.ts'

const R = 'io.systemd.Resolve.'
const none = resolved(0)
const { ports } = fakePorts({
  hostname: async () => ({ ok: true, value: hostnameResult() }),
  address: async () => ({ ok: true, value: { names: [{ ifindex: 0, name: 'a' }], ...none } }),
  record: async () => ({ ok: true, value: { records: [], ...none } }),
  service: async () => ({
    ok: true,
    value: { services: [], txt: [], canonical: { name: '', type: '', domain: '' }, ...none },
  }),
})

const method = fc.constantFrom(
  ...['ResolveHostname', 'ResolveAddress', 'ResolveRecord', 'ResolveService', 'BrowseServices'].map((name) => R + name),
  'io.systemd.service.GetEnvironment',
  'org.varlink.service.GetInterfaceDescription',
)
const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(0, 2, 10, 'a.example', [1, 2, 3, 4]))
const parameter = fc.constantFrom('name', 'domain', 'family', 'type', 'flags', 'ifindex', 'address', 'interface', 'x')
const callText = fc
  .record(
    { method, parameters: fc.dictionary(parameter, value), more: fc.boolean(), oneway: fc.boolean() },
    { requiredKeys: ['method'] },
  )
  .map((one) => `${JSON.stringify(one)}\0`)

/** Valid calls with some bytes overwritten, inserted or removed, cut into chunks. */
const hostileStream = fc
  .tuple(
    fc.array(callText, { maxLength: 5 }),
    fc.array(fc.tuple(fc.nat(2000), fc.nat(2), fc.nat(255)), { maxLength: 6 }),
    fc.array(fc.nat(2000), { maxLength: 3 }),
  )
  .map(([calls, edits, cuts]) => {
    const bytes = [...Buffer.from(calls.join(''))]
    for (const [at, removed, byte] of edits) bytes.splice(at % (bytes.length + 1), removed, byte)
    const marks = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
    return marks.slice(1).map((end, index) => Buffer.from(bytes.slice(marks[index], end)))
  })

test('mutated calls end in replies or a closed connection; the server lives on', async () => {
  await using folder = await scratch()
  const log = new RecordingLog()
  const at = { path: folder.path('socket'), mode: 0o600 }
  const context = {
    service: resolveService(ports, log),
    clock: new FakeClock(),
    turns: new WorkTurns({ now: () => 0 }),
    log,
  }
  await using _server = await VarlinkServer.open(at, context)
  const send = async (chunks: Buffer[]) => {
    await using client = await TestClient.open(at.path)
    for (const chunk of chunks) client.socket.write(chunk)
    await new Promise<void>((resolve) => client.socket.end(resolve))
    // Who follows services hears of them until it leaves.
    if (/BrowseServices.*"more":true/.test(Buffer.concat(chunks).toString('latin1'))) return
    while ((await client.next()) !== undefined);
  }
  await fc.assert(fc.asyncProperty(hostileStream, send), { numRuns: 500 })
  await using client = await TestClient.open(at.path)
  client.write({ method: 'io.systemd.service.Ping' })
  expect(await client.next()).toEqual({ parameters: {} })
  expect(log.bugs).toEqual([])
})
