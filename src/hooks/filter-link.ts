import { type Clock, type Log, type Millis, printable, reasonOf, sleep } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import { HookConnection, HookError } from './connection.ts'
import { EVERY_NAME, passes, readFilter } from './filter.ts'

/** Pauses before the filter is asked for again: a socket is there before anybody listens, and programs restart. */
const FIRST_PAUSE: Millis = 20
const LONGEST_PAUSE: Millis = 30_000
/** Nobody listens at the socket: not yet, or not any more (H-DIR-3). */
const NOBODY: ReadonlySet<unknown> = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EAGAIN', 'EPIPE'])

export interface FilterLinkServices {
  readonly clock: Clock
  readonly log: Log
  /** It takes other names from now on. */
  readonly onChange: () => void
}

/**
 * Which names a hook takes, as it says itself over a connection that stays open (H-FIL-1). Until it has said something it
 * takes every name; after a disconnect what it said last holds until it is back, and where nobody listens it takes none.
 */
export class FilterLink {
  readonly #name: string
  readonly #path: string
  readonly #services: FilterLinkServices
  #filter = EVERY_NAME
  #isReachable = true
  #pause = FIRST_PAUSE

  /** @param name of the hook, for the log */
  constructor(name: string, path: string, services: FilterLinkServices) {
    this.#name = name
    this.#path = path
    this.#services = services
  }

  takes(name: Name): boolean {
    return this.#isReachable && passes(this.#filter, name)
  }

  get isReachable(): boolean {
    return this.#isReachable
  }

  /** Nobody listened at the socket: it takes no name until `follow` finds somebody. */
  lose(): void {
    this.#set(this.#filter, false)
  }

  /** Follows what the hook says for as long as it says something. @throws the signal's reason */
  async follow(signal: AbortSignal): Promise<void> {
    while (await this.#followOnce(signal)) {
      await sleep(this.#services.clock, this.#pause, signal)
      this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE)
    }
  }

  /** Whether to connect again. */
  async #followOnce(signal: AbortSignal): Promise<boolean> {
    try {
      using connection = await HookConnection.open(this.#path, signal)
      this.#set(this.#filter, true)
      await connection.follow('QueryFilter', signal, (parameters) => {
        this.#pause = FIRST_PAUSE
        this.#set(readFilter(parameters) ?? EVERY_NAME, true)
      })
      this.#set(EVERY_NAME, true) // the last reply came: from now on there is no filter (H-FIL-3)
      return false
    } catch (error) {
      signal.throwIfAborted()
      return this.#goesOnAfter(error as NodeJS.ErrnoException)
    }
  }

  #goesOnAfter(error: NodeJS.ErrnoException): boolean {
    if (error instanceof HookError)
      this.#set(EVERY_NAME, true) // it has no filter
    else if (NOBODY.has(error.code)) this.lose()
    else if (error.code !== undefined) {
      const advice = error.code === 'EACCES' ? '; give the user that tsresolved runs as access to it' : ''
      this.#services.log.warning(`Hook ${this.#name} is not used: ${printable(reasonOf(error))}${advice}`)
      this.lose()
      return false
    }
    return !(error instanceof HookError)
  }

  #set(filter: typeof EVERY_NAME, isReachable: boolean): void {
    if (filter === this.#filter && isReachable === this.#isReachable) return
    this.#filter = filter
    this.#isReachable = isReachable
    this.#services.onChange()
  }
}

/** Whether a call failed because nobody listens at the socket. */
export function isNobody(error: Error): boolean {
  return NOBODY.has((error as NodeJS.ErrnoException).code)
}
