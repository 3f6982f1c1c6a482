import type { Clock, Millis, Random } from '../base/index.ts'
import type { ConnectedUdp, UdpEvents } from '../sys/index.ts'
import type { Endpoint } from '../upstream/index.ts'
import { MAX_USES, PooledUdp } from './pooled-udp.ts'

/** A port is kept for another question only where so many were under way at once; otherwise each question has a fresh one. */
export const BUSY = 16
/** No question leaves by a port that has been open for longer: too short a time to find a port by trying. */
export const MAX_AGE: Millis = 2000
/** Sockets that wait for the next question, for all servers together. */
export const MAX_IDLE = 256
/** Sockets closed per turn of the event loop after `renew`. */
const LOT = 16

/** Connects a socket from a port that the kernel draws. @throws an error with the system's `code` */
export type OpenUdp = (endpoint: Endpoint, events: UdpEvents) => ConnectedUdp

/**
 * Connected sockets that serve several questions each while there are many: setting one up and taking it down is seven
 * system calls, a large part of the cost of a cache miss.
 *
 * A forger must still guess both ID and port (RFC 5452 §9.2, R-SRV-7): the kernel draws every port at random, a port
 * carries one question at a time, which of the idle ones comes next is drawn too, and none lives long enough to be found
 * by trying: it goes after some questions or two seconds, and at once when it hears anything that was not asked for. Being
 * connected, it hears the server alone. A socket whose question was given up must not come back here: its late reply
 * could meet another question. Sockets are kept per `Endpoint` object, so scopes never share them.
 */
export class UdpPool implements Disposable {
  readonly #open: OpenUdp
  readonly #clock: Clock
  readonly #random: Random
  readonly #idle = new Map<Endpoint, PooledUdp[]>()
  #size = 0
  /** Replaced when addresses or routes change: sockets of an earlier one are not used again. */
  #network = {}
  #sweep: Disposable | undefined
  /** Idle until the network changed: closed soon. */
  readonly #leaving: PooledUdp[] = []
  #closing: Disposable | undefined

  constructor(open: OpenUdp, clock: Clock, random: Random) {
    this.#open = open
    this.#clock = clock
    this.#random = random
  }

  /** Sockets that are idle. */
  get size(): number {
    return this.#size
  }

  /**
   * Sends a question; what comes is told to `asker`, who owns the socket until it is given back or closed.
   * @throws an error with the system's `code`
   */
  send(endpoint: Endpoint, wire: Buffer, asker: UdpEvents): PooledUdp {
    const used = this.#draw(endpoint)
    if (used?.trySend(wire, asker) === true) return used
    const socket = new PooledUdp(endpoint, this.#network, this.#clock.now(), (unasked) => this.#drop(unasked))
    socket.connection = this.#open(endpoint, socket)
    try {
      socket.send(wire, asker)
      return socket
    } catch (error) {
      socket.close()
      throw error
    }
  }

  /** Its question has been answered: another may follow. `out`: questions that were out with it, itself included. */
  giveBack(socket: PooledUdp, out: number): void {
    if (out < BUSY || this.#size >= MAX_IDLE || !this.#isUsable(socket)) return socket.close()
    socket.rest()
    const idle = this.#idle.get(socket.endpoint)
    if (idle === undefined) this.#idle.set(socket.endpoint, [socket])
    else idle.push(socket)
    this.#size++
    this.#sweep ??= this.#clock.after(MAX_AGE, () => this.#onSweep())
  }

  /**
   * Addresses or routes have changed: a connected socket would go on sending from the old address, so no idle one is used
   * again. They are closed a few per turn, as closing all at once would delay questions.
   */
  renew(): void {
    this.#network = {}
    for (const idle of this.#idle.values()) this.#leaving.push(...idle)
    this.#idle.clear()
    this.#size = 0
    this.#sweep?.[Symbol.dispose]()
    this.#sweep = undefined
    if (this.#leaving.length > 0) this.#closing ??= this.#clock.after(0, () => this.#closeLot())
  }

  [Symbol.dispose](): void {
    this.renew()
    this.#closing?.[Symbol.dispose]()
    for (const socket of this.#leaving.splice(0)) socket.close()
  }

  /** Any of the idle ones; the last takes its place. */
  #draw(endpoint: Endpoint): PooledUdp | undefined {
    const idle = this.#idle.get(endpoint)
    if (idle === undefined) return undefined
    for (let left = idle.length; left > 0; left--) {
      const at = this.#random.below(left)
      const drawn = idle[at] as PooledUdp
      const last = idle.pop() as PooledUdp
      if (last !== drawn) idle[at] = last
      this.#size--
      if (this.#isUsable(drawn)) return drawn
      drawn.close()
    }
    return undefined
  }

  #isUsable({ network, uses, openedAt }: PooledUdp): boolean {
    return network === this.#network && uses < MAX_USES && this.#clock.now() - openedAt < MAX_AGE
  }

  /** It heard something, or failed, while idle: closed. */
  #drop(socket: PooledUdp): void {
    const idle = this.#idle.get(socket.endpoint) ?? []
    const at = idle.indexOf(socket)
    if (at >= 0) {
      idle.splice(at, 1)
      this.#size--
    }
    socket.close()
  }

  #closeLot(): void {
    for (const socket of this.#leaving.splice(-LOT)) socket.close()
    this.#closing = this.#leaving.length > 0 ? this.#clock.after(0, () => this.#closeLot()) : undefined
  }

  /** Closes what is too old; runs only while sockets are idle. */
  #onSweep(): void {
    this.#sweep = undefined
    for (const [endpoint, idle] of this.#idle) {
      const kept = idle.filter((socket) => this.#isUsable(socket))
      for (const socket of idle) if (!this.#isUsable(socket)) socket.close()
      this.#size -= idle.length - kept.length
      if (kept.length > 0) this.#idle.set(endpoint, kept)
      else this.#idle.delete(endpoint)
    }
    if (this.#size > 0) this.#sweep = this.#clock.after(MAX_AGE, () => this.#onSweep())
  }
}
