import { chmod, lstat, rm } from 'node:fs/promises'
import type { Server } from 'node:net'
import { createConnection } from 'node:net'

/** A socket to make at a path, or one that the service manager has already made. */
export type ListenAt = { readonly path: string; readonly mode: number } | { readonly fd: number }

/** Bursts of lookups are bursts of connections: one each (varlink.md §1). */
const BACKLOG = 4096

/** Resolves when `server` accepts connections. @throws what the system says, or that another process serves `path`. */
export async function listen(server: Server, at: ListenAt): Promise<void> {
  if ('fd' in at) return started(server, { fd: at.fd })
  await removeStale(at.path)
  await started(server, { path: at.path })
  // Until here the usual umask let nobody else connect.
  await chmod(at.path, at.mode)
}

function started(server: Server, options: { path: string } | { fd: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...options, backlog: BACKLOG }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** A socket that nobody answers on is left from a crash; anything else is not ours to remove. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(ignoreMissing)
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`${path} exists and is not a socket`)
  if (await isServed(path)) throw new Error(`${path} is served by another process`)
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
