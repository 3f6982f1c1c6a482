import { TransientMap } from '../base/index.ts'
import type { Libc } from './libc.ts'

/** Bits of epoll(7). EPOLLHUP and EPOLLERR are told whether asked for or not. */
export const EPOLLIN = 1
export const EPOLLOUT = 4
export const EPOLLERR = 8
export const EPOLLHUP = 16

const EPOLL_CLOEXEC = 0o2000000
const EPOLL_CTL_ADD = 1
const EPOLL_CTL_MOD = 3
/** struct epoll_event is packed on x86 alone: here in words of 32 bits, the bits first, then what is ours to choose. */
const IS_PACKED = process.arch === 'x64' || process.arch === 'ia32'
const EVENT_WORDS = IS_PACKED ? 3 : 4
const KEY = IS_PACKED ? 1 : 2
const MAX_EVENTS = 64
/** Rounds of events before the rest of the daemon has its turn. */
const MAX_ROUNDS = 16

/** Told of what happened, in bits; again and again until it is dealt with. */
export type OnReady = (bits: number) => void

/** A descriptor being watched. */
export interface Watched {
  readonly fd: number
  /** Never used twice, as descriptors are: an event that is late reaches nobody. */
  readonly key: number
}

/**
 * Many descriptors behind one that libuv watches. What Node sets up and takes down around each socket of its own costs
 * more than all the rest of a short conversation: 35 of 65 µs of CPU for a UDP question; on a slower machine 300 of 380
 * for a varlink call, its answer aside.
 */
export class Epoll implements Disposable {
  readonly #libc: Libc
  readonly #fd: number
  readonly #poll: { close(): void; ref(): void; unref(): void }
  readonly #watched = new TransientMap<number, { readonly fd: number; readonly onReady: OnReady }>()
  readonly #events = new Uint32Array(EVENT_WORDS * MAX_EVENTS)
  readonly #event = new Uint32Array(EVENT_WORDS)
  #lastKey = 0
  #isRetired = false
  #isClosed = false

  constructor(libc: Libc) {
    this.#libc = libc
    this.#fd = libc.call('epoll_create1', EPOLL_CLOEXEC)
    this.#poll = libc.koffi.node.poll(this.#fd, { readable: true }, () => this.#onReadable())
    this.#poll.unref() // only what is watched is a reason to go on living
  }

  /** Takes over the descriptor. @throws {SysError}; it is still the caller's then */
  add(fd: number, interest: number, onReady: OnReady): Watched {
    const key = this.#nextKey()
    this.#control(EPOLL_CTL_ADD, fd, key, interest)
    if (this.#watched.size === 0) this.#poll.ref()
    this.#watched.set(key, { fd, onReady })
    return { fd, key }
  }

  has({ key }: Watched): boolean {
    return this.#watched.has(key)
  }

  /** @throws {SysError} */
  change({ fd, key }: Watched, interest: number): void {
    this.#control(EPOLL_CTL_MOD, fd, key, interest)
  }

  /** True the first time: nothing is told of it any more. Closing takes it out of the kernel's set too. */
  close({ fd, key }: Watched): boolean {
    if (!this.#watched.delete(key)) return false
    this.#libc.call('close', fd)
    if (this.#watched.size > 0) return true
    if (this.#isRetired) this[Symbol.dispose]()
    else if (!this.#isClosed) this.#poll.unref()
    return true
  }

  /** Ends once nothing is watched any more. */
  retire(): void {
    this.#isRetired = true
    if (this.#watched.size === 0) this[Symbol.dispose]()
  }

  /** Closes all that is watched without a word. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const [key, { fd }] of this.#watched.entries()) this.close({ fd, key })
    this.#poll.close()
    this.#libc.call('close', this.#fd)
  }

  #control(operation: number, fd: number, key: number, interest: number): void {
    this.#event[0] = interest
    this.#event[KEY] = key
    this.#libc.call('epoll_ctl', this.#fd, operation, fd, this.#event)
  }

  #nextKey(): number {
    do this.#lastKey = (this.#lastKey + 1) >>> 0
    while (this.#watched.has(this.#lastKey))
    return this.#lastKey
  }

  /** Looks again at once, as what follows on an event is often there by then: that is cheaper than a turn of libuv. */
  #onReadable(): void {
    const wait = this.#libc.function('epoll_wait')
    for (let round = 0; round < MAX_ROUNDS && !this.#isClosed; round++) {
      const count = wait(this.#fd, this.#events, MAX_EVENTS, 0)
      if (count <= 0) return
      for (let at = 0; at < count * EVENT_WORDS; at += EVENT_WORDS) {
        this.#watched.get(this.#events[at + KEY] as number)?.onReady(this.#events[at] as number)
      }
    }
  }
}
