import type { Millis } from '../../base/index.ts'
import type { Answer } from '../../scope/index.ts'
import type { ExplainedScope, SourceName } from '../explained.ts'
import type { Query } from '../query.ts'

/** What a source is told beside the query. */
export interface Asking {
  /** When the whole query is given up. */
  readonly deadline: Millis
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** What a source would do with a query. */
export interface SourceView {
  /** It has an answer, or would get one. */
  readonly decides: boolean
  /** For people. */
  readonly detail: string
  /** How the scopes take the name. */
  readonly scopes?: readonly ExplainedScope[]
}

/** One of the places an answer may come from. Their order is in `order.ts` (R-ORDER-1). */
export interface AnswerSource {
  readonly name: SourceName
  /** It is consulted only where those before it had nothing or failed, and its answer replaces the failure (R-ORDER-3). */
  readonly standsBy: boolean
  /** Why settings or the query leave it out; undefined where they do not. */
  off(query: Query): string | undefined
  /** Undefined where it has nothing for the name. A promise only where it has to wait. */
  ask(query: Query, asking: Asking): Answer | undefined | Promise<Answer | undefined>
  /** What `ask` would do now, from live state: nothing is asked, counted or changed by looking. Undefined: not worth telling. */
  explain(query: Query): SourceView | undefined | Promise<SourceView | undefined>
}

/** Of sources that the query's flags or class leave out. */
export const UNWANTED = 'not wanted by the question'
