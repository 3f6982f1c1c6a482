import type { ControlEvents } from './types.ts'

/** Those who are told when something has changed. */
export class EventSubscribers {
  readonly #subscribers = new Set<Partial<ControlEvents>>()

  subscribe(events: Partial<ControlEvents>): Disposable {
    this.#subscribers.add(events)
    return { [Symbol.dispose]: () => void this.#subscribers.delete(events) }
  }

  tell(event: keyof ControlEvents): void {
    for (const subscriber of this.#subscribers) subscriber[event]?.()
  }
}
