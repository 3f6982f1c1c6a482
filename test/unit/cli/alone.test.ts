import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Worker } from 'node:worker_threads'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { VarlinkClient } from '../../../src/cli/client/varlink-client.ts'
import { exchange } from '../../../src/cli/client/varlink-exchange.ts'
import { BlockingSocket, Libc } from '../../../src/sys/index.ts'
import { RESOLVE_INTERFACE } from '../../../src/varlink-idl/index.ts'

/* What the client does without Node's sockets and streams: a call that it waits for alone, and its output. */
const libc = Libc.load() as Libc
const folder = mkdtempSync(join(tmpdir(), 'alone-'))
const path = join(folder, 'io.systemd.Resolve')
const victim = ['--import', 'tsx', new URL('alone-victim.ts', import.meta.url).pathname]
let server: Server | undefined
let child: ChildProcess | undefined

afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)))
  server = undefined
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Who asks is another process, as it does nothing else while it waits. */
async function asked(answer: (socket: Socket, call: Buffer) => unknown): Promise<string> {
  server = createServer((socket) => socket.on('error', () => {}).once('data', (call) => answer(socket, call)))
  await new Promise<void>((resolve) => server?.listen(path, resolve))
  child = spawn(process.execPath, [...victim, 'ask', folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  return text(child.stdout as NonNullable<typeof child.stdout>)
}

const ADDRESS = { family: 2, address: [192, 0, 2, 1] }
/** In a thread of its own, as this one only waits. */
const ANSWERING = `
  const { parentPort, workerData } = require('node:worker_threads')
  const server = require('node:net').createServer((socket) => socket.once('data', () => socket.end(workerData.reply)))
  server.listen(workerData.path, () => parentPort.postMessage('ready'))`
const REPLY = `${JSON.stringify({ parameters: { names: [{ name: 'a.example' }], flags: 1 } })}\0`

describe('a call that nothing else goes on beside', () => {
  test('says what was asked, and takes a reply in parts', async () => {
    let call = ''
    const said = await asked(async (socket, bytes) => {
      call = bytes.toString()
      for (const part of REPLY) await new Promise((resolve) => socket.write(part, resolve))
    })
    expect(said).toBe('a.example\n')
    expect(JSON.parse(call.slice(0, -1))).toEqual({
      method: 'io.systemd.Resolve.ResolveAddress',
      parameters: ADDRESS,
    })
    expect(call.at(-1)).toBe('\0')
  })

  test('Control-Z and fg in the middle lost the connection: it goes on waiting', async () => {
    const said = await asked(async (socket) => {
      child?.kill('SIGSTOP')
      await untilState('T')
      child?.kill('SIGCONT')
      await untilState('S')
      socket.end(REPLY)
    })
    expect(said).toBe('a.example\n')
  })

  test.each([
    ['a server that leaves', '', /^The resolver closed .*io\.systemd\.Resolve before its reply\.$/],
    ['an error reply', '{"error":"a.b.C"}\0', /^io\.systemd\.Resolve\.ResolveAddress: a\.b\.C$/],
    ['what is no message', 'nonsense\0', /^Received a varlink message that cannot be read: /],
    ['a reply that does not fit', '{"parameters":{}}\0', /member 'names' is missing or of another type\.$/],
  ])('%s is told', async (_, reply, expected) => {
    const other = new Worker(ANSWERING, { eval: true, workerData: { path, reply } })
    await once(other, 'message')
    const call = new VarlinkClient(folder, libc).callAlone(RESOLVE_INTERFACE, 'ResolveAddress', ADDRESS)
    await expect(call).rejects.toThrow(expected)
    await other.terminate()
    rmSync(path, { force: true })
  })

  test('nobody there is told with the system call, as of a socket of Node', () => {
    const call = () => exchange(libc, join(folder, 'nobody'), Buffer.from('{}\0'), 1000)
    expect(call).toThrow(expect.objectContaining({ code: 'ENOENT', syscall: 'connect' }))
  })

  test('silence ends after the time that was given, and so does a listener that takes nobody', async () => {
    server = createServer()
    await new Promise<void>((resolve) => server?.listen({ path, backlog: 1 }, resolve)) // this thread never accepts
    expect(() => exchange(libc, path, Buffer.from('{}\0'), 20)).toThrow(expect.objectContaining({ code: 'EAGAIN' }))
    const waiting: BlockingSocket[] = []
    const fill = () => {
      for (let i = 0; i < 10; i++) waiting.push(BlockingSocket.connect(libc, path, 20))
    }
    expect(fill).toThrow(expect.objectContaining({ code: 'EAGAIN', syscall: 'connect' }))
    for (const socket of waiting) socket[Symbol.dispose]()
  })
})

describe('what is printed', () => {
  test('to a reader that is slower, by a pipe that does not wait: all of it, in order', async () => {
    child = spawn(process.execPath, [...victim, 'print'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const said = await text(child.stdout as NonNullable<typeof child.stdout>)
    expect(said).toBe(Array.from({ length: 300_000 }, (_, line) => `${line}\n`).join(''))
  })

  test('to a reader that has seen enough is no failure', () => {
    const command = '"$0" "$@" print | head -n 1; echo "${PIPESTATUS[0]}"'
    const { stdout, stderr } = spawnSync('bash', ['-c', command, process.execPath, ...victim], { encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: '0\n0\n', stderr: '' })
  })

  test('to a full disk is told, and the exit code is 1', () => {
    const command = '"$0" "$@" width > /dev/full'
    const { status, stderr } = spawnSync('bash', ['-c', command, process.execPath, ...victim], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 1, stderr: 'Failed to write: No space left on device\n' })
  })

  test.each([
    ['by the C library', {}],
    ['by Node', { WITHOUT_LIBC: '1' }],
  ])('a terminal and its width are known %s', (_, env) => {
    const command = `stty cols 97 && ${[process.execPath, ...victim].join(' ')}`
    const options = { encoding: 'utf8', env: { ...process.env, ...env } } as const
    expect(spawnSync('script', ['-qec', command, '/dev/null'], options).stdout).toBe('true 97\r\n')
  })
})

/** Waits until the child is in this state, as the kernel tells it. */
async function untilState(state: string): Promise<void> {
  while (readFileSync(`/proc/${child?.pid}/stat`, 'latin1').split(') ')[1]?.[0] !== state) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}
