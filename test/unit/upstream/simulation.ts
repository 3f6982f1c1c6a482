import { type Channel, isEncrypted } from '../../../src/base/index.ts'
import { type DnsOverTlsMode, parseServerSpec } from '../../../src/settings/index.ts'
import type {
  ConnectionFacts,
  Outcome,
  Step,
  Exchange,
  TransportErrorCode,
  Tuning,
} from '../../../src/upstream/index.ts'
import { serverChannels, Transaction, Upstream, Upstreams } from '../../../src/upstream/index.ts'
import type { Probe } from '../../../src/upstream/prober.ts'
import { Prober } from '../../../src/upstream/prober.ts'
import type { Question } from '../../../src/wire/index.ts'
import { CLASS, nameOf, TYPE } from '../../../src/wire/index.ts'
import { replyFor, type ReplyParts } from '../../kit/messages.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'

/** How a server and the path to it behave; all of it may change while time goes on. */
export interface Path {
  /** Milliseconds there and back, work included. */
  delay: (wire: Buffer, channel: Channel) => number
  /** Share of packets lost on each way, 0..1. */
  loss: number
  isAlive: boolean
  /** Silence for some messages only. */
  drops: (wire: Buffer, channel: Channel) => boolean
  reply: (wire: Buffer, channel: Channel) => ReplyParts | Buffer
  /** What becomes of TLS: handshakes take two delays; a failure is told after one; `silent` says nothing at all. */
  tls: 'works' | 'silent' | 'refused' | 'closed' | 'handshake' | 'untrusted'
  /** Questions answered on one encrypted connection; it is closed at the next one. */
  answersEach: number
}

/** A connection of one server, as a transport would tell of it. */
interface Connection extends ConnectionFacts {
  isOpen: boolean
  asked: number
}

export interface Lookup {
  readonly outcome: Outcome
  readonly took: number
}

const FOUND: ReplyParts = { answer: ['x.test 60 A 192.0.2.1'] }

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/**
 * The deciding classes of `upstream/` on a network of numbers: no promises, so ten thousand lookups take a second.
 */
export class Simulation {
  now = 0
  readonly random: SeededRandom
  readonly paths: Path[]
  readonly upstreams: Upstreams
  /** Messages sent to each server: for questions, and as probes. */
  readonly sent: number[]
  readonly probes: number[]
  /** Encrypted connections that came about. */
  readonly handshakes: number[]
  /** Messages that left in plaintext, and those that left by TLS. */
  readonly carried = { plain: 0, tls: 0 }
  readonly news: string[] = []
  readonly #connections: (Connection | undefined)[]
  readonly #prober: Prober
  #events: Event[] = []
  #count = 0
  #probeAt: number | undefined

  constructor(paths: readonly Partial<Path>[], tuning?: Tuning, seed = 1, mode: DnsOverTlsMode = 'no') {
    this.random = new SeededRandom(seed)
    this.paths = paths.map((path) => ({
      delay: () => 20,
      loss: 0,
      isAlive: true,
      drops: () => false,
      reply: () => FOUND,
      tls: 'works',
      answersEach: Infinity,
      ...path,
    }))
    this.upstreams = new Upstreams(
      paths.map((_, i) => upstreamAt(`192.0.2.${i + 1}`, mode)),
      tuning,
    )
    this.sent = paths.map(() => 0)
    this.probes = paths.map(() => 0)
    this.handshakes = paths.map(() => 0)
    this.#connections = paths.map(() => undefined)
    this.upstreams.onEncryptionNews = ({ label }, { text }) => this.news.push(`${this.now} ${label} ${text}`)
    this.#prober = new Prober(this.upstreams, this.random)
    this.upstreams.onProbeNeeded = () => this.#planProbes(this.now)
  }

  /** Asks at the present moment; `done` is called when it is over. */
  ask(name: string, done: (lookup: Lookup) => void): void {
    const startedAt = this.now
    const question: Question = { name: nameOf(name), type: TYPE.A, class: CLASS.IN }
    const transaction = new Transaction({ kind: 'question', question }, this.upstreams, this.random, this.now)
    let turn = 0
    let isOver = false
    const take = (step: Step): void => {
      turn++
      if (step.kind === 'done') {
        if (!isOver) done({ outcome: step.outcome, took: this.now - startedAt })
        isOver = true
        return
      }
      const current = turn
      this.at(step.until, () => {
        if (turn === current) take(transaction.onTime(this.now))
      })
      for (const exchange of step.send) {
        this.sent[this.#indexOf(exchange)]!++
        this.#carry(
          exchange,
          (wire, facts) => take(transaction.onReply(exchange, wire, this.now, facts)),
          (code) => take(transaction.onFailure(exchange, code, this.now)),
        )
      }
    }
    take(transaction.begin(this.now))
  }

