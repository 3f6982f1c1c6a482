import { type Millis, TransientMap } from '../base/index.ts'
import type { Libc } from './libc.ts'
import type { TurnWatch } from './turn-watch.ts'

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
/** Events of one round. */
const MAX_EVENTS = 8
/** How long there are more rounds before the rest of the daemon has its turn. */
const MAX_TIME: Millis = 1

/** Called with the EPOLL* bits that are set; again and again while they are (level-triggered). */
export type OnReady = (bits: number) => void

/** A descriptor being watched. */
export interface Watched {
  readonly fd: number
  /** Unlike descriptors never used twice: a late event for a closed descriptor finds no receiver. */
  readonly key: number
}

/**
 * Many descriptors behind one that libuv watches. Creating and closing a Node socket costs more CPU time than all the rest
 * of a short conversation, such as one UDP question or one varlink call.
 */
export class Epoll implements Disposable {
  readonly #libc: Libc
  readonly #fd: number
  /** What the events are, for people. */
  readonly #label: string
  readonly #turnWatch: TurnWatch | undefined
  readonly #poll: { close(): void; ref(): void; unref(): void }
  readonly #watched = new TransientMap<number, { readonly fd: number; readonly onReady: OnReady }>()
  readonly #events = new Uint32Array(EVENT_WORDS * MAX_EVENTS)
  readonly #event = new Uint32Array(EVENT_WORDS)
  #lastKey = 0
  /** When the rounds are over. */
  #end: Millis = 0
  #isBehind = false
  #isRetired = false
  #isClosed = false

  constructor(libc: Libc, label: string, turnWatch?: TurnWatch) {
    this.#libc = libc
    this.#label = label
    this.#turnWatch = turnWatch
    this.#fd = libc.call('epoll_create1', EPOLL_CLOEXEC)
    this.#poll = libc.koffi.node.poll(this.#fd, { readable: true }, () => this.#onReadable())
    this.#poll.unref() // an empty set must not keep the process running
  }

  /** When the time was over there were events left: they come in the next turn of the event loop. */
  get isBehind(): boolean {
    return this.#isBehind && this.#watched.size > 0
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

  /** Closes the descriptor, which also takes it out of the kernel's set. True the first time; no event follows. */
  close({ fd, key }: Watched): boolean {
    if (!this.#watched.delete(key)) return false
    this.#libc.call('close', fd)
    if (this.#watched.size > 0) return true
    if (this.#isRetired) this[Symbol.dispose]()
    else if (!this.#isClosed) this.#poll.unref()
    return true
  }

  /** Disposes of itself once nothing is watched any more. */
  retire(): void {
    this.#isRetired = true
    if (this.#watched.size === 0) this[Symbol.dispose]()
  }

  /** Closes everything that is watched; no event follows. */
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

  /** Goes on for `MAX_TIME`: what follows an event is often there by then, and libuv's turn costs more. */
  #onReadable(): void {
    this.#end = performance.now() + MAX_TIME
    this.#round()
  }

  /** Some events, and when everything that they began has come to its first wait the next ones. */
  #round(): void {
    if (this.#isClosed) return
    const count = this.#libc.function('epoll_wait')(this.#fd, this.#events, MAX_EVENTS, 0)
    this.#isBehind = count === MAX_EVENTS
    if (count <= 0) return
    queueMicrotask(() => process.nextTick(() => this.#goOn()))
    for (let at = 0; at < count * EVENT_WORDS; at += EVENT_WORDS) {
      this.#watched.get(this.#events[at + KEY] as number)?.onReady(this.#events[at] as number)
    }
  }

  #goOn(): void {
    this.#turnWatch?.partOver(this.#label)
    if (performance.now() < this.#end) this.#round()
  }
}
