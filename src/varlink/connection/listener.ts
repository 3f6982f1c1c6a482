import { chmod, lstat, rm } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { PlainStream } from './plain-stream.ts'
import type { PeerProcess } from '../ports.ts'
import type { Stream } from './stream.ts'

/** A socket to make at a path; `replaces` takes the path from whoever listens there, who keeps the clients it has. */
export interface SocketPath {
  readonly path: string
  readonly mode: number
  readonly replaces?: boolean
}

/** That, or one that the service manager has already made. */
export type ListenAt = SocketPath | { readonly fd: number }

/** Told of each client; `peer` is undefined where the kernel cannot be asked who it is. */
export type OnClient = (stream: Stream, peer: PeerProcess | undefined) => void

/** Begins to accept clients at a socket that is free to be made. Disposing ends that; connections live on. */
export type OpenListener = (at: ListenAt, backlog: number, onClient: OnClient) => Promise<Disposable>

/** Bursts of lookups are bursts of connections: one each (varlink.md §1). */
const BACKLOG = 4096

/** Resolves when clients are accepted. @throws what the system says, or that another process serves the path. */
export async function openListener(at: ListenAt, onClient: OnClient, open: OpenListener): Promise<AsyncDisposable> {
  if ('path' in at) await makeRoom(at)
  const listener = await open(at, BACKLOG, onClient)
  return {
    async [Symbol.asyncDispose]() {
      listener[Symbol.dispose]()
      if ('path' in at) await rm(at.path, { force: true })
    },
  }
}

/** By plain Node, which cannot tell who a client is. */
export async function plainListener(at: ListenAt, backlog: number, onClient: OnClient): Promise<Disposable> {
  const server = createServer({ allowHalfOpen: true }, (socket) => onClient(new PlainStream(socket), undefined))
  const where = 'path' in at ? { path: at.path } : { fd: at.fd }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...where, backlog }, resolve)
  })
  // Until here the usual umask let nobody else connect.
  if ('path' in at) await chmod(at.path, at.mode)
  return { [Symbol.dispose]: () => void server.close() }
}

/** A socket that nobody answers on is left from a crash; anything else is ours to remove only where it is to be replaced. */
async function makeRoom({ path, replaces }: SocketPath): Promise<void> {
  const found = await lstat(path).catch(ignoreMissing)
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`${path} exists and is not a socket`)
  if (replaces !== true && (await isServed(path))) throw new Error(`${path} is served by another process`)
  await rm(path, { force: true })
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection({ path })
    probe.once('connect', () => resolve(true))
    probe.once('error', () => resolve(false))
    probe.once('connect', () => probe.destroy())
  })
}
