import { Lifetime, type Millis, reasonOf } from '../base/index.ts'
import type { DaemonContext } from './context.ts'
import { type Core, openCore } from './core.ts'
import { type FrontEnds, makeFrontEnds } from './front-ends.ts'
import type { Options } from './options.ts'
import { formatListenSpec } from '../settings/index.ts'
import type { StubListeners } from '../stub/index.ts'

/** Before the end: for questions that are under way, while others are still answered; then without those. */
const PATIENCE: Millis = 600
/** Sockets hold what is asked in half a second of 1,000 questions per second, and the next process has to start. */
const LAST_PATIENCE: Millis = 150

/** The whole resolver: its core, its front ends, and what signals do to them. */
export class Daemon implements AsyncDisposable {
  readonly #context: DaemonContext
  readonly #life: Lifetime
  readonly #core: Core
  readonly #frontEnds: FrontEnds
  #stub: StubListeners
  /** What the stub was opened for; undefined unless all of it could be had. */
  #listensTo: string | undefined
  #addresses: Options['listen']

  private constructor(context: DaemonContext, life: Lifetime, core: Core, opened: FrontEnds) {
    this.#context = context
    this.#life = life
    this.#core = core
    this.#frontEnds = opened
    this.#addresses = context.options.listen
    this.#stub = opened.newStub()
    life.defer(() => this.#stub[Symbol.asyncDispose]())
  }

  /** Resolves when links and settings are known and in force; nobody can ask yet. @throws what cannot be done without */
  static async open(context: DaemonContext): Promise<Daemon> {
    const life = new Lifetime()
    try {
      const core = await openCore(context, life)
      return new Daemon(context, life, core, makeFrontEnds(context, core, life))
    } catch (error) {
      await life[Symbol.asyncDispose]()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life[Symbol.asyncDispose]()
  }

  /** Opens the stub where options and settings want it, and the extra listeners. @throws {ListenError} */
  async listen(addresses = this.#addresses): Promise<void> {
    this.#addresses = addresses // for a reload
    const { stubListener, extraListeners } = this.#core.control.settings
    for (const { address, port } of addresses) await this.#stub.openAt(address, port)
    if (addresses.length === 0 && stubListener !== 'no') await this.#stub.openStandard(stubListener)
    await this.#stub.openExtra(extraListeners)
    this.#context.kept?.closeUntaken()
    this.#listensTo = this.#stub.isWhole ? this.#toListenTo : undefined
  }

  /** Where the stub answers; nowhere when it is closed. */
  get places(): StubListeners['places'] {
    return this.#stub.places
  }

  /** Whether there is any server to ask. */
  get knowsServers(): boolean {
    return this.#core.scopes.unicast.some(({ upstreams }) => upstreams.all.length > 0)
  }

  /** Opens the varlink sockets and begins to connect to the bus; when it resolves, resolv.conf is written too. */
  async openIpc(): Promise<void> {
    await this.#frontEnds.openIpc()
    this.#core.control.settle()
    await this.#frontEnds.metrics.follow(this.#core.control.settings.metricsListen)
  }

  /** SIGHUP: everything in files is read again; what clients pushed stays (R-PROC-1). */
  async reload(): Promise<void> {
    const { local, foreign, networkd, control, readConfiguration } = this.#core
    const { metrics } = this.#frontEnds
    await local.reread()
    foreign.expire()
    networkd.reparse()
    const { settings, delegates } = await readConfiguration()
    control.reload(settings, delegates)
    await metrics.follow(settings.metricsListen)
    if (this.#listensTo !== this.#toListenTo) await this.#listenAnew()
    control.settle()
  }

  /** Whoever waits for an answer at the sockets of before gets none: they stay where that is possible. */
  async #listenAnew(): Promise<void> {
    this.#listensTo = undefined
    await this.#stub[Symbol.asyncDispose]()
    this.#context.kept?.forgetAll()
    this.#stub = this.#frontEnds.newStub()
    await this.listen().catch((error: unknown) =>
      this.#context.logger.warning(`${reasonOf(error)}; the stub is closed.`),
    )
  }

  /** What options and settings want the stub to listen to, in words that differ when that does. */
  get #toListenTo(): string {
    const { stubListener, extraListeners } = this.#core.control.settings
    const places = this.#addresses.map(({ address, port }) => `${address.text} ${port}`)
    return [...places, stubListener, ...extraListeners.map(formatListenSpec)].join(', ')
  }

  /**
   * Before the end. Where the stub's sockets outlive us, or others have been bound beside them, what has been read from them
   * is answered first, unless that takes longer than whoever restarts us should wait; what comes after waits there for the
   * next process.
   */
  async finish(): Promise<void> {
    const { kept, options } = this.#context
    if (kept?.keepsAny === true || options.replaces) await this.#stub.drain(PATIENCE, LAST_PATIENCE)
  }

  /** SIGUSR2. */
  flush(): void {
    this.#core.control.flushCaches()
  }

  /** SIGRTMIN+1. */
  resetServerFeatures(): void {
    this.#core.control.resetServerFeatures()
  }

  /** SIGUSR1: what is known, to the log. */
  dump(): void {
    const { logger, turnWatch } = this.#context
    const turns = turnWatch.longest.map(({ what, took }) => `${what} ${took.toFixed(1)} ms`)
    logger.notice(`longest times without a break: ${turns.join(', ') || 'none above 1 ms'}`)
    for (const { plan, cache, upstreams } of this.#core.scopes.unicast) {
      const domains = plan.domains.map(({ name, routeOnly }) => (routeOnly ? `~${name}` : name))
      logger.notice(`${plan.label}: ${cache.size} cached names, domains: ${domains.join(' ') || 'none'}`)
      for (const { label, roundTrip, counts } of upstreams.all) {
        logger.notice(
          `  server ${label}: round trip ${roundTrip?.toFixed(1) ?? 'unknown'} ms, ${JSON.stringify(counts)}`,
        )
      }
    }
  }
}
