import type { Finding } from './engine.ts'
import type { Bundle } from './instrument.ts'

/** What a worker is started with. */
export interface Order {
  readonly name: string
  readonly instrumented: string
  readonly plain: string
  readonly bundle: Bundle
  readonly seed: number
  readonly seconds: number
  readonly inputs: readonly Uint8Array[]
  /** Four numbers, see `SHARED`, and the input that is being run. */
  readonly shared: SharedArrayBuffer
}

export type Report =
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'done'; readonly kept: readonly Uint8Array[]; readonly corpus: readonly Uint8Array[] }

/** Where the numbers are that the worker tells of itself. */
export const SHARED = { executions: 0, length: 1, features: 2, corpus: 3, size: 16 } as const
