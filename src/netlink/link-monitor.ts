import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, type IfIndex, type Log, reasonOf, sleep, Tasks } from '../base/index.ts'
import type { GatewayRoute, LinkFacts, NetworkFacts } from '../scope/index.ts'
import type { Libc } from '../sys/index.ts'
import { type Change, decode, RTM_GETADDR, RTM_GETLINK, RTM_GETROUTE } from './decode.ts'
import type { NetlinkMessage } from './message.ts'
import { NetworkState } from './network-state.ts'
import { type DumpType, RtnetlinkSocket } from './rtnetlink-socket.ts'

/** Milliseconds between attempts to open a working socket again: doubles from the first to the longest. */
const FIRST_RETRY_DELAY = 50
const MAX_RETRY_DELAY = 1000
/** Milliseconds between two dumps of the routes, so that a flapping default route does not take all the CPU time. */
const ROUTES_PAUSE = 100
/** Messages of a dump taken in within one turn of the event loop: a millisecond or so. */
const SLICE = 256
/** Links of which it is told within one turn that they have gained something: each takes some 50 microseconds to be put in force. */
const GAINS = 16

export interface LinkMonitorOptions {
  readonly clock: Clock
  readonly log: Log
  readonly libc?: Libc | undefined
  /** Called at once for any message about links, addresses, routes or rules, also those that `facts` leaves out. */
  onNews?(): void
  /**
   * Called after changes, once for a burst. A loss is never hidden: when links lost something and gained something within
   * one burst, their states before the gains are reported first. Losses are told at once, gains of many links over several turns.
   */
  onChange(facts: NetworkFacts): void
}

/** Follows the kernel's links, addresses and default gateways by rtnetlink (R-LINK-1). */
export class LinkMonitor implements AsyncDisposable {
  readonly #options: LinkMonitorOptions
  readonly #tasks: Tasks
  #socket: RtnetlinkSocket | undefined
  #state = new NetworkState()
  /** While everything is read anew: changes that arrive meanwhile, to be applied after it. */
  #held: Change[] | undefined = []
  /** The facts `onChange` was last called with. */
  #reported: NetworkFacts
  /** Links that lost something that is not reported yet. */
  readonly #losers = new Set<IfIndex>()
  /** Links that lost something and then gained something, as they were in between, which is not reported yet. */
  readonly #lows = new Map<IfIndex, LinkFacts | undefined>()
  /** Everything was read anew: what was lost meanwhile nobody knows. */
  #mayHaveLost = false
  #isTelling = false
  #isReadingRoutes = false

  private constructor(options: LinkMonitorOptions) {
    this.#options = options
    this.#tasks = new Tasks(options.log)
    this.#reported = this.#state.facts()
  }

  /** Resolves once `facts` is complete; `onChange` is called only for later changes. @throws when the kernel cannot be asked. */
  static async open(options: LinkMonitorOptions): Promise<LinkMonitor> {
    const monitor = new LinkMonitor(options)
    try {
      await monitor.#connect(monitor.#tasks.signal)
      monitor.#reported = monitor.facts
      monitor.#mayHaveLost = false
      return monitor
    } catch (error) {
      await monitor[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The present state. */
  get facts(): NetworkFacts {
    return this.#state.facts()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const tasksDone = this.#tasks[Symbol.asyncDispose]()
    await this.#disconnect() // ends the wait for a dump, and with it the task that waits
    await tasksDone
    await this.#disconnect()
  }

  /** Subscribes first, then dumps, then applies the events that arrived meanwhile: the latest state wins. */
  async #connect(signal: AbortSignal): Promise<void> {
    const held: Change[] = []
    this.#held = held
    const socket = await RtnetlinkSocket.open({
      clock: this.#options.clock,
      libc: this.#options.libc,
      onEvents: (messages) => this.#onEvents(messages),
      onBroken: (error) => this.#onBroken(error),
    })
    this.#socket = socket
    signal.throwIfAborted()
    const state = await readState(socket)
    if (socket.failure !== undefined) throw socket.failure
    for (const change of held) state.apply(change)
    this.#state = state
    this.#lows.clear()
    this.#mayHaveLost = true
    this.#held = undefined
    this.#tellSoon()
    this.#readRoutesIfNeeded()
  }

  async #disconnect(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    await socket?.[Symbol.asyncDispose]()
  }

  /** Ignored while everything is read anew: the failed dump is an error there. */
  #onBroken(error: Error): void {
    if (this.#held !== undefined) return
    this.#options.log.notice(`Lost track of network links (${reasonOf(error)}), reading them all again`)
    this.#held = []
    this.#options.onNews?.()
    this.#tasks.run((signal) => this.#reconnect(signal))
  }

  /** Tries until it works, at once and then with growing pauses. The old state is in force meanwhile. */
  async #reconnect(signal: AbortSignal): Promise<void> {
    for (let delay = FIRST_RETRY_DELAY; ; delay = Math.min(2 * delay, MAX_RETRY_DELAY)) {
      await this.#disconnect()
      try {
        return await this.#connect(signal)
      } catch (error) {
        signal.throwIfAborted()
        this.#options.log.warning(`Cannot read network links: ${reasonOf(error)}`)
      }
      await sleep(this.#options.clock, delay, signal)
    }
  }

  #onEvents(messages: readonly NetlinkMessage[]): void {
    this.#options.onNews?.()
    const changes = decodeAll(messages)
    if (this.#held !== undefined) {
      this.#held.push(...changes) // bounded: no more than arrive during three dumps
      return
    }
    for (const change of changes) this.#apply(change)
    this.#readRoutesIfNeeded()
  }

