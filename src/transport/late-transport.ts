import { reasonOf } from '../base/index.ts'
import { type OutgoingQuery, type Settle, TransportError } from '../upstream/index.ts'
import type { ChannelTransport } from './channel-transport.ts'

interface Held {
  readonly query: OutgoingQuery
  readonly settle: Settle
  takeBack: (() => void) | undefined
}

/**
 * A transport that is made when its first message is expected or comes, so that what it needs costs nothing before.
 * Messages wait for it; where it cannot be made they fail, and the next message tries anew.
 */
export class LateTransport implements ChannelTransport {
  readonly #make: () => Promise<ChannelTransport>
  readonly #held = new Set<Held>()
  #transport: ChannelTransport | undefined
  #isMaking = false
  /** As `prepare` was told; undefined before that. */
  #expected: 'any' | 'verified' | undefined
  #isClosed = false

  /** `make` may throw {TransportError} to say what the messages fail with. */
  constructor(make: () => Promise<ChannelTransport>) {
    this.#make = make
  }

  exchange(query: OutgoingQuery, settle: Settle): () => void {
    if (this.#transport !== undefined) return this.#transport.exchange(query, settle)
    const held: Held = { query, settle, takeBack: undefined }
    this.#held.add(held)
    if (!this.#isMaking) void this.#begin()
    return () => {
      this.#held.delete(held)
      held.takeBack?.()
    }
  }

  prepare(isVerified: boolean): void {
    if (this.#transport !== undefined) return this.#transport.prepare?.(isVerified)
    if (this.#expected !== 'verified') this.#expected = isVerified ? 'verified' : 'any'
    if (!this.#isMaking) void this.#begin()
  }

  renew(): void {
    this.#transport?.renew()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#fail(new TransportError('io', 'the transport is closed'))
    await this.#transport?.[Symbol.asyncDispose]()
  }

  async #begin(): Promise<void> {
    this.#isMaking = true
    const made = await this.#result()
    this.#isMaking = false // a message that comes while the others are told of a failure tries anew
    if (made instanceof TransportError) return this.#fail(made)
    if (this.#isClosed) return await made[Symbol.asyncDispose]()
    this.#transport = made
    if (this.#expected !== undefined) made.prepare?.(this.#expected === 'verified')
    for (const held of this.#release()) held.takeBack = made.exchange(held.query, held.settle)
  }

  async #result(): Promise<ChannelTransport | TransportError> {
    if (this.#isClosed) return new TransportError('io', 'the transport is closed')
    try {
      return await this.#make()
    } catch (error) {
      return error instanceof TransportError ? error : new TransportError('io', reasonOf(error), error)
    }
  }

  #fail(reason: TransportError): void {
    for (const { settle } of this.#release()) settle(reason)
  }

  #release(): Held[] {
    const held = [...this.#held]
    this.#held.clear()
    return held
  }
}
