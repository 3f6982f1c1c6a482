import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Logger } from '../../../src/base/index.ts'
import { Libc, UnixListener, type UnixStream, type UnixStreamEvents } from '../../../src/sys/index.ts'

const log = new Logger('debug', () => {})
const libc = Libc.load(log) as Libc
/** More than a socket takes at once. */
const MUCH = Buffer.alloc(3_000_000, 'x')

interface Pair {
  readonly stream: UnixStream
  readonly client: net.Socket
  /** What the stream told, in words. */
  readonly told: string[]
  readonly until: (word: string) => Promise<void>
}

/** A client and the stream that serves it, with what it does on data. */
async function withPair(onData: (stream: UnixStream, bytes: Buffer) => void, play: (pair: Pair) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'stream-'))
  const path = join(folder, 'socket')
  const told: string[] = []
  let wake: (() => void) | undefined
  const tell = (word: string) => {
    told.push(word)
    wake?.()
  }
  const until = async (word: string) => {
    while (!told.includes(word)) await new Promise<void>((resolve) => (wake = resolve))
  }
  const arrived = new Promise<UnixStream>((resolve) => {
    const listener = UnixListener.listen(libc, log, path, 0o600, 10, (stream) => {
      const events: UnixStreamEvents = {
        onData: (bytes) => onData(stream, bytes),
        onEnd: () => tell('end'),
        onTaken: () => tell('taken'),
        onClose: (error) => tell(`close ${error?.message ?? ''}`.trim()),
      }
      stream.start(events)
      listener[Symbol.dispose]() // connections stay open
      resolve(stream)
    })
  })
  const client = net.connect({ path, allowHalfOpen: true })
  client.on('error', () => {})
  try {
    await play({ stream: await arrived, client, told, until })
  } finally {
    client.destroy()
    rmSync(folder, { recursive: true })
  }
}

function readAll(client: net.Socket): Promise<number> {
  return new Promise((resolve) => {
    let length = 0
    client.on('data', (chunk) => (length += chunk.length)).on('end', () => resolve(length))
  })
}

test('what the kernel does not take at once waits, in order, and all arrives before the end', async () => {
  await withPair(sayMuch, async ({ stream, client, told, until }) => {
    client.write('go')
    expect(await readAll(client)).toBe(2 * MUCH.length + 1)
    await until('close')
    expect(told).toContain('taken')
    expect({ unsent: stream.unsent, isClosed: stream.isClosed }).toEqual({ unsent: 0, isClosed: true })
  })
})

test('while paused nothing is read, and nothing is lost', async () => {
  const heard: string[] = []
  const listen = (stream: UnixStream, bytes: Buffer) => {
    heard.push(bytes.toString())
    stream.pause()
    stream.write(Buffer.from(bytes))
  }
  await withPair(listen, async ({ stream, client }) => {
    const answered = () => new Promise((resolve) => client.once('data', resolve))
    client.write('one')
    await answered()
    client.write('two')
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard).toEqual(['one'])
    const second = answered()
    stream.resume()
    await second
    expect(heard).toEqual(['one', 'two'])
  })
})

test('a client that is done with sending is told apart from one that is gone', async () => {
  await withPair(ignore, async ({ stream, client, told, until }) => {
    client.end()
    await until('end')
    stream.probe()
    expect(told).toEqual(['end'])
    client.destroy()
    await until('close')
    expect(told).toEqual(['end', 'close'])
  })
})

test('a client that goes is noticed while it is not read from', async () => {
  await withPair(pause, async ({ client, told, until }) => {
    client.write('x')
    client.destroy()
    await until('close')
    expect(told).toEqual(['close'])
  })
})

test('a write to a client that is gone closes, once, with the reason', async () => {
  await withPair(ignore, async ({ stream, client, told }) => {
    client.resume()
    const gone = new Promise((resolve) => client.once('close', resolve))
    stream.pause()
    client.destroy()
    await gone
    stream.write(Buffer.from('x'))
    stream.write(Buffer.from('x'))
    stream.destroy()
    expect(stream.isClosed).toBe(true)
    expect(told.filter((word) => word.startsWith('close'))).toHaveLength(1)
  })
})

test('destroying throws away what waits', async () => {
  await withPair(giveUp, async ({ stream, client, told }) => {
    client.write('go')
    expect(await readAll(client)).toBeLessThan(MUCH.length)
    expect(told).toEqual(['close'])
    expect(stream.unsent).toBe(0)
  })
})

function ignore(): void {}

function pause(stream: UnixStream): void {
  stream.pause()
}

function sayMuch(stream: UnixStream): void {
  for (const part of [MUCH, Buffer.from('-'), MUCH]) stream.write(part)
  if (!stream.isFull || stream.unsent < MUCH.length) throw new Error('all of it taken at once')
  stream.end()
}

function giveUp(stream: UnixStream): void {
  stream.write(MUCH)
  stream.destroy()
  stream.write(MUCH)
}
