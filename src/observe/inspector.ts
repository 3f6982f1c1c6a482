import type { Clock, IfIndex, Millis } from '../base/index.ts'
import type { CacheRow } from '../cache/index.ts'
import type { AnswerState, QueryState, QueryWatchers, Resolution } from '../resolve/index.ts'
import type { NetworkFacts, Protocol, RouteTo, Scope, ScopeSet, UnicastScope } from '../scope/index.ts'
import type { DnsOverTlsMode, DnssecMode, ServerSpec } from '../settings/index.ts'
import type { ServerReport, Upstream } from '../upstream/index.ts'
import { serverReportOf } from '../upstream/index.ts'
import type { ExtendedError, Question, ResourceRecord } from '../wire/index.ts'
import { parseMessage, RCODE } from '../wire/index.ts'
import type { Control } from '../control/index.ts'
import { recordsAsWritten, spellingsOf } from '../lookup/index.ts'
import { reasonForNoRoute } from './way-to-server.ts'

export interface InspectorServices {
  readonly scopes: ScopeSet
  readonly watchers: QueryWatchers
  readonly control: Control
  readonly facts: () => NetworkFacts
  readonly routeTo: RouteTo
  readonly clock: Clock
  /** CLOCK_BOOTTIME, in which dumps count. */
  readonly bootTime: () => Millis
}

/** A finished query in full, for `SubscribeQueryResults` (varlink.md §4.1). */
export interface QueryReport {
  readonly state: QueryState
  readonly rcode: number | undefined
  readonly errno: number | undefined
  /** For `dnssec-failed`: one of the result words of varlink.md §3.1. */
  readonly dnssecResult: string | undefined
  readonly extendedError: ExtendedError | undefined
  readonly questions: readonly Question[]
  /** Earlier names of the CNAME chain. */
  readonly collectedQuestions: readonly Question[]
  readonly answer: readonly { readonly ifindex: IfIndex; readonly record: ResourceRecord }[]
}

/** One scope with what it has cached (varlink.md §4.2). */
export interface ScopeDump {
  readonly protocol: Protocol['name']
  /** Of LLMNR and mDNS scopes. */
  readonly family: Protocol['family']
  /** 0 for the global scope. */
  readonly ifindex: IfIndex
  readonly ifname: string | undefined
  /** Of DNS scopes, as is `dnsOverTls`. */
  readonly dnssec: DnssecMode | undefined
  readonly dnsOverTls: DnsOverTlsMode | undefined
  /** Lazy: to be read once, in the turn in which it was made. */
  readonly entries: Iterable<CacheDumpEntry>
}

export interface CacheDumpEntry {
  readonly question: Question
  /** NOERROR with records, or without any for NODATA. */
  readonly rcode: number
  readonly records: readonly ResourceRecord[]
  /** When it expires, on CLOCK_BOOTTIME. */
  readonly until: Millis
}

const ELOOP = 40
/** The original's word for questions over TLS, which always have EDNS (E-DOT-9). */
const TLS_LEVEL = 'TLS+EDNS0'
const RCODE_OF_KIND = { positive: RCODE.NOERROR, nodata: RCODE.NOERROR, nxdomain: RCODE.NXDOMAIN } as const

/** A look inside, for monitoring: nothing here changes anything. */
export class Inspector {
  readonly #services: InspectorServices

  constructor(services: InspectorServices) {
    this.#services = services
  }

