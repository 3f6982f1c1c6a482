import { mkdir, stat, writeFile } from 'node:fs/promises'
import { ByteBudget } from '../../../src/varlink/connection/limits.ts'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { Logger } from '../../../src/base/index.ts'
import type { HostnameRequest, HostnameResult, Lookup } from '../../../src/lookup/index.ts'
import { Libc, UnixListener, WorkTurns } from '../../../src/sys/index.ts'
import type { QueryReport } from '../../../src/observe/index.ts'
import type { OpenListener, ServerLimits } from '../../../src/varlink/index.ts'
import { monitorService, plainListener, resolveService, VarlinkServer } from '../../../src/varlink/index.ts'
import { nameOf } from '../../../src/wire/index.ts'
import { leakWarnings } from '../../kit/leak-warnings.ts'
import { FakeClock, fakePorts, hostnameResult, RecordingLog, scratch, TestClient } from './support.ts'

const PING = { method: 'io.systemd.service.Ping' }
const HOSTNAME = 'io.systemd.Resolve.ResolveHostname'
const lookUp = (name: string) => ({ method: HOSTNAME, parameters: { name } })

interface Setting {
  readonly limits?: Partial<ServerLimits>
  readonly hostname?: (request: HostnameRequest, signal: AbortSignal) => Promise<Lookup<HostnameResult>>
  readonly uid?: number | undefined
  readonly monitor?: boolean
}

const libc = Libc.load(new Logger('debug', () => {})) as Libc
/** Both ways to speak with clients must keep every rule. */
const ways: readonly [string, OpenListener][] = [
  ['node:net', plainListener],
  [
    'system calls',
    async (at, backlog, onClient) => {
      if ('fd' in at) throw new Error('not wanted here')
      return UnixListener.listen(libc, new RecordingLog(), at.path, at.mode, backlog, onClient)
    },
  ],
]

async function echo({ name }: HostnameRequest) {
  return { ok: true as const, value: hostnameResult({ canonical: name }) }
}

/** A server on a socket of its own, answering each name with itself. */
async function setUpAt(open: OpenListener, setting: Setting = {}) {
  const stack = new AsyncDisposableStackLike()
  const folder = stack.use(await scratch())
  const fakes = fakePorts({ hostname: setting.hostname ?? echo })
  const [clock, log] = [new FakeClock(), new RecordingLog()]
  const service = setting.monitor ? monitorService(fakes.ports, log) : resolveService(fakes.ports, log)
  const uid = 'uid' in setting ? setting.uid : 1000
  const peer = uid === undefined ? undefined : { uid, pid: 1 }
  const listener: OpenListener = (at, backlog, onClient) => open(at, backlog, (stream) => onClient(stream, peer))
  const at = { path: folder.path('socket'), mode: 0o666 }
  const turns = new WorkTurns(clock)
  const context = { service, listener, clock, turns, log, ...(setting.limits && { limits: setting.limits }) }
  const server = stack.use(await VarlinkServer.open(at, context))
  const connect = async () => stack.use(await TestClient.open(at.path))
  return { ...fakes, ...folder, clock, log, at, context, server, connect, [Symbol.asyncDispose]: () => stack.close() }
}

