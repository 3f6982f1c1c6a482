/** One way that bytes of others come in, with all that is done to them before they are answered or dropped. */
export interface Target {
  /** That of its file and of its corpus. */
  readonly name: string
  /** Bytes an input may have. */
  readonly maxLength: number
  /** Ordinary input, from which all other is made. */
  seeds(): readonly Buffer[]
  /** Throws where anything is wrong with what came of the input; errors that are part of the contract it catches. */
  run(input: Buffer): void | Promise<void>
  /** What an input may cost beyond what holds for all (`limits.ts`), and for what. */
  readonly allowance?: Partial<Cost & { readonly timePerBlock: number }>
}

/** What one input cost. */
export interface Cost {
  /** Milliseconds. */
  readonly time: number
  /** Bytes that were allocated, on V8's heap and beside it. */
  readonly memory: number
}

type ErrorClass = abstract new (...parts: never[]) => Error

/** What `work` returns; undefined when it throws one of the errors that its contract names. */
export function unless<T>(errors: ErrorClass | readonly ErrorClass[], work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if ([errors].flat().some((each) => error instanceof each)) return undefined
    throw error
  }
}

/** A property that holds for every input. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`)
}
