import { printable, reasonOf, sharedAbort, type Tasks } from '../base/index.ts'
import type { HookReply, LookupHook } from '../resolve/index.ts'
import type { Name, Question } from '../wire/index.ts'
import { HookError } from './connection.ts'
import { HookConnections } from './connections.ts'
import { FilterLink, type FilterLinkServices, isNobody } from './filter-link.ts'
import { readReply } from './reply.ts'
import { PATIENCE, Silences } from './silences.ts'

/** A socket in the folder of hooks. */
export interface HookSocket {
  /** Of the file, such as `io.systemd.Network`. Hooks are consulted in the order of their names (H-WIN-3). */
  readonly name: string
  readonly path: string
  /** Another one under the same name is another hook. */
  readonly inode: bigint
}

export interface HookServices extends FilterLinkServices {
  readonly tasks: Tasks
}

/** It did not reply in time. */
class Silence extends Error {
  override readonly name = 'Silence'
}

/**
 * Another program that answers names: followed for its filter, and asked for names that pass it. Whatever it does wrong is
 * a line in the log and leaves the name to others (H-RR-4, H-RR-6).
 */
export class Hook implements LookupHook, Disposable {
  readonly name: string
  readonly #socket: HookSocket
  readonly #services: HookServices
  /** Aborts when the socket is gone. */
  readonly #abort = sharedAbort()
  readonly #connections: HookConnections
  readonly #filter: FilterLink
  readonly #silences = new Silences()
  #lastFault = ''

  constructor(socket: HookSocket, services: HookServices) {
    this.name = printable(socket.name)
    this.#socket = socket
    this.#services = services
    this.#connections = new HookConnections(socket.path)
    this.#filter = new FilterLink(this.name, socket.path, services)
    this.#follow()
  }

  [Symbol.dispose](): void {
    this.#abort.abort(new Error('the hook is gone'))
    this.#connections[Symbol.dispose]()
  }

  isAt({ path, inode }: HookSocket): boolean {
    return path === this.#socket.path && inode === this.#socket.inode
  }

  /** False where nobody listens, as far as is known. */
  get isReachable(): boolean {
    return this.#filter.isReachable
  }

  takes(name: Name): boolean {
    return this.#filter.takes(name)
  }

  get isLeftOut(): boolean {
    return this.#silences.isLeftOut(this.#services.clock.now())
  }

  async ask(questions: readonly Question[], signal: AbortSignal): Promise<HookReply | undefined> {
    if (this.isLeftOut) return undefined
    const call = sharedAbort()
    using _patience = this.#services.clock.after(PATIENCE, () => call.abort(new Silence('gave no reply in time')))
    const onAbort = () => call.abort(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    this.#silences.begin()
    let hasReplied = false
    try {
      const question = questions.map((key) => ({ key: { class: key.class, type: key.type, name: key.name } }))
      const found = await this.#connections.use(call.signal, (connection) => {
        return connection.call('ResolveRecord', { question }, call.signal)
      })
      hasReplied = true
      const reply = readReply(found)
      this.#lastFault = ''
      return reply
    } catch (error) {
      signal.throwIfAborted()
      hasReplied ||= error instanceof HookError
      this.#onFault((call.signal.aborted ? call.signal.reason : error) as Error)
      return undefined
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#silences.end(hasReplied)
    }
  }

  #onFault(error: Error): void {
    if (isNobody(error)) return this.#lose()
    if (error instanceof Silence) this.#silences.note(this.#services.clock.now())
    const fault = `Hook ${this.name} is of no use, its names are left to others: ${printable(reasonOf(error))}`
    if (fault !== this.#lastFault) this.#services.log.notice(fault) // once for each kind of fault in a row
    this.#lastFault = fault
  }

  /** Nobody listens any more: others may, later. */
  #lose(): void {
    if (!this.#filter.isReachable) return
    this.#filter.lose()
    this.#follow()
  }

  #follow(): void {
    this.#services.tasks.run(async (closing) => {
      const signal = AbortSignal.any([closing, this.#abort.signal])
      try {
        await this.#filter.follow(signal)
      } catch (error) {
        if (!signal.aborted) throw error
      }
    })
  }
}
