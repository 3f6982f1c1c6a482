import { promises as fs } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { type Log, reasonOf } from '../base/index.ts'
import { OPEN_METRICS } from './open-metrics.ts'
import { formatMetricsListen, type MetricsListen } from '../settings/index.ts'

export interface MetricsServices {
  /** OpenMetrics text as it is now. */
  readonly text: () => string
  /** Of the Unix socket that `MetricsListen=yes` means. */
  readonly usualPath: string
  readonly log: Log
}

/** A scraper or two, and no more. */
const MAX_CONNECTIONS = 16
/** For a whole request; a client that sends it byte by byte holds one of few connections no longer. */
const PATIENCE_MS = 5000
/** Root and the service's group. */
const SOCKET_MODE = 0o660

/** Serves `GET /metrics` where the settings say so, and nowhere unless they do. */
export class MetricsListener implements AsyncDisposable {
  readonly #services: MetricsServices
  #server: Server | undefined
  #path: string | undefined
  #place = 'no'

  constructor(services: MetricsServices) {
    this.#services = services
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }

  /** Opens, moves or closes. A place that cannot be had is one warning. */
  async follow(listen: MetricsListen): Promise<void> {
    const place = formatMetricsListen(listen)
    if (place === this.#place) return
    await this.#close()
    this.#place = place
    try {
      await this.#open(listen)
    } catch (error) {
      await this.#close()
      this.#services.log.warning(`MetricsListen=${place}: ${reasonOf(error)}; metrics are not served.`)
    }
  }

  async #open(listen: MetricsListen): Promise<void> {
    if (listen.kind === 'off') return
    const { createServer } = await import('node:http') // 2 ms, for those who want it
    const server = createServer({ requestTimeout: PATIENCE_MS, headersTimeout: PATIENCE_MS }, (request, response) =>
      this.#answer(request, response),
    )
    server.maxConnections = MAX_CONNECTIONS
    this.#server = server
    if (listen.kind === 'address') return listening(server, { host: listen.address.text, port: listen.port })
    const path = listen.kind === 'path' ? listen.path : this.#services.usualPath
    await removeStale(path)
    // Until the mode is set, the usual umask lets nobody else write, which connecting needs.
    await listening(server, { path })
    this.#path = path
    await fs.chmod(path, SOCKET_MODE)
  }

  /** Two paths and two methods; nothing of the request but those is used. */
  #answer({ method, url }: IncomingMessage, response: ServerResponse): void {
    const isKnown = url === '/metrics' || url === '/'
    if (!isKnown || (method !== 'GET' && method !== 'HEAD')) {
      response.writeHead(isKnown ? 405 : 404).end()
      return
    }
    try {
      response.writeHead(200, { 'Content-Type': OPEN_METRICS }).end(this.#services.text())
    } catch (error) {
      this.#services.log.bug(error)
      response.destroy()
    }
  }

  /** Connections end at once: a scraper tries again. Idempotent. */
  async #close(): Promise<void> {
    const server = this.#server
    const path = this.#path
    this.#server = undefined
    this.#path = undefined
    this.#place = 'no'
    if (server === undefined) return
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
    if (path !== undefined) await fs.rm(path, { force: true })
  }
}

/** Resolves when the socket takes connections. @throws what listen() failed with */
function listening(server: Server, where: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** A socket that nobody answers on is left from a crash; anything else is not ours to remove. */
async function removeStale(path: string): Promise<void> {
  const found = await fs.lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`${path} exists and is not a socket`)
  if (await isServed(path)) throw new Error(`${path} is served by another process`)
  await fs.rm(path, { force: true })
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path })
    const end = (isThere: boolean) => {
      probe.destroy()
      resolve(isThere)
    }
    probe.once('connect', () => end(true))
    probe.once('error', () => end(false))
  })
}
