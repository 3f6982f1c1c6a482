import type { Query, RelayedMessage, Resolver } from '../resolve/index.ts'
import { FLAG } from '../resolve/index.ts'
import { CD, hasFlag } from '../wire/index.ts'
import type { Door } from './door.ts'
import { refusal, replyTo } from './reply.ts'
import type { ClientRequest } from './request.ts'
import { receive } from './request.ts'

/** From a client's bytes to the bytes that answer them, whichever socket they came by. */
export class Responder {
  readonly #resolver: Resolver
  readonly #nsid: string

  /** `nsid`: what this resolver calls itself to clients that ask (RFC 5001). */
  constructor(resolver: Resolver, nsid: string) {
    this.#resolver = resolver
    this.#nsid = nsid
  }

  /** Undefined when nothing is to be sent. @throws the signal's reason when aborted */
  async respond(packet: Buffer, door: Door, signal: AbortSignal): Promise<Buffer | undefined> {
    const reception = receive(packet)
    if (reception.kind === 'drop') return undefined
    if (reception.kind === 'refuse') return refusal(reception.request, reception.rcode, door)
    const resolution = await this.#resolver.resolve(queryOf(reception.request, door), signal)
    return replyTo(reception.request, resolution, door, this.#nsid)
  }
}

/** A stub query asks for one type, anywhere, without search domains (R-STUB-18). */
function queryOf({ packet, question, opt }: ClientRequest, door: Door): Query {
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
  }
}
