type Closer = () => void | Promise<void>
type Closable = AsyncDisposable | Disposable

/**
 * Owns what was opened, and closes it in reverse order, each thing once. Everything is closed even when a close
 * throws; the first error is thrown at the end. What is adopted after closing began is closed at once.
 */
export class Lifetime implements AsyncDisposable {
  readonly #closers: Closer[] = []
  #closed = false

  /** Takes ownership of `thing` and hands it back. */
  adopt<T extends Closable>(thing: T): T {
    this.defer(() => (Symbol.asyncDispose in thing ? thing[Symbol.asyncDispose]() : thing[Symbol.dispose]()) as void)
    return thing
  }

  /** Runs `closer` when this lifetime ends. */
  defer(closer: Closer): void {
    if (this.#closed) void closer()
    else this.#closers.push(closer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    const errors: unknown[] = []
    for (let closer = this.#closers.pop(); closer !== undefined; closer = this.#closers.pop()) {
      try {
        await closer()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}
