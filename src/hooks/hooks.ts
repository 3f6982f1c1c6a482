import { type Clock, type Dependency, type Log, Tasks, Validity } from '../base/index.ts'
import type { LookupHook, LookupHooks } from '../resolve/index.ts'
import type { Name } from '../wire/index.ts'
import { Hook, type HookSocket } from './hook.ts'

/** More sockets in the folder are a mistake. */
const MAX_HOOKS = 64
const NONE: readonly [] = []

/** The hooks there are, in the order of their names. */
export class Hooks implements LookupHooks, AsyncDisposable {
  readonly #clock: Clock
  readonly #log: Log
  readonly #tasks: Tasks
  readonly #validity = new Validity()
  #hooks: readonly Hook[] = NONE

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
    this.#tasks = new Tasks(log)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.apply(NONE)
    await this.#tasks[Symbol.asyncDispose]()
  }

  /** Current until some hook takes other names than before: answers that were found without it may be others now. */
  get dependency(): Dependency {
    return this.#validity.current
  }

  /** The sockets that are there now. Hooks at those that are gone are closed; one that could not be used is tried again. */
  apply(sockets: readonly HookSocket[]): void {
    const wanted = sockets.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, MAX_HOOKS)
    if (sockets.length > MAX_HOOKS) this.#log.warning(`More than ${MAX_HOOKS} hooks: the last by name are not used`)
    const kept = this.#hooks.filter((hook) => hook.isReachable && wanted.some((socket) => hook.isAt(socket)))
    for (const hook of this.#hooks) if (!kept.includes(hook)) hook[Symbol.dispose]()
    this.#hooks = wanted.map((socket) => kept.find((hook) => hook.isAt(socket)) ?? this.#open(socket))
    this.#validity.invalidate()
  }

  taking(name: Name): readonly LookupHook[] {
    return this.#hooks.length === 0 ? NONE : this.#hooks.filter((hook) => hook.takes(name))
  }

  #open(socket: HookSocket): Hook {
    const onChange = () => this.#validity.invalidate()
    return new Hook(socket, { clock: this.#clock, log: this.#log, tasks: this.#tasks, onChange })
  }
}
