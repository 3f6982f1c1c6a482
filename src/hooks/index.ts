/**
 * Other programs of this machine that answer names before servers are asked (lookup hooks, hooks.md): which names each
 * takes, and what it says of one. In come the sockets that `files` finds and questions of `resolve`, whose interface
 * `LookupHooks` this room implements; out go replies as records. Which reply wins is decided in `resolve/sources/hooks.ts`.
 */
export type { HookSocket } from './hook.ts'
export { Hooks } from './hooks.ts'
