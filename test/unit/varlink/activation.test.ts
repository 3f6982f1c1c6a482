import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { Logger } from '../../../src/base/index.ts'
import { Libc, UnixListener, WorkTurns } from '../../../src/sys/index.ts'
import { encodeUnixSockaddr } from '../../../src/sys/sockaddr.ts'
import { activatedSockets, passedOr, VarlinkServer } from '../../../src/varlink/index.ts'
import { Service } from '../../../src/varlink/connection/service.ts'
import { FakeClock, RecordingLog } from './support.ts'

const CASES: [string, Record<string, string>, [string, number][]][] = [
  ['none', {}, []],
  ['for another process', { LISTEN_PID: '8', LISTEN_FDS: '1', LISTEN_FDNAMES: 'varlink' }, []],
  [
    'both',
    { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'varlink-monitor:varlink' },
    [
      ['varlink-monitor', 3],
      ['varlink', 4],
    ],
  ],
  ['more names than sockets', { LISTEN_PID: '7', LISTEN_FDS: '1', LISTEN_FDNAMES: 'varlink:x' }, [['varlink', 3]]],
  ['not a number', { LISTEN_PID: '7', LISTEN_FDS: '1x', LISTEN_FDNAMES: 'varlink' }, []],
]
test.each(CASES)('passed sockets: %s', (_, environment, expected) => {
  expect([...activatedSockets(environment, 7)]).toEqual(expected)
})

test('a socket that was passed is used, else one is made', () => {
  const passed = new Map([['varlink', 3]])
  expect(passedOr(passed, 'varlink', { path: '/run/x', mode: 0o666 })).toEqual({ fd: 3 })
  expect(passedOr(passed, 'varlink-monitor', { path: '/run/x', mode: 0o600 })).toEqual({ path: '/run/x', mode: 0o600 })
})

const log = new Logger('err', () => undefined)
const libc = Libc.load(log)
const [AF_UNIX, SOCK_STREAM] = [1, 1]

/** A listening socket as a service manager passes it: blocking, and nobody accepts yet. */
function passedSocket(path: string): number {
  const name = encodeUnixSockaddr(path) as Buffer
  const fd = libc!.call('socket', AF_UNIX, SOCK_STREAM, 0)
  libc!.call('bind', fd, name, name.length)
  libc!.call('listen', fd, 8)
  chmodSync(path, 0o666)
  return fd
}

const WAYS = [
  ['by the C library', (fd: number) => ({ fd, listener: withLibc })],
  ['by plain Node', (fd: number) => ({ fd, listener: undefined })],
] as const
const withLibc: Parameters<typeof VarlinkServer.open>[1]['listener'] = async (at, _backlog, onClient) =>
  UnixListener.adopt(libc!, log, 'fd' in at ? at.fd : -1, onClient)

test.skipIf(libc === undefined).each(WAYS)(
  'a client that connected before the daemon ran is served: %s',
  async (_, way) => {
    const directory = mkdtempSync(join(tmpdir(), 'activation-'))
    const path = join(directory, 'socket')
    const { fd, listener } = way(passedSocket(path))
    const client = createConnection(path)
    client.write('{"method":"org.varlink.service.GetInfo"}\0')
    const context = {
      service: new Service([], new RecordingLog()),
      clock: new FakeClock(),
      turns: new WorkTurns({ now: () => 0 }),
      log: new RecordingLog(),
    }
    const server = await VarlinkServer.open({ fd }, { ...context, ...(listener && { listener }) })
    const [reply] = (await once(client, 'data')) as [Buffer]
    expect(String(reply)).toContain('org.varlink.service.MethodNotFound')
    client.destroy()
    await server[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true })
  },
)
