import type { IpAddress } from '../../src/base/index.ts'
import type { LinkStream, LinkStreamEvents } from '../../src/multicast/index.ts'

export type OnFakeConnection = (stream: LinkStream, from: IpAddress) => LinkStreamEvents

/** TCP on one wire, at one port: who is not there is silent, who does not listen refuses. All happens after the call that causes it. */
export class FakeStreams {
  /** Every attempt, in order. */
  readonly attempts: { readonly from: IpAddress; readonly to: IpAddress }[] = []
  readonly #listeners = new Map<string, OnFakeConnection>()

  listen(address: IpAddress, onConnection: OnFakeConnection): Disposable {
    this.#listeners.set(address.text, onConnection)
    return { [Symbol.dispose]: () => void this.#listeners.delete(address.text) }
  }

  /** @param isThere whether a machine has the address */
  connect(from: IpAddress, to: IpAddress, events: LinkStreamEvents, isThere: boolean): LinkStream {
    this.attempts.push({ from, to })
    const near = new End(events)
    if (isThere) queueMicrotask(() => this.#reach(near, from, to))
    return near
  }

  #reach(near: End, from: IpAddress, to: IpAddress): void {
    const onConnection = this.#listeners.get(to.text)
    if (onConnection === undefined) return near.fail(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
    const far = new End()
    near.other = far
    far.other = near
    far.events = onConnection(far, from)
    near.open()
  }
}

class End implements LinkStream {
  other: End | undefined
  events: LinkStreamEvents | undefined
  #isClosed = false

  constructor(events?: LinkStreamEvents) {
    this.events = events
  }

  write(bytes: Buffer): void {
    const copy = Buffer.from(bytes)
    queueMicrotask(() => this.other?.take(copy))
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    queueMicrotask(() => this.other?.fail(undefined))
  }

  take(bytes: Buffer): void {
    if (!this.#isClosed) this.events?.onData(bytes)
  }

  open(): void {
    if (!this.#isClosed) this.events?.onOpen()
  }

  fail(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.events?.onClose(error)
  }
}
