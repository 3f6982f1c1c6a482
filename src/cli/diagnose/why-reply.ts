import type { EXPLAIN_INTERFACE, Reply } from '../../varlink-idl/index.ts'

/** What the daemon says of a name. Times in microseconds. */
export type Why = Reply<typeof EXPLAIN_INTERFACE, 'Why'>
export type Server = Why['scopes'][number]['servers'][number]