  /** One per scope; entries are taken apart only as they are read. */
  *dumpCache(): Iterable<ScopeDump> {
    for (const scope of this.#services.scopes.all) yield this.dumpScope(scope)
  }

  dumpScope(scope: Scope): ScopeDump {
    const { clock, bootTime } = this.#services
    const now = clock.now()
    const offset = bootTime() - now
    const { ifindex, linkName } = scope.plan
    const entries = dumped(scope.cache.rows(now), offset)
    const { name: protocol, family } = scope.protocol
    return { protocol, family, ifindex, ifname: linkName, ...this.#modes(ifindex), entries }
  }

  /** Global or fallback servers first, then those of links. */
  dumpServerState(): ServerState[] {
    const scopes = this.#services.scopes.unicast.filter(({ plan }) => plan.kind !== 'delegate')
    return scopes.flatMap((scope) => scope.upstreams.all.map((upstream) => this.#serverState(scope, upstream)))
  }

  /** Whether the routing table leads to the server (through `ifindex` unless that is 0). */
  isAccessible({ address }: ServerSpec, ifindex: IfIndex): boolean {
    const { routeTo, facts } = this.#services
    return reasonForNoRoute(address, ifindex, routeTo, facts()) === undefined
  }

  /** The handle ends the subscription; while nobody listens no report is made. */
  subscribeQueries(listener: (report: QueryReport) => void): Disposable {
    return this.#services.watchers.watch((resolution) => listener(reportOf(resolution)))
  }

  #modes(ifindex: IfIndex): { dnssec: DnssecMode; dnsOverTls: DnsOverTlsMode } {
    const { control } = this.#services
    const { dnssec, dnsOverTls } = control.link(ifindex) ?? control.global().settings
    return { dnssec, dnsOverTls }
  }

  #serverState({ plan, upstreams }: UnicastScope, upstream: Upstream): ServerState {
    const { counts } = upstream
    const now = this.#services.clock.now()
    const speaksEdns = upstream.speaksEdns(now)
    const lack = upstream.lackOfDnssec(now)
    const plain = speaksEdns ? 'UDP+EDNS0' : 'UDP'
    const { encrypted } = upstream.channels
    const mayUseTls = encrypted !== undefined && (upstream.isStrict || upstream.encryption.evidence.isOffered)
    const usesTls = mayUseTls && upstream.encryption.connection !== undefined
    return {
      server: upstream.label,
      type: plan.kind === 'link' ? 'link' : plan.route.usesFallbackServer ? 'fallback' : 'system',
      ifindex: plan.ifindex,
      ifname: plan.linkName,
      verifiedFeatureLevel: counts.answers === 0 ? undefined : usesTls ? TLS_LEVEL : plain,
      possibleFeatureLevel: mayUseTls ? TLS_LEVEL : plain,
      dnssec: plan.dnssec,
      dnssecSupported: plan.dnssec !== 'no' && lack === undefined,
      receivedUdpFragmentMax: counts.largestUdp,
      failedUdpAttempts: counts.silences,
      failedTcpAttempts: counts.failedTcp,
      packetTruncated: counts.truncated > 0,
      packetBadOpt: !speaksEdns,
      packetRrsigMissing: speaksEdns && lack !== undefined,
      packetInvalid: counts.invalid > 0,
      packetDoOff: false,
      learnt: serverReportOf(upstream, upstreams, now),
    }
  }
}

/** What is known of one server (varlink.md §4.2). */
export interface ServerState {
  /** With port, interface and name suffixes (resolvectl.md C-S-5). */
  readonly server: string
  readonly type: 'system' | 'fallback' | 'link'
  readonly ifindex: IfIndex
  readonly ifname: string | undefined
  /** `UDP`, `UDP+EDNS0`…; undefined while nothing is proven. */
  readonly verifiedFeatureLevel: string | undefined
  readonly possibleFeatureLevel: string
  readonly dnssec: DnssecMode
  readonly dnssecSupported: boolean
  /** Bytes of the largest UDP reply seen. */
  readonly receivedUdpFragmentMax: number
  readonly failedUdpAttempts: number
  readonly failedTcpAttempts: number
  readonly packetTruncated: boolean
  readonly packetBadOpt: boolean
  readonly packetRrsigMissing: boolean
  readonly packetInvalid: boolean
  readonly packetDoOff: boolean
  /** What the original has no words for. */
  readonly learnt: ServerReport
}

function* dumped(rows: Iterable<CacheRow>, offset: Millis): Generator<CacheDumpEntry> {
  for (const row of rows) {
    const records = parseMessage(row.wire).answer
    yield { question: row.question, rcode: rcodeOf(row), records, until: row.expiresAt + offset }
  }
}

function rcodeOf({ kind, wire }: CacheRow): number {
  return kind === 'failure' ? parseMessage(wire).rcode : RCODE_OF_KIND[kind]
}

/** What a finished query came to, in the words of the monitor interface. */
export function reportOf(resolution: Resolution): QueryReport {
  const { query, name, answer, collected } = resolution
  const { state, rcode, errno, extendedError, dnssecResult } = answer
  const spellings = spellingsOf(resolution)
  const written = (question: Question) => ({ ...question, spelling: spellings.get(question.name) })
  return {
    ...stateOf(state, rcode, errno),
    dnssecResult,
    extendedError,
    questions: query.types.map((type) => written({ name, type, class: query.class })),
    collectedQuestions: collected.map(written),
    answer: recordsAsWritten(resolution),
  }
}

/** In the words of the monitor interface, which has none for a loop or a refused type. */
function stateOf(
  state: AnswerState,
  rcode: number,
  errno: number | undefined,
): Pick<QueryReport, 'state' | 'rcode' | 'errno'> {
  if (state === 'cname-loop') return { state: 'errno', rcode: undefined, errno: ELOOP }
  if (state === 'query-refused') return { state: 'rcode-failure', rcode: RCODE.REFUSED, errno: undefined }
  return { state, rcode: state === 'rcode-failure' ? rcode : undefined, errno }
}
