import type { Clock, Random } from '../base/index.ts'
import { isReplyTo } from '../wire/index.ts'
import type { Probe } from './prober.ts'
import { Prober } from './prober.ts'
import type { ConnectionFacts, Transport, TransportError } from './transport.ts'
import type { Upstreams } from './upstreams.ts'

/** Sends the probes of one scope when they are due. Has no timer while all servers are up. */
export class ProbeLoop implements Disposable {
  readonly #prober: Prober
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #onBug: (error: unknown) => void
  /** The probes under way, each with the function that cancels it. */
  readonly #open = new Map<Probe, () => void>()
  #isClosed = false
  #timer: Disposable | undefined

  constructor(
    upstreams: Upstreams,
    transport: Transport,
    clock: Clock,
    random: Random,
    onBug: (error: unknown) => void,
  ) {
    this.#prober = new Prober(upstreams, random)
    this.#transport = transport
    this.#clock = clock
    this.#onBug = onBug
    upstreams.onProbeNeeded = () => this.#wakeIn(0)
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    for (const takeBack of this.#open.values()) takeBack()
    this.#open.clear()
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #run(): void {
    this.#timer = undefined // before the next step, which may set one: two would go on side by side
    const { send, wakeAt } = this.#prober.next(this.#clock.now())
    if (wakeAt !== undefined) this.#wakeIn(Math.max(1, wakeAt - this.#clock.now()))
    for (const probe of send) this.#exchange(probe)
  }

  #wakeIn(delay: number): void {
    if (this.#isClosed) return
    this.#timer?.[Symbol.dispose]()
    this.#timer = this.#clock.after(delay, () => this.#run())
  }

  #exchange(probe: Probe): void {
    const { upstream, channel, wire, patience } = probe
    const isAnsweredBy = (reply: Buffer) => isReplyTo(reply, wire)
    const query = {
      endpoint: upstream.endpointOver(channel),
      channel,
      wire,
      patience,
      earlier: 0,
      isProbe: true,
      isAnsweredBy,
    } as const
    const takeBack = this.#transport.exchange(query, (result, connection) => {
      this.#open.delete(probe)
      this.#take(probe, result, connection)
    })
    this.#open.set(probe, takeBack)
  }

  #take(probe: Probe, result: Buffer | TransportError, connection: ConnectionFacts | undefined): void {
    const now = this.#clock.now()
    try {
      if (Buffer.isBuffer(result)) this.#prober.onReply(probe, result, now, connection)
      else this.#prober.onFailure(probe, result.code, now, result.message)
    } catch (error) {
      this.#onBug(error)
    }
  }
}
