import { mkdtempSync, rmSync, statSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Logger } from '../../../src/base/index.ts'
import { Libc, UnixListener, type UnixStreamEvents, type OnUnixConnection } from '../../../src/sys/index.ts'

const log = new Logger('debug', () => {})
const libc = Libc.load(log) as Libc
const silent: UnixStreamEvents = { onData() {}, onEnd() {}, onTaken() {}, onClose() {} }

test('knows who comes in, and speaks with them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'listener-'))
  try {
    const path = join(folder, 'socket')
    const peers: Parameters<OnUnixConnection>[1][] = []
    let groups: readonly number[] = []
    using _door = UnixListener.listen(libc, log, path, 0o666, 10, (stream, peer) => {
      peers.push(peer)
      groups = peer.groups()
      stream.start({
        ...silent,
        onData(bytes) {
          stream.write(Buffer.from(`you said ${bytes.toString()}`))
          stream.end()
        },
      })
    })
    expect(statSync(path).mode & 0o777).toBe(0o666)
    const answers = await Promise.all(['a', 'b', 'c'].map((text) => say(path, text)))
    expect(answers).toEqual(['you said a', 'you said b', 'you said c'])
    const me = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() }
    expect(peers).toMatchObject([me, me, me])
    expect(groups).toEqual(expect.arrayContaining([process.getgid?.(), ...(process.getgroups?.() ?? [])]))
    expect(peers[0]?.groups()).toEqual([process.getgid?.()]) // closed: the descriptor may belong to another socket
    expect(() => UnixListener.listen(libc, log, path, 0o666, 10, () => {})).toThrow('EADDRINUSE')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('is shut when disposed, once and for all', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'listener-'))
  try {
    const path = join(folder, 'socket')
    const listener = UnixListener.listen(libc, log, path, 0o600, 10, () => {})
    listener[Symbol.dispose]()
    listener[Symbol.dispose]()
    await expect(say(path, 'x')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function say(path: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: string[] = []
    const socket = net.connect(path, () => socket.end(text))
    socket.on('data', (chunk) => chunks.push(chunk.toString()))
    socket.on('end', () => resolve(chunks.join('')))
    socket.on('error', reject)
  })
}
