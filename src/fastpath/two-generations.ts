/**
 * A bounded memory without a list to keep per use: what is new goes into `recent`; when that is full it becomes
 * `previous`, and what was there is dropped. The owner copies what it finds in `previous` back to `recent`, so that
 * whatever was used since the last rotation survives the next. Holds at most twice what the owner lets `recent` grow to.
 */
export class TwoGenerations<T> {
  readonly #create: () => T
  recent: T
  previous: T

  constructor(create: () => T) {
    this.#create = create
    this.recent = create()
    this.previous = create()
  }

  rotate(): void {
    this.previous = this.recent
    this.recent = this.#create()
  }

  clear(): void {
    this.recent = this.#create()
    this.previous = this.#create()
  }
}