  #apply(change: Change): void {
    const ifindex = linkOf(change)
    const effect = this.#state.apply(change, () => {
      if (this.#losers.delete(ifindex)) this.#lows.set(ifindex, this.#state.link(ifindex))
    })
    if (effect === 'none') return
    if (effect === 'loss') {
      if (this.#lows.has(ifindex)) this.#tell(this.facts) // one low is kept of each
      this.#losers.add(ifindex)
    }
    this.#tellSoon()
  }

  /**
   * Calls `onChange` in the next turn of the event loop: everything the socket had to say in this turn is one burst, and
   * queries that arrived meanwhile are answered before the work that follows the change.
   */
  #tellSoon(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    const tell = () => {
      this.#isTelling = false
      this.#tell(this.facts)
    }
    setImmediate(() => setImmediate(tell))
  }

  #tell(latest: NetworkFacts): void {
    const facts = this.#lows.size > 0 ? this.#lowest(latest) : this.#mayHaveLost ? latest : this.#bearable(latest)
    this.#mayHaveLost = false
    this.#losers.clear()
    this.#lows.clear()
    if (facts === this.#reported || this.#tasks.signal.aborted) return
    this.#reported = facts
    if (facts !== latest) this.#tellSoon()
    this.#options.onChange(facts)
  }

  /** With all that was lost, and nothing that was gained, except where nobody knows what was lost. */
  #lowest(latest: NetworkFacts): NetworkFacts {
    const links = new Map<IfIndex, LinkFacts>()
    for (const [ifindex, link] of latest.links) {
      const isNow = this.#mayHaveLost || this.#losers.has(ifindex)
      const low = this.#lows.has(ifindex) ? this.#lows.get(ifindex) : isNow ? link : this.#reported.links.get(ifindex)
      if (low !== undefined) links.set(ifindex, low)
    }
    return { ...latest, links }
  }

  /** With all that was lost, and no more that was gained than can be put in force in a turn. Other links are as they were told. */
  #bearable(latest: NetworkFacts): NetworkFacts {
    const links = new Map<IfIndex, LinkFacts>()
    let gains = 0
    for (const [ifindex, link] of latest.links) {
      const told = this.#reported.links.get(ifindex)
      const isGain = link !== told && !this.#losers.has(ifindex)
      if (isGain) gains++
      if (!isGain || gains <= GAINS) links.set(ifindex, link)
      else if (told !== undefined) links.set(ifindex, told)
    }
    return gains <= GAINS ? latest : { ...latest, links }
  }

  #readRoutesIfNeeded(): void {
    if (this.#isReadingRoutes || !this.#state.needsRoutes) return
    this.#isReadingRoutes = this.#tasks.run((signal) => this.#readRoutes(signal))
  }

  /**
   * Reads the routes until no change has put them in question any more; one reader at a time. Begins in a turn of its own,
   * so that queries are not kept waiting for events and routes together.
   */
  async #readRoutes(signal: AbortSignal): Promise<void> {
    try {
      await nextTurn()
      while (this.#held === undefined && this.#socket !== undefined && this.#state.needsRoutes) {
        const state = this.#state
        state.beginRoutes()
        if (state.setRoutes(await routes(this.#socket))) this.#tellSoon()
        await sleep(this.#options.clock, ROUTES_PAUSE, signal)
      }
    } catch (error) {
      if (this.#held === undefined) throw error // otherwise the socket broke, and all is being read again
    } finally {
      this.#isReadingRoutes = false
    }
  }
}

/** 0 for what concerns none. */
function linkOf(change: Change): IfIndex {
  if (change.kind === 'routes') return 0
  return change.kind === 'link' ? change.link.ifindex : change.ifindex
}

async function readState(socket: RtnetlinkSocket): Promise<NetworkState> {
  const state = new NetworkState()
  for (const type of [RTM_GETLINK, RTM_GETADDR] as const)
    await dump(socket, type, (changes) => changes.forEach((change) => state.apply(change)))
  state.setRoutes(await routes(socket))
  state.beginRoutes()
  return state
}

async function routes(socket: RtnetlinkSocket): Promise<GatewayRoute[]> {
  const found: GatewayRoute[][] = []
  await dump(socket, RTM_GETROUTE, (changes) => found.push(routesIn(changes)))
  return found.flat()
}

/** Hands over what the kernel tells of one type in slices, between which questions are answered. */
async function dump(socket: RtnetlinkSocket, type: DumpType, take: (changes: Change[]) => void): Promise<void> {
  const messages = await socket.dump(type)
  for (let at = 0; at < messages.length; at += SLICE) {
    if (at > 0) await nextTurn()
    take(decodeAll(messages.slice(at, at + SLICE)))
  }
}

function decodeAll(messages: readonly NetlinkMessage[]): Change[] {
  return messages.map(decode).filter((change) => change !== undefined)
}

function routesIn(changes: readonly Change[]): GatewayRoute[] {
  return changes.flatMap((change) => (change.kind === 'routes' && change.isNew ? change.routes : []))
}
