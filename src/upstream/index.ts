/**
 * The servers of one scope: which is asked, by which channel, how often and how long, and what is learnt of each.
 * Requests come in from `scope/` with the time and randomness; out come messages to send and, at last, an `Outcome`.
 * Nothing here waits, opens sockets, reads settings or knows links, routes and caches: `Drive` and `ProbeLoop` carry out
 * what `Transaction` and `Prober` decide, over the `Transport` that `transport/` implements.
 *
 * ## Policy
 *
 * **Order** (`Upstreams`). The order of the configured list is the order of preference. A trusted server is asked before
 * one that is not; within a tier (`ServerTiers=`, none by default) the fastest is first. Every question starts from the top.
 *
 * **Is the server there?** (`Liveness`, one per server) Only silence counts, and an answer to anything ends it.
 *
 *     up ── a message unanswered for its whole patience ──► doubtful ── one sent after that, too ──► out
 *      ▲                                                        │                                    │
 *      └────────────────── anything heard from it ──────────────┴────────────────────────────────────┘
 *
 * ICMP unreachable or "no route" leads to `out` at once. `doubtful` and `out` are asked last. `doubtful` gets one probe at
 * once, `out` gets them after 0.25, 0.5, 1 … 4 s (0.7 s where no server is left), so that one that heals is back within
 * 5 s; 20 s after the last question the pauses begin to grow, to 5 min. A server that gives 3 errors to one type where others
 * had an answer is asked last for that type for 4 s, for all where several types fail (`ErrorsByType`). Without an answer from anybody for 4 s and 8 messages the scope is offline: questions then get 0.6 s.
 *
 * **How long is a server waited for?** (`RoundTrips`) Its patience is 1.5 times the 95th percentile of its last 64 answers,
 * at least 60 ms, at most 1 s; 250 ms before its first answer (`ServerPatienceSec=`). When it is over the next server is
 * asked as well, and the earlier answer still wins if it comes. Asking a second time while the first may still answer is
 * a hedge: 5 % of the questions may (`HedgeBudget`, `HedgePercent=`), so that a healthy network carries hardly any extra messages, and a
 * hedge that was needed is paid back, so that a lossy one is not held up.
 *
 * **How often?** (`RetrySchedule`) At most 24 messages and 4.5 s per question, as stub clients give up after 5 s. Rounds
 * grow by a quarter up to 350 ms; where the server is alive and little gets lost they double up to 1.5 s.
 *
 * **What can it do?** (`Abilities`) Everything, until shown otherwise; what was learnt is tried anew after 5 minutes. Lost
 * packets are never taken for an inability: EDNS is given up when refused in words, or when 20 pairs in a row, sent
 * together, were answered only without it; large payloads likewise. After 3 failed connections one is tried every 4 s.
 *
 * **Does it do DNSSEC?** (`DnssecAbility`, where replies are validated) Yes, until it refuses EDNS or a probe for the keys of
 * the root (`DnssecProbes`) comes back without signatures; a probe is sent when a reply cannot be validated and the server
 * was not seen to do DNSSEC for a minute. It is then left for another, and tried anew after 5 minutes.
 *
 * **Which channel?** (`ServerAttempt`) `Upstream.channels.first`, and `.large` for what was truncated or does not fit.
 *
 * **Is it the server's reply?** (`flawOf`) ID, question, and over UDP what its server has proven to give back (`GuardEvidence`): the
 * drawn letter case, and a cookie (`Cookies`). A reply that lacks that is passed over, and the question goes by TCP: at once,
 * since the server may have changed; after five replies that match nothing, since somebody guesses.
 *
 * **Failures** (`RecentFailures`, RFC 9520). A server is not asked again what it has failed at for 5 s, doubling up to 60 s.
 *
 * **Which reply counts?** (`classify`) An answer, NXDOMAIN or NODATA of any server ends the question. An error goes to the
 * next server, which gets 1 s; the most telling error is the outcome when nobody does better.
 */
export { dnssecProbes } from './dnssec-probe.ts'
export { DnssecProbes } from './dnssec-probes.ts'
export type { DriveServices } from './drive.ts'
export { Drive } from './drive.ts'
export type { Exchange, ExchangeResult } from './exchange.ts'
export { FinishedTransactions } from './finished-transactions.ts'
export type { FailureState, Outcome, Step } from './outcome.ts'
export type { Request, Validation } from './outgoing.ts'
export { ProbeLoop } from './probe-loop.ts'
export { isBogus } from './reply-class.ts'
export type { ServerReport } from './server-report.ts'
export { serverReportOf } from './server-report.ts'
export { Transaction } from './transaction.ts'
export type {
  ConnectionFacts,
  Endpoint,
  HttpResource,
  OutgoingQuery,
  Settle,
  PreparableTransport,
  Transport,
  TransportErrorCode,
} from './transport.ts'
export { TransportError } from './transport.ts'
export type { Tuning } from './tuning.ts'
export { DEFAULT_TUNING } from './tuning.ts'
export type { PlannedServer } from './upstream.ts'
export { Upstream } from './upstream.ts'
export type { EncryptedChannel, ServerChannels } from './server-channels.ts'
export { DNS_PORT, mainEndpoint, serverChannels } from './server-channels.ts'
export type { EncryptionNews, EncryptionReport } from './encryption-state.ts'
export { Upstreams } from './upstreams.ts'