class AsyncDisposableStackLike {
  readonly #things: AsyncDisposable[] = []
  use<T extends AsyncDisposable>(thing: T): T {
    this.#things.push(thing)
    return thing
  }
  async close(): Promise<void> {
    for (const thing of this.#things.toReversed()) await thing[Symbol.asyncDispose]()
  }
}

/** Lookups that wait until told, and tell when they are called off. */
function held() {
  const waiting: { name: string; answer: () => void }[] = []
  let begun: (() => void) | undefined
  let aborted: ((reason: unknown) => void) | undefined
  const whenAborted = new Promise((resolve) => (aborted = resolve))
  const whenBegun = () => new Promise<void>((resolve) => (waiting.length > 0 ? resolve() : (begun = resolve)))
  const hostname = ({ name }: HostnameRequest, signal: AbortSignal) =>
    new Promise<Lookup<HostnameResult>>((resolve, reject) => {
      waiting.push({ name, answer: () => resolve({ ok: true, value: hostnameResult({ canonical: name }) }) })
      signal.addEventListener('abort', () => {
        aborted?.((signal.reason as Error).message)
        reject(signal.reason as Error)
      })
      begun?.()
    })
  return { hostname, waiting, whenAborted, whenBegun }
}

describe.each(ways)('by %s', (_name, open) => {
  const setUp = (setting?: Setting) => setUpAt(open, setting)

  test('V-6: pipelined calls are answered in order, more of them than may wait', async () => {
    await using it = await setUp({ limits: { pipelined: 4 } })
    const client = await it.connect()
    const names = Array.from({ length: 500 }, (_, index) => `n${index}`)
    client.write(...names.map(lookUp))
    for (const name of names) expect((await client.next())?.parameters.name).toBe(name)
  })

  test('one call that looks up the 64 hosts of a service: Node warned of a leak', async () => {
    const warnings = leakWarnings()
    const hostname = (request: HostnameRequest, signal: AbortSignal) => {
      for (let i = 0; i < 64; i++) signal.addEventListener('abort', () => undefined)
      return echo(request)
    }
    await using it = await setUp({ hostname })
    const client = await it.connect()
    client.write(lookUp('first'))
    expect((await client.next())?.parameters.name).toBe('first')
    expect(warnings).toEqual([])
  })

  test('V-6: the second call begins after the first has ended', async () => {
    const lookups = held()
    await using it = await setUp(lookups)
    const client = await it.connect()
    client.write(lookUp('first'), lookUp('second'))
    await lookups.whenBegun()
    expect(lookups.waiting.map(({ name }) => name)).toEqual(['first'])
    lookups.waiting[0]?.answer()
    expect((await client.next())?.parameters.name).toBe('first')
  })

  test('V-2: a call cut at every offset', async () => {
    await using it = await setUp()
    const bytes = Buffer.from(`${JSON.stringify(lookUp('exämple'))}\0`)
    const client = await it.connect()
    client.socket.setNoDelay?.(true)
    for (let cut = 1; cut < bytes.length; cut++) {
      await new Promise((resolve) => client.socket.write(bytes.subarray(0, cut), resolve))
      client.socket.write(bytes.subarray(cut))
      expect((await client.next())?.parameters.name).toBe('exämple')
    }
  })

  test.each([
    ['not JSON', 'hello\0'],
    ['a call without method', '{}\0'],
    ['a reply instead of a call', '{"parameters":{}}\0'],
  ])('V-3: %s ends the connection without a word, after earlier replies', async (_, bytes) => {
    await using it = await setUp()
    const client = await it.connect()
    client.socket.write(`${JSON.stringify(PING)}\0${bytes}${JSON.stringify(PING)}\0`)
    expect(await client.next()).toEqual({ parameters: {} })
    expect(await client.next()).toBeUndefined()
    expect(it.log.bugs).toEqual([])
  })

  test('V-13: a client that leaves calls off its query', async () => {
    const lookups = held()
    await using it = await setUp(lookups)
    const client = await it.connect()
    client.write(lookUp('slow'))
    await lookups.whenBegun()
    client.socket.destroy()
    expect(await lookups.whenAborted).toBe('client disconnected')
  })

  test('V-13: also with so many calls waiting that nothing more is read', async () => {
    const lookups = held()
    await using it = await setUp({ ...lookups, limits: { pipelined: 2 } })
    const client = await it.connect()
    client.write(...Array.from({ length: 2000 }, () => lookUp('slow')))
    await lookups.whenBegun()
    client.socket.destroy()
    await new Promise((resolve) => client.socket.once('close', resolve))
    it.clock.advance(5_000)
    expect(await lookups.whenAborted).toBe('client disconnected')
  })

  test('a client that is done with sending still gets its reply', async () => {
    const lookups = held()
    await using it = await setUp(lookups)
    const client = await it.connect()
    client.socket.end(`${JSON.stringify(lookUp('slow'))}\0`)
    await lookups.whenBegun()
    await new Promise((resolve) => setImmediate(resolve))
    it.clock.advance(5_000)
    lookups.waiting[0]?.answer()
    expect((await client.next())?.parameters.name).toBe('slow')
    expect(await client.next()).toBeUndefined()
  })

  test('closing the server calls off queries, drops clients and removes the socket', async () => {
    const lookups = held()
    await using it = await setUp(lookups)
    const client = await it.connect()
    client.write(lookUp('slow'))
    await lookups.whenBegun()
    await it.server[Symbol.asyncDispose]()
    expect(await lookups.whenAborted).toBe('client disconnected')
    expect(await client.next()).toBeUndefined()
    await expect(stat(it.at.path)).rejects.toThrow('ENOENT')
    expect(it.clock.timers).toBe(0)
  })

  async function isServed(client: TestClient): Promise<boolean> {
    client.write(PING)
    return (await client.next()) !== undefined
  }

  test('connections of one uid are limited, and a place is free again when one leaves', async () => {
    await using it = await setUp({ limits: { connectionsPerUid: 2 } })
    const clients = [await it.connect(), await it.connect(), await it.connect()]
    const served = []
    for (const client of clients) served.push(await isServed(client))
    expect(served).toEqual([true, true, false])
    clients[0]?.socket.end()
    expect(await clients[0]?.next()).toBeUndefined()
    expect(await isServed(await it.connect())).toBe(true)
  })

  test('clients of unknown uid share only the limit of all', async () => {
    await using it = await setUp({ limits: { connectionsPerUid: 1, connections: 2 }, uid: undefined })
    const served = []
    for (let count = 0; count < 3; count++) served.push(await isServed(await it.connect()))
    expect(served).toEqual([true, true, false])
  })

  test('idle clients are dropped, waiting ones are not; no timer without clients', async () => {
    const lookups = held()
    await using it = await setUp({ ...lookups, limits: { idle: 60_000 } })
    expect(it.clock.timers).toBe(0)
    const [idle, waiting] = [await it.connect(), await it.connect()]
    expect(await isServed(idle)).toBe(true)
    waiting.write(lookUp('slow'))
    await lookups.whenBegun()
    for (let step = 0; step < 20; step++) it.clock.advance(5_000)
    expect(await idle.next()).toBeUndefined()
    lookups.waiting[0]?.answer()
    expect((await waiting.next())?.parameters.name).toBe('slow')
    expect(await isServed(waiting)).toBe(true)
    for (let step = 0; step < 20; step++) it.clock.advance(5_000)
    expect(await waiting.next()).toBeUndefined()
    it.clock.advance(5_000)
    expect(it.clock.timers).toBe(0)
  })

  test('a client that sends a call byte by byte for too long is dropped', async () => {
    await using it = await setUp({ limits: { idle: 60_000 } })
    const client = await it.connect()
    expect(await isServed(client)).toBe(true)
    for (let step = 0; step < 20; step++) {
      client.socket.write('{')
      it.clock.advance(5_000)
    }
    expect(await client.next()).toBeUndefined()
  })

  test('all clients together may hold only so much unfinished input', async () => {
    await using it = await setUp({ limits: { input: 160_000, call: 100_000 } })
    const [first, second] = [await it.connect(), await it.connect()]
    first.socket.write(Buffer.alloc(60_000, 0x20))
    expect(await isServed(second)).toBe(true)
    second.socket.write(Buffer.alloc(60_000, 0x20))
    await Promise.race([first.next(), second.next()])
    const third = await it.connect()
    expect(await isServed(third)).toBe(true)
  })

  test('V-2: a call larger than any method takes is refused as soon as it is seen', async () => {
    await using it = await setUp({})
    const [large, other] = [await it.connect(), await it.connect()]
    large.socket.write(Buffer.alloc(65 * 1024, 0x20))
    expect(await large.next()).toBeUndefined()
    expect(await isServed(other)).toBe(true)
  })

  test('one user holds half of what all may at most, and root has room beyond that', () => {
    const budget = new ByteBudget(800)
    const take = (uid: number | undefined) => {
      let got = 0
      while (budget.take(10, uid)) got += 10
      return got
    }
    expect([take(1000), take(1001), take(undefined)]).toEqual([350, 170, 90])
    expect(take(0)).toBe(190)
    budget.giveBack(350, 1000)
    expect(take(1000)).toBe(120)
  })

  const REPORT: QueryReport = {
    state: 'success',
    rcode: 0,
    errno: undefined,
    dnssecResult: undefined,
    extendedError: undefined,
    questions: Array.from({ length: 100 }, () => ({ name: nameOf(`${'x'.repeat(60)}.example`), type: 1, class: 1 })),
    collectedQuestions: [],
    answer: [],
  }
  const SUBSCRIBE = { method: 'io.systemd.Resolve.Monitor.SubscribeQueryResults', more: true }

  test('a subscriber that does not read is dropped before it costs much, and its subscription ends', async () => {
    await using it = await setUp({ monitor: true, limits: { backlog: 200_000 } })
    const [dead, alive] = [await it.connect(), await it.connect()]
    for (const client of [dead, alive]) {
      client.write(SUBSCRIBE)
      expect((await client.next())?.parameters.ready).toBe(true)
    }
    dead.socket.pause()
    const received = (async () => {
      let count = 0
      while (count < 300 && (await alive.next()) !== undefined) count++
      return count
    })()
    for (let count = 0; count < 300; count++) {
      for (const listener of it.inspector.listeners) listener(REPORT)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await received).toBe(300)
    expect(it.inspector.listeners.size).toBe(1)
  })

  test('a client that leaves a reply unread for too long is dropped', async () => {
    await using it = await setUp({ monitor: true })
    const client = await it.connect()
    client.write(SUBSCRIBE)
    expect((await client.next())?.parameters.ready).toBe(true)
    client.socket.pause()
    for (let count = 0; count < 100; count++) for (const listener of it.inspector.listeners) listener(REPORT)
    for (let step = 0; step < 10; step++) it.clock.advance(5_000)
    expect(await endOfSubscriptions(it.inspector)).toBe(0)
  })

  test('a subscriber that leaves ends its subscription', async () => {
    await using it = await setUp({ monitor: true })
    const client = await it.connect()
    client.write(SUBSCRIBE)
    await client.next()
    client.socket.destroy()
    expect(await endOfSubscriptions(it.inspector)).toBe(0)
  })

  /** Waits for as many turns as closing takes, and tells how many subscriptions are left. */
  async function endOfSubscriptions({ listeners }: { listeners: ReadonlySet<unknown> }): Promise<number> {
    for (let turns = 0; listeners.size > 0 && turns < 1000; turns++)
      await new Promise((resolve) => setImmediate(resolve))
    return listeners.size
  }

  test('the socket has the mode asked for; a stale one is replaced', async () => {
    await using it = await setUp()
    expect((await stat(it.at.path)).mode & 0o777).toBe(0o666)
    const stale = it.path('stale')
    await using _left = await leaveBehind(stale)
    await using server = await VarlinkServer.open({ path: stale, mode: 0o600 }, it.context)
    expect((await stat(stale)).mode & 0o777).toBe(0o600)
    await using client = await TestClient.open(stale)
    expect(await isServed(client)).toBe(true)
    expect(server).toBeDefined()
  })

  /** What a crash leaves: a socket in the file system that nobody listens on. */
  async function leaveBehind(path: string): Promise<AsyncDisposable> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(`${path}.old`, resolve))
    const { rename } = await import('node:fs/promises')
    await rename(`${path}.old`, path)
    await new Promise((resolve) => server.close(resolve))
    return { [Symbol.asyncDispose]: async () => {} }
  }

  test('a socket that is served, or anything that is no socket, is left alone', async () => {
    await using it = await setUp()
    await expect(VarlinkServer.open(it.at, it.context)).rejects.toThrow('served by another process')
    expect(await isServed(await it.connect())).toBe(true)
    await using successor = await VarlinkServer.open({ ...it.at, replaces: true }, it.context)
    expect(successor).toBeDefined()
    expect(await isServed(await it.connect())).toBe(true)
    await writeFile(it.path('file'), 'precious')
    await expect(VarlinkServer.open({ path: it.path('file'), mode: 0o666 }, it.context)).rejects.toThrow('not a socket')
    await mkdir(it.path('folder'))
    await expect(VarlinkServer.open({ path: it.path('folder'), mode: 0o666 }, it.context)).rejects.toThrow(
      'not a socket',
    )
    await expect(VarlinkServer.open({ path: it.path('a/b'), mode: 0o666 }, it.context)).rejects.toThrow(/ENOENT|EACCES/)
  })
})
