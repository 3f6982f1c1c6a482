import { AbortableWaits, type Clock, type Logger, type Millis, reasonOf, sleep } from '../base/index.ts'
import type { Authority, Control } from '../control/index.ts'
import type { Lookups } from '../lookup/index.ts'
import type { ServiceRegistry } from '../multicast/index.ts'
import { CODEC, DEFAULT_ADDRESS, DNSSD_SERVICE, socketPaths } from '../dbus/index.ts'
import type { WorkTurns } from '../sys/index.ts'
import { ChangeSignals } from './change-signals.ts'
import { Changes } from './changes.ts'
import { Dispatcher } from './dispatcher.ts'
import { DnssdServices } from './dnssd-services.ts'
import { managerInterface } from './manager.ts'
import { logControlInterface } from './log-control.ts'
import { ObjectTree } from './object-tree.ts'
import { dnssdPath } from './path.ts'
import { PolkitAuthority } from './polkit.ts'
import { type ProcessName, Session } from './session.ts'
import { watchNear } from './socket-watch.ts'

export interface BusOptions {
  /** D-Bus address of the system bus; undefined for the usual place. */
  readonly address: string | undefined
  /** The user this daemon runs as, once it has dropped what it started with. */
  readonly uid: number
  readonly gid: number
  readonly lookups: Lookups
  readonly control: Control
  /** What programs publish for neighbours goes there. */
  readonly services: ServiceRegistry
  readonly clock: Clock
  /** In which calls are begun. */
  readonly turns: WorkTurns
  readonly logger: Logger
  /** Where log lines go, as `LogTarget` names it, e.g. `console`. */
  readonly logTarget: string
  /** 32 hexadecimal digits, from /etc/machine-id. */
  readonly machineId: () => string | undefined
  readonly processName: ProcessName
  /** The machine woke up (dbus.md §1): streams are dead, and what was learnt of servers is in doubt. */
  readonly onResume: () => void
}

/** Pauses between attempts to connect, doubled each time. */
const FIRST_DELAY: Millis = 100
const LAST_DELAY: Millis = 30_000
/** A connection that lasted this long was a good one: the next attempt after it starts over with short delays. */
const GOOD_WHILE: Millis = 10_000
/** From connecting to owning the name; a bus that stays silent counts as absent. */
const CONNECT_PATIENCE: Millis = 10_000
/** With so many objects, as on a machine of many links, values are compared no more often than this. */
const MANY_OBJECTS = 50
const PAUSE: Millis = 50

/**
 * `org.freedesktop.resolve1` on the system bus. No bus, a bus that goes away or one that refuses us is said once and
 * never a reason to stop: it keeps trying, at once when the socket appears.
 */
export class BusService implements AsyncDisposable {
  /** Who may do what, for every front end: polkit is reached through this service's connection. */
  readonly authority: Authority
  readonly #options: BusOptions
  readonly #dispatcher: Dispatcher
  readonly #stop = new AbortController()
  readonly #waits = new AbortableWaits()
  readonly #subscriptions: readonly Disposable[]
  readonly #services: DnssdServices
  #session: Session | undefined
  #running: Promise<void> | undefined
  /** The last complaint, so that none is repeated. */
  #complaint: string | undefined
  readonly #changes: ChangeSignals
  #isChangeDue = false
  /** When values were compared last. */
  #comparedAt: Millis = Number.NEGATIVE_INFINITY
  #pauseOver: Disposable | undefined