  /** One lookup, start to end. */
  lookup(name: string): Lookup {
    const found: Lookup[] = []
    this.ask(name, (lookup) => found.push(lookup))
    for (;;) {
      const [lookup] = found
      if (lookup !== undefined) return lookup
      this.#step()
    }
  }

  /** Lets time pass. */
  advance(duration: number): void {
    const end = this.now + duration
    while ((this.#events[0]?.at ?? Infinity) <= end) this.#step()
    this.now = end
  }

  at(at: number, run: () => void): void {
    const event = { at: Math.max(at, this.now), order: this.#count++, run }
    let [low, high] = [0, this.#events.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.#events[middle] as Event
      if (other.at < event.at || (other.at === event.at && other.order < event.order)) low = middle + 1
      else high = middle
    }
    this.#events.splice(low, 0, event)
  }

  chance(share: number): boolean {
    return this.random.below(1_000_000) < share * 1_000_000
  }

  #step(): void {
    const event = this.#events.shift()
    if (event === undefined) throw new Error('nothing happens any more')
    this.now = event.at
    event.run()
  }

  /** The server closes its connection, or the path to it forgets it. */
  hangUp(server: number): void {
    const connection = this.#connections[server]
    if (connection !== undefined) connection.isOpen = false
  }

  #carry(
    exchange: Pick<Exchange | Probe, 'upstream' | 'wire' | 'channel' | 'patience'>,
    deliver: (wire: Buffer, facts?: ConnectionFacts) => void,
    fail: (code: TransportErrorCode) => void,
  ): void {
    const { upstream, wire, channel } = exchange
    const path = this.paths[this.#indexOf({ upstream })] as Path
    upstream.endpointOver(channel) // as the shell does: throws where the mode forbids it
    this.carried[isEncrypted(channel) ? 'tls' : 'plain']++
    if (isEncrypted(channel)) return this.#carryEncrypted(exchange, path, deliver, fail)
    const isLost = channel === 'udp' && (this.chance(path.loss) || this.chance(path.loss))
    if (!path.isAlive || isLost || path.drops(wire, channel)) return
    const parts = path.reply(wire, channel)
    this.at(this.now + path.delay(wire, channel), () => deliver(Buffer.isBuffer(parts) ? parts : replyFor(wire, parts)))
  }

  #carryEncrypted(
    { upstream, wire, channel, patience }: Pick<Exchange | Probe, 'upstream' | 'wire' | 'channel' | 'patience'>,
    path: Path,
    deliver: (wire: Buffer, facts: ConnectionFacts) => void,
    fail: (code: TransportErrorCode) => void,
  ): void {
    const delay = path.delay(wire, channel)
    if (path.tls !== 'works' && path.tls !== 'silent' && path.isAlive) {
      const code = path.tls
      return this.at(this.now + delay, () => fail(code))
    }
    if (!path.isAlive || path.tls === 'silent' || path.drops(wire, channel)) {
      return this.at(this.now + patience, () => fail('timeout'))
    }
    const server = this.#indexOf({ upstream })
    let connection = this.#connections[server]
    if (connection?.isOpen !== true) {
      const readyAt = this.now + 2 * delay
      connection = {
        version: 'TLSv1.3',
        verifiedAs: undefined,
        isResumed: false,
        readyAt,
        took: 2 * delay,
        isOpen: true,
        asked: 0,
      }
      this.handshakes[server]!++
      this.#connections[server] = connection
    }
    const facts = connection
    const parts = path.reply(wire, channel)
    const at = Math.max(this.now, facts.readyAt) + delay
    if (++connection.asked > path.answersEach) {
      const closed = connection
      return this.at(at, () => {
        closed.isOpen = false
        fail('closed')
      })
    }
    this.at(at, () => deliver(Buffer.isBuffer(parts) ? parts : replyFor(wire, parts), facts))
  }

  #planProbes(at: number): void {
    this.#probeAt = at
    this.at(at, () => {
      if (this.#probeAt !== at) return
      this.#probeAt = undefined
      const { send, wakeAt } = this.#prober.next(this.now)
      if (wakeAt !== undefined) this.#planProbes(Math.max(this.now + 1, wakeAt))
      for (const probe of send) {
        this.probes[this.#indexOf(probe)]!++
        this.#carry(
          probe,
          (wire, facts) => this.#prober.onReply(probe, wire, this.now, facts),
          (code) => this.#prober.onFailure(probe, code, this.now),
        )
      }
    })
  }

  #indexOf({ upstream }: Pick<Exchange, 'upstream'>): number {
    return this.upstreams.all.indexOf(upstream)
  }
}

/** Whether the message asks for a name with this in it, whatever the case of the letters. */
export function asks(wire: Buffer, text: string): boolean {
  return wire.toString('latin1').toLowerCase().includes(text)
}

export function upstreamAt(address: string, mode: DnsOverTlsMode = 'no'): Upstream {
  const spec = parseServerSpec(address, () => undefined)
  return new Upstream({ spec, channels: serverChannels(spec, mode, 2), label: address })
}

export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0
}
