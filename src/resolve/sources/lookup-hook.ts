import type { Name, Question, ResourceRecord } from '../../wire/index.ts'

/** What a hook says of a name (H-RR-3): NOERROR without records is NODATA. */
export interface HookReply {
  readonly rcode: number
  readonly records: readonly ResourceRecord[]
}

/** A program that answers names before servers are asked. */
export interface LookupHook {
  /** For people: that of its socket. */
  readonly name: string
  /** It gave no reply in time, and is not asked for a while. */
  readonly isLeftOut: boolean
  /** Undefined where it leaves the name to others, or is of no use. @throws only the signal's reason */
  ask(questions: readonly Question[], signal: AbortSignal): Promise<HookReply | undefined>
}

/** The hooks of this machine. */
export interface LookupHooks {
  /** Those that take the name, in the order of their names; what they say of it may change without notice. */
  taking(name: Name): readonly LookupHook[]
}

export const NO_HOOKS: LookupHooks = { taking: () => [] }