  constructor(options: BusOptions) {
    const { control, lookups, clock, logger, uid, gid } = options
    this.#options = options
    this.authority = new PolkitAuthority({ uid, gid }, () => this.#session?.connection, logger)
    const changes = new Changes(control, this.authority, clock, uid)
    this.#services = new DnssdServices(options.services, control, changes)
    const manager = managerInterface(lookups, control, changes, this.#services)
    const logControl = logControlInterface(logger, options.logTarget, changes)
    const tree = new ObjectTree(manager, logControl, control, changes, this.#services)
    this.#dispatcher = new Dispatcher(tree, options.machineId)
    this.#changes = new ChangeSignals(
      () => tree.objects(),
      (path, name, properties) => this.#session?.emitChanged(path, name, properties),
      (error) => logger.bug(error),
    )
    const onChange = () => this.#changeSoon()
    const events = { serversChanged: onChange, currentServerChanged: onChange, configurationChanged: onChange }
    const onConflicted = (id: string) => this.#session?.emit(dnssdPath(id), DNSSD_SERVICE.name, 'Conflicted')
    this.#subscriptions = [control.subscribe(events), options.services.onConflicted(onConflicted)]
  }

  get isConnected(): boolean {
    return this.#session?.connection !== undefined
  }

  /** Begins to connect; returns at once. */
  start(): void {
    this.#running ??= this.#keepConnected(this.#stop.signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    this.#pauseOver?.[Symbol.dispose]()
    this.#stop.abort(new Error('shutting down'))
    await this.#running
  }

  async #keepConnected(signal: AbortSignal): Promise<void> {
    let delay = FIRST_DELAY
    while (!signal.aborted) {
      const began = this.#options.clock.now()
      await this.#serveOnce(signal)
      if (this.#options.clock.now() - began >= GOOD_WHILE) delay = FIRST_DELAY
      await this.#pause(delay, signal)
      delay = Math.min(delay * 2, LAST_DELAY)
    }
  }

  /** One connection from beginning to end, at the first socket of the address that works. Never throws. */
  async #serveOnce(signal: AbortSignal): Promise<void> {
    const { address = DEFAULT_ADDRESS } = this.#options
    let problem: unknown = new Error(`no unix socket in the address '${address}'`)
    for (const path of socketPaths(address)) {
      try {
        return await this.#serveAt(path, signal)
      } catch (error) {
        problem = error
      } finally {
        this.#session = undefined
      }
    }
    this.#complain(`Not on the system bus: ${reasonOf(problem)}. Resolving goes on, and it is tried again.`)
  }

  /** Returns when the bus is lost. @throws {Error} when it cannot be had */
  async #serveAt(path: string, signal: AbortSignal): Promise<void> {
    const { uid, turns, logger, processName, onResume } = this.#options
    const onLeft = (busName: string | undefined) => this.#services.left(busName)
    const parts = { uid, turns, log: logger, processName, onResume, onLeft, dispatcher: this.#dispatcher, codec: CODEC }
    using session = new Session(parts)
    this.#session = session // calls come in, and may need polkit, before `start` is through
    const connection = await this.#withPatience(signal, (limited) => session.start(path, limited))
    this.#complaint = undefined
    this.#compare() // nothing was compared while there was no bus
    const reason = await this.#waits.until(connection.closed, signal).catch((aborted: Error) => aborted)
    this.#complain(`Lost the system bus: ${reasonOf(reason)}. Resolving goes on, and it is tried again.`)
  }

  /** Runs `work` with a signal that also aborts when a bus does not answer in good time. */
  async #withPatience<T>(signal: AbortSignal, work: (limited: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController()
    using _timer = this.#options.clock.after(CONNECT_PATIENCE, () => limit.abort(new Error('it does not answer')))
    return await work(AbortSignal.any([signal, limit.signal]))
  }

  /** Waits, but no longer than until something happens where the socket is expected. */
  async #pause(delay: Millis, signal: AbortSignal): Promise<void> {
    const { address = DEFAULT_ADDRESS, clock } = this.#options
    const appeared = new AbortController()
    const [path] = socketPaths(address)
    // The socket's file exists a moment before somebody listens on it, hence the shortest delay.
    let soon: Disposable | undefined
    const onChange = () => (soon ??= clock.after(FIRST_DELAY, () => appeared.abort()))
    using _watch = path === undefined ? undefined : watchNear(path, onChange)
    await sleep(clock, delay, AbortSignal.any([signal, appeared.signal])).catch(() => undefined)
    soon?.[Symbol.dispose]()
  }

  #complain(text: string): void {
    if (this.#stop.signal.aborted || this.#complaint === text) return
    this.#options.logger[this.#complaint === undefined ? 'warning' : 'debug'](text)
    this.#complaint = text
  }

  /**
   * Changes of one turn are told together, at its end; where there is much to compare, those of a longer time. Without a bus there
   * is nobody to tell.
   */
  #changeSoon(): void {
    if (this.#isChangeDue || !this.isConnected) return
    this.#isChangeDue = true
    const left = this.#comparedAt + PAUSE - this.#options.clock.now()
    if (left <= 0 || this.#changes.size < MANY_OBJECTS) queueMicrotask(() => this.#compare())
    else this.#pauseOver = this.#options.clock.after(left, () => this.#compare())
  }

  #compare(): void {
    this.#isChangeDue = false
    this.#comparedAt = this.#options.clock.now()
    this.#changes.check()
  }
}
