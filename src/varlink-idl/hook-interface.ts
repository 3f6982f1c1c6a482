import type { Interface } from './idl.ts'
import { int, list, method, object, optional, stream, string, struct } from './idl.ts'
import { ResourceKey } from './shared-types.ts'

const HookQuestion = struct('Question', { key: ResourceKey })
/** `raw`: one record in wire form, base64; `rr` says the same for people and is not read. */
const HookAnswer = struct('Answer', { rr: optional(object), raw: string })

const methods = {
  QueryFilter: stream(
    'Tells which names are worth asking for, now and whenever that changes.',
    {},
    { filterDomains: optional(list(string)), filterLabelsMin: optional(int), filterLabelsMax: optional(int) },
  ),
  ResolveRecord: method(
    'Finds records of names that the hook answers for; a reply without `rcode` leaves the question to others.',
    { question: list(HookQuestion) },
    { rcode: optional(int), answer: optional(list(HookAnswer)) },
  ),
}

/** What other programs offer to answer names before servers are asked; the resolver is the client (hooks.md). */
export const HOOK_INTERFACE: Interface<typeof methods> = {
  name: 'io.systemd.Resolve.Hook',
  comment: 'Answers names before DNS servers are asked.',
  types: [ResourceKey, HookQuestion, HookAnswer],
  methods,
  errors: {},
}
