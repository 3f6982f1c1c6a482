import type { VerbRun } from './context.ts'

/** One verb: how it is written, what help says, how many words it takes, and where its code is. */
export interface Verb {
  readonly name: string
  /** Its arguments, as help shows them. */
  readonly usage: string
  readonly help: string
  readonly least: number
  readonly most: number
  readonly completes: Completes
  /** The code is loaded when the verb is used, so that others start without it. */
  load(): Promise<VerbRun>
}

/** What shells offer for the words of a verb. */
export interface Completes {
  /** Whether links stand first, everywhere or nowhere. */
  readonly links: 'none' | 'first' | 'each'
  /** For the word after the link, or for the first. */
  readonly words: readonly string[]
}
