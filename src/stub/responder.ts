import type { Clock, Millis } from '../base/index.ts'
import type { AnswerMemo, Routes } from '../fastpath/index.ts'
import type { Query, QueryClient, RelayedMessage, Resolver } from '../resolve/index.ts'
import { FLAG } from '../resolve/index.ts'
import { DNS, type ScopeIdentity } from '../scope/index.ts'
import { CD, hasFlag, spellingIn } from '../wire/index.ts'
import { StubClient } from './client.ts'
import { largestReply, type Listener } from './listener.ts'
import { type OwnerOf, QuotaGroups, type Sender } from './quota-groups.ts'
import { refusal, replyTo } from './reply.ts'
import type { ClientRequest } from './request.ts'
import { receive } from './request.ts'

export interface ResponderServices {
  readonly resolver: Resolver
  /** What this resolver calls itself to clients that ask (RFC 5001). */
  readonly nsid: () => string
  readonly clock: Clock
  /** Whose socket a client on this machine asks from; undefined when nobody can tell. */
  readonly ownerOf: OwnerOf
  /** One per kind of listener, as replies differ in their OPT record; undefined works all replies out anew. */
  readonly newMemo: NewMemo
}

export type NewMemo = (routes: Routes<ScopeIdentity>) => AnswerMemo<ScopeIdentity> | undefined

const LARGEST = 65_535

/** From a client's bytes to the bytes that answer them, whichever socket they came by. */
export class Responder {
  readonly #services: ResponderServices
  readonly #quotaGroups: QuotaGroups
  readonly #memos: Readonly<Record<Listener['kind'], AnswerMemo<ScopeIdentity> | undefined>>

  constructor(services: ResponderServices) {
    this.#services = services
    this.#quotaGroups = new QuotaGroups(services.ownerOf)
    const memoOf = (kind: Listener['kind']) => services.newMemo(routesOf(services.resolver, kind))
    this.#memos = { main: memoOf('main'), proxy: memoOf('proxy'), extra: memoOf('extra') }
  }

  /**
   * A reply given before, at once and without a promise: written into `target` at `at`. Returns how long it is, 0 when
   * it must be worked out, or when somebody wants to see every query.
   */
  replay(packet: Buffer, listener: Listener, now: Millis, target: Buffer, at: number): number {
    const memo = this.#memos[listener.kind]
    if (memo === undefined || this.#services.resolver.watchers.mustSee()) return 0
    const size = memo.replay(packet, listener.transport === 'tcp' ? LARGEST : undefined, now, target, at)
    return listener.kind === 'extra' && size > largestReply(listener) ? 0 : size
  }

  /** Among whom a request from there is shared out with others; may ask the kernel. */
  groupsOf(from: Sender, listener: Listener): readonly string[] {
    return this.#quotaGroups.of(from, listener, this.#services.clock.now())
  }

  /** Gives back the memory of what may not be replayed any more. */
  forgetInvalid(): void {
    for (const memo of Object.values(this.#memos)) memo?.forgetInvalid()
  }

  /** Undefined when nothing is to be sent. @throws the signal's reason when aborted */
  async respond(packet: Buffer, listener: Listener, signal: AbortSignal, from?: Sender): Promise<Buffer | undefined> {
    const reception = receive(packet)
    if (reception.kind === 'drop') return undefined
    if (reception.kind === 'refuse') return refusal(reception.request, reception.rcode, listener)
    const { resolver, nsid, clock } = this.#services
    const memo = this.#memos[listener.kind]
    const snapshot = memo?.snapshot(clock.now())
    const client = from && new StubClient(listener.transport, from, () => this.groupsOf(from, listener))
    const resolution = await resolver.resolve(queryOf(reception.request, listener.kind, client), signal)
    const { answer } = resolution
    const isKnownMissing = answer.state === 'no-servers' && resolver.isNeverSent(resolution.query, answer.name)
    const told = isKnownMissing ? { ...resolution, answer: { ...answer, state: 'not-found' as const } } : resolution
    const { wire, isRelayed } = replyTo(reception.request, told, listener, nsid)
    const { entry, scope: source } = answer
    const isAlias = resolution.collected.length > 0
    const isRepeatable = isRelayed && entry !== undefined && source !== undefined && snapshot !== undefined
    if (isRepeatable)
      memo?.remember(packet, wire, { entry, source: isAlias ? OF_CHAIN : source }, snapshot, clock.now())
    return wire
  }
}

/**
 * Stands for the scope of an answer that aliases led to: no query is routed to it, so that the reply holds until routes
 * change in any way, as others may have to say what is at the end of the chain then.
 */
const OF_CHAIN: ScopeIdentity = { protocol: DNS, label: 'aliases', ifindex: 0 }

/** How a memo learns that a query still goes where it went: by the way of any other query, as far as it takes. */
function routesOf(resolver: Resolver, kind: Listener['kind']): Routes<ScopeIdentity> {
  return {
    get version() {
      return resolver.routesVersion
    },
    leadTo(packet, scope) {
      const reception = receive(packet)
      return reception.kind === 'answer' && resolver.isRoutedTo(scope, queryOf(reception.request, kind, undefined))
    },
  }
}

/** A stub query asks for one type, anywhere, without search domains (R-STUB-18). */
function queryOf(
  { packet, question, questionBytes, opt }: ClientRequest,
  kind: Listener['kind'],
  client: QueryClient | undefined,
): Query {
  const dnssecOk = opt?.dnssecOk === true
  const isBypass = kind === 'proxy' || dnssecOk // R-STUB-13
  const isUnchecked = hasFlag(packet, CD)
  const relayed: RelayedMessage = {
    message: packet,
    dnssecOk,
    isShareable: !isUnchecked && (opt?.options.length ?? 0) === 0,
  }
  return {
    name: question.name,
    spelling: spellingIn(questionBytes.subarray(0, -4)),
    types: [question.type],
    class: question.class,
    flags:
      FLAG.NO_SEARCH |
      (isUnchecked ? FLAG.NO_VALIDATE | FLAG.NO_CACHE : 0) |
      (isBypass ? FLAG.RELAX_SINGLE_LABEL : 0) |
      (kind === 'proxy' ? FLAG.DNS | FLAG.NO_ZONE : 0),
    ifindex: 0,
    relayed: isBypass ? relayed : undefined,
    patienceForRest: undefined,
    client,
  }
}
