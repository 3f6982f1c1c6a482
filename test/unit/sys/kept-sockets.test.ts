import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { IpAddress, Logger } from '../../../src/base/index.ts'
import { KeptSockets, Libc, Listening, Notifier } from '../../../src/sys/index.ts'
import { keptOf } from '../../../src/sys/kept-sockets.ts'

const log = new Logger('emerg', () => {})
const libc = Libc.load(log) as Libc
const at = { address: IpAddress.of('127.0.0.1'), port: 0 }

/** A service manager's ear: what it is told, with the kind of socket that came with it. */
const EAR = `
import array, os, socket, sys
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(sys.argv[1])
print('listening', flush=True)
for _ in range(int(sys.argv[2])):
    data, ancillary, _, _ = ear.recvmsg(4096, socket.CMSG_SPACE(16))
    passed = [array.array('i', content)[0] for _, _, content in ancillary]
    kinds = [socket.socket(fileno=fd).getsockname()[1] for fd in passed]
    print(data.decode().replace(chr(10), ' '), kinds, flush=True)
`

test('a descriptor is handed over with its name, and what is told of it afterwards', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kept-'))
  const path = join(folder, 'notify')
  const ear = spawn('python3', ['-uc', EAR, path, '3'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let heard = ''
  ear.stdout.on('data', (bytes: Buffer) => (heard += bytes.toString()))
  await once(ear.stdout, 'data')
  const notifier = new Notifier(libc, path, log)
  const kept = new KeptSockets(libc, notifier, {}, process.pid)
  await using udp = await new Listening(libc, log, kept).udp(at)
  expect(kept.keepsAny).toBe(true)
  kept.forgetAll()
  expect(kept.keepsAny).toBe(false)
  notifier.notify('STOPPING=1')
  await once(ear, 'close')
  expect(heard.split('\n').slice(1, 4)).toEqual([
    `FDSTORE=1 FDPOLL=0 FDNAME=stub-udp-127.0.0.1-0 [${udp.port}]`,
    'FDSTOREREMOVE=1 FDNAME=stub-udp-127.0.0.1-0 []',
    'STOPPING=1 []',
  ])
  await rm(folder, { recursive: true })
})

test('without a service manager nothing is kept', async () => {
  const kept = new KeptSockets(libc, new Notifier(libc, undefined, log), {}, process.pid)
  await using _ = await new Listening(libc, log, kept).udp(at)
  expect(kept.keepsAny).toBe(false)
  expect(kept.take('udp-127.0.0.1-0')).toBeUndefined()
})

test.each([
  ['none', {}],
  ['of another process', { LISTEN_PID: '1', LISTEN_FDS: '1', LISTEN_FDNAMES: 'stub-udp-127.0.0.53-53' }],
  ['of other names', { LISTEN_PID: '7', LISTEN_FDS: '1', LISTEN_FDNAMES: 'varlink' }],
  ['not a number', { LISTEN_PID: '7', LISTEN_FDS: 'many', LISTEN_FDNAMES: 'stub-udp-127.0.0.53-53' }],
  ['more names than descriptors', { LISTEN_PID: '7', LISTEN_FDS: '0', LISTEN_FDNAMES: 'stub-udp-127.0.0.53-53' }],
  ['not open', { LISTEN_PID: '7', LISTEN_FDS: '9999', LISTEN_FDNAMES: `${'x:'.repeat(9000)}stub-udp` }],
])('passed sockets: %s', (_, environment) => {
  expect(keptOf(environment, 7)).toEqual(new Map())
})
