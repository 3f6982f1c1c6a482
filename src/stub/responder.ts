import type { Clock, IpAddress } from '../base/index.ts'
import type { AnswerMemo } from '../fastpath/index.ts'
import type { Query, RelayedMessage, Resolver } from '../resolve/index.ts'
import { FLAG } from '../resolve/index.ts'
import { CD, hasFlag } from '../wire/index.ts'
import type { Door } from './door.ts'
import { refusal, replyTo } from './reply.ts'
import type { ClientRequest } from './request.ts'
import { receive } from './request.ts'

export interface ResponderServices {
  readonly resolver: Resolver
  /** What this resolver calls itself to clients that ask (RFC 5001). */
  readonly nsid: string
  readonly clock: Clock
  /** One per kind of door, as replies differ in their OPT record; undefined works all replies out anew. */
  readonly newMemo: () => AnswerMemo | undefined
}

/** Where a request came from, for those who watch. */
export interface Sender {
  readonly address: IpAddress
  readonly port: number
}

const LARGEST = 65_535

/** From a client's bytes to the bytes that answer them, whichever socket they came by. */
export class Responder {
  readonly #services: ResponderServices
  readonly #memos: Readonly<Record<Door['kind'], AnswerMemo | undefined>>

  constructor(services: ResponderServices) {
    this.#services = services
    const { newMemo } = services
    this.#memos = { main: newMemo(), proxy: newMemo(), extra: newMemo() }
  }

  /**
   * A reply given before, at once and without a promise; undefined when it must be worked out, or when somebody wants
   * to see every query. The bytes are lent until the next call.
   */
  replay(packet: Buffer, door: Door): Buffer | undefined {
    const { resolver, clock } = this.#services
    if (resolver.isWatched) return undefined
    const limit = door.transport === 'tcp' ? LARGEST : undefined
    return this.#memos[door.kind]?.replay(packet, limit, clock.now())
  }

  /** Undefined when nothing is to be sent. @throws the signal's reason when aborted */
  async respond(packet: Buffer, door: Door, signal: AbortSignal, from?: Sender): Promise<Buffer | undefined> {
    const reception = receive(packet)
    if (reception.kind === 'drop') return undefined
    if (reception.kind === 'refuse') return refusal(reception.request, reception.rcode, door)
    const { resolver, nsid } = this.#services
    const memo = this.#memos[door.kind]
    const ground = memo?.ground ?? []
    const resolution = await resolver.resolve(queryOf(reception.request, door, from), signal)
    const { wire, isRelayed } = replyTo(reception.request, resolution, door, nsid)
    if (isRelayed && resolution.basis !== undefined) memo?.remember(packet, wire, resolution.basis, ground)
    return wire
  }
}

/** A stub query asks for one type, anywhere, without search domains (R-STUB-18). */
function queryOf({ packet, question, opt }: ClientRequest, door: Door, from: Sender | undefined): Query {
  const dnssecOk = opt?.dnssecOk === true
  const isBypass = door.kind === 'proxy' || dnssecOk // R-STUB-13
  const isUnchecked = hasFlag(packet, CD)
  const relayed: RelayedMessage = {
    message: packet,
    dnssecOk,
    isShareable: !isUnchecked && (opt?.options.length ?? 0) === 0,
  }
  return {
    name: question.name,
    types: [question.type],
    class: question.class,
    flags:
      FLAG.NO_SEARCH |
      (isUnchecked ? FLAG.NO_VALIDATE | FLAG.NO_CACHE : 0) |
      (isBypass ? FLAG.RELAX_SINGLE_LABEL : 0) |
      (door.kind === 'proxy' ? FLAG.DNS | FLAG.NO_ZONE : 0),
    ifindex: 0,
    relayed: isBypass ? relayed : undefined,
    patienceForRest: undefined,
    client: from && { door: door.transport, address: from.address, port: from.port },
  }
}
