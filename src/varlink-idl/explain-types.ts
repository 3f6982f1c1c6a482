import { bool, int, list, optional, string, struct } from './idl.ts'
import { Encryption, ResourceKey } from './shared-types.ts'

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
export const ScopeVerdict = struct('ScopeVerdict', {
  scope: string,
  ifindex: optional(int),
  /** 0 for a scope that declines; else as scores are ordered in R-ROUTE-1. */
  score: int,
  /** A sentence: which rule of R-ROUTE-6 gave the score. */
  rule: string,
  won: bool,
})

/**
 * Where an answer comes from: source, scope and server, and what was tried on the way. `learntUSec`: when it was
 * fetched.
 */
export const Provenance = struct('Provenance', {
  /** A name of `SourceName` (`resolve/explained.ts`); `scope` and `server` are there when a server gave it. */
  source: string,
  scope: optional(string),
  ifindex: optional(int),
  server: optional(string),
  transport: optional(string),
  learntUSec: optional(int),
  /** Of this lookup; of an answer from a cache it says nothing about the server. */
  tookUSec: int,
  /** Messages to servers in the order they were sent, failed ones included; empty when nothing was sent. */
  attempts: list(Attempt),
  scopes: list(ScopeVerdict),
})

/** The error that io.systemd.Resolve would have given, and a sentence for people. */
/** `dnssecResult`: why validation failed, in the words of `io.systemd.Resolve`. */
export const Failure = struct('Failure', {
  error: string,
  message: string,
  rcode: optional(int),
  dnssecResult: optional(string),
})

/** One source of answers in the order they are consulted, and what it says of the name. */
export const Step = struct('Step', { source: string, verdict: string, detail: string })

/** What a scope has cached for a question; only `key` where it has nothing. `under`: the key it is cached by. */
export const Remembered = struct('Remembered', {
  key: ResourceKey,
  /** As `CacheRow.kind`, in `cache`. */
  kind: optional(string),
  under: optional(ResourceKey),
  ageUSec: optional(int),
  remainingUSec: optional(int),
  server: optional(string),
  transport: optional(string),
  learntUSec: optional(int),
  /** It was learnt before settings or links changed last (`changedUSec` of Why). */
  olderThanChange: optional(bool),
})

/** A server with its counters since the start; `patienceUSec`: how long an answer is waited for. */
export const Server = struct('Server', {
  server: string,
  current: bool,
  /** False while it owes an answer: others are asked before it. */
  trusted: bool,
  /** Smoothed; left out until it has answered once. */
  roundTripUSec: optional(int),
  patienceUSec: int,
  edns: bool,
  sent: int,
  answers: int,
  /** Messages that were not answered in time. */
  silences: int,
  /** Replies that are no answer, such as SERVFAIL and REFUSED. */
  errors: int,
  truncated: int,
  invalid: int,
  mismatches: int,
  guesses: int,
  encryption: optional(Encryption),
  /** What it designates for encrypted DNS, in words; left out where it is not asked that. */
  discovery: optional(string),
  /** Sentences for people; empty when nothing is wrong. */
  doubts: list(string),
})

/** `ScopeVerdict`, with what the scope would answer from, and why it cannot be asked (`obstacle`). */
export const Scope = struct('Scope', {
  scope: string,
  ifindex: optional(int),
  score: int,
  rule: string,
  won: bool,
  obstacle: optional(string),
  /** What it would be asked: the name itself, or with each search domain. */
  names: list(string),
  cache: list(Remembered),
  servers: list(Server),
})

/** A key that an anchor, DS or DNSKEY record names; `entryPoint` of a DNSKEY record. */
export const TrustKey = struct('TrustKey', {
  tag: int,
  algorithm: int,
  digestType: optional(int),
  entryPoint: optional(bool),
})

export const TrustAnchor = struct('TrustAnchor', { name: string, keys: list(TrustKey) })

/** One verified set of a chain, the zone and key that signed it, and until when that holds. */
export const TrustLink = struct('TrustLink', {
  name: string,
  type: int,
  zone: string,
  keyTag: int,
  algorithm: int,
  ttlUSec: int,
  inceptionUSec: int,
  expirationUSec: int,
  keys: list(TrustKey),
})

/** A chain of trust from its anchor down. `verdict`: secure, insecure or failure; `reason` names what is missing or broken. */
export const Trust = struct('Trust', {
  scope: string,
  ifindex: optional(int),
  key: ResourceKey,
  verdict: string,
  result: optional(string),
  reason: optional(string),
  anchor: optional(TrustAnchor),
  links: list(TrustLink),
})

/** What `Provenance` needs to be described. */
export const PROVENANCE_TYPES = [Attempt, ScopeVerdict, Provenance, Failure] as const
export const EXPLANATION_TYPES = [
  Step,
  Remembered,
  Encryption,
  Server,
  Scope,
  TrustKey,
  TrustAnchor,
  TrustLink,
  Trust,
] as const
