import { bool, int, list, optional, string, struct } from './idl.ts'
import { ResourceKey } from './shared-types.ts'

/** Times in microseconds, as in all interfaces of this service; wall-clock ones since 1970. */
export const Attempt = struct('Attempt', {
  server: string,
  transport: string,
  type: int,
  payload: optional(int),
  bytes: optional(int),
  tookUSec: int,
  result: string,
})

/** How a scope scored for the name, and by which rule of routing; those that `won` were asked. */
/** A scope with what it would answer from, and why it cannot be asked (`obstacle`). */
export const ScopeVerdict = struct('ScopeVerdict', {
  scope: string,
  ifindex: optional(int),
  score: int,
  rule: string,
  won: bool,
})

/** Where an answer comes from: source, scope and server, and what was tried on the way. `learntUSec`: when it was fetched. */
export const Provenance = struct('Provenance', {
  source: string,
  scope: optional(string),
  ifindex: optional(int),
  server: optional(string),
  transport: optional(string),
  learntUSec: optional(int),
  tookUSec: int,
  attempts: list(Attempt),
  scopes: list(ScopeVerdict),
})

/** The error that io.systemd.Resolve would have given, and a sentence for people. */
export const Failure = struct('Failure', { error: string, message: string, rcode: optional(int) })

/** One source of answers in the order they are consulted, and what it says of the name. */
export const Step = struct('Step', { source: string, verdict: string, detail: string })

/** What a scope has cached for a question; only `key` where it has nothing. `under`: the key it is cached by. */
export const Remembered = struct('Remembered', {
  key: ResourceKey,
  kind: optional(string),
  under: optional(ResourceKey),
  ageUSec: optional(int),
  remainingUSec: optional(int),
  server: optional(string),
  transport: optional(string),
  learntUSec: optional(int),
  olderThanChange: optional(bool),
})

/** A server with its counters since the start; `patienceUSec`: how long an answer is waited for. */
export const Server = struct('Server', {
  server: string,
  current: bool,
  trusted: bool,
  roundTripUSec: optional(int),
  patienceUSec: int,
  edns: bool,
  sent: int,
  answers: int,
  silences: int,
  errors: int,
  truncated: int,
  invalid: int,
  doubts: list(string),
})

export const Scope = struct('Scope', {
  scope: string,
  ifindex: optional(int),
  score: int,
  rule: string,
  won: bool,
  obstacle: optional(string),
  names: list(string),
  cache: list(Remembered),
  servers: list(Server),
})

/** What `Provenance` needs to be described. */
export const PROVENANCE_TYPES = [Attempt, ScopeVerdict, Provenance, Failure] as const
export const EXPLANATION_TYPES = [Step, Remembered, Server, Scope] as const
