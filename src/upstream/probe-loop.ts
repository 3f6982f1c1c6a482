import type { Clock, Random } from '../base/index.ts'
import { sharedAbort } from '../base/index.ts'
import { isReplyTo } from '../wire/index.ts'
import type { Probe } from './prober.ts'
import { Prober } from './prober.ts'
import type { Transport } from './transport.ts'
import { TransportError } from './transport.ts'
import type { Upstreams } from './upstreams.ts'

/** Sends the probes of one scope when they are due; asleep while nothing is doubted. */
export class ProbeLoop implements Disposable {
  readonly #prober: Prober
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #onBug: (error: unknown) => void
  readonly #abort = sharedAbort()
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
    upstreams.onDoubt = () => this.#wakeIn(0)
  }

  [Symbol.dispose](): void {
    this.#abort.abort()
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #run(): void {
    const { send, wakeAt } = this.#prober.next(this.#clock.now())
    this.#timer = undefined
    if (wakeAt !== undefined) this.#wakeIn(Math.max(1, wakeAt - this.#clock.now()))
    for (const probe of send) void this.#exchange(probe).catch(this.#onBug)
  }

  #wakeIn(delay: number): void {
    if (this.#abort.signal.aborted) return
    this.#timer?.[Symbol.dispose]()
    this.#timer = this.#clock.after(delay, () => this.#run())
  }

  async #exchange(probe: Probe): Promise<void> {
    const { upstream, wire, patience } = probe
    const isAnsweredBy = (reply: Buffer) => isReplyTo(reply, wire)
    const query = { endpoint: upstream.endpoint, protocol: 'udp', wire, patience, isProbe: true, isAnsweredBy } as const
    const { signal } = this.#abort
    try {
      const reply = await this.#transport.exchange(query, signal)
      if (!signal.aborted) this.#prober.onReply(probe, reply, this.#clock.now())
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof TransportError)) throw error
      this.#prober.onFailure(probe, error.code, this.#clock.now())
    }
  }
}
