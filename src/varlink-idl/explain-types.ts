import { bool, int, list, optional, string, struct } from './idl.ts'
import { ResourceKey } from './shared-types.ts'

/** Times in microseconds, as in all interfaces of this service; wall-clock ones since 1970. */
export const Attempt = struct('Attempt', { server: string, transport: string, tookUSec: int, result: string })

export const ScopeVerdict = struct('ScopeVerdict', {
  scope: string,
  ifindex: optional(int),
  score: int,
  rule: string,
  won: bool,
})

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

export const Failure = struct('Failure', { error: string, message: string, rcode: optional(int) })

export const Step = struct('Step', { source: string, verdict: string, detail: string })

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
