import type { Message } from '../wire/index.ts'
import { FormError, hasFlag, parseMessage, RCODE, rcodeText, TC } from '../wire/index.ts'

/**
 * What a reply is worth. `malformed`: does not parse · `truncated`: TC is set, so
 * only its header counts, as it may be cut inside a record (RFC 2181 §9) · `edns-refused`: FORMERR, NOTIMP or BADVERS to a
 * question with EDNS · `bad-cookie`: it wants the cookie that came with the reply (RFC 7873 §5.2.3) · `answer`: an answer, NXDOMAIN, NODATA, or an error that no other server would change ·
 * `server-error`: says something about the server rather than the name, so the next one is asked.
 */
export type ReplyClass =
  | { readonly kind: 'malformed' }
  | { readonly kind: 'truncated' }
  | { readonly kind: 'edns-refused' | 'bad-cookie' | 'answer' | 'server-error'; readonly message: Message }

/** DNSSEC reasons of RFC 8914 §4: the server validated and found the data bogus, so another server is no better (R-SRV-14). */
const DNSSEC_ERRORS: ReadonlySet<number> = new Set([1, 2, 5, 6, 7, 8, 9, 10, 11, 12])
/** Rcodes by which a server says it cannot read EDNS (RFC 6891 §7). */
const EDNS_REFUSALS: ReadonlySet<number> = new Set([RCODE.FORMERR, RCODE.NOTIMP, RCODE.BADVERS])
/** Encrypted servers are of this century: a question without EDNS would go without padding, too (E-TLS-8). */
const EDNS_REFUSALS_OVER_TLS: ReadonlySet<number> = new Set([RCODE.FORMERR])
/** Rcodes that say something about the server rather than the name. */
const SERVER_ERRORS: ReadonlySet<number> = new Set([
  RCODE.SERVFAIL,
  RCODE.REFUSED,
  RCODE.FORMERR,
  RCODE.NOTIMP,
  RCODE.BADVERS,
  RCODE.BADCOOKIE,
])

export function classify(wire: Buffer, hadEdns: boolean, hadCookie = false, wasEncrypted = false): ReplyClass {
  if (hasFlag(wire, TC)) return { kind: 'truncated' }
  const message = readable(wire)
  if (message === undefined) return { kind: 'malformed' }
  if (hadCookie && message.rcode === RCODE.BADCOOKIE) return { kind: 'bad-cookie', message }
  const refusals = wasEncrypted ? EDNS_REFUSALS_OVER_TLS : EDNS_REFUSALS
  if (hadEdns && refusals.has(message.rcode)) return { kind: 'edns-refused', message }
  return { kind: SERVER_ERRORS.has(message.rcode) && !isBogus(message) ? 'server-error' : 'answer', message }
}

/** SERVFAIL because the data is bogus: an expired answer must not be served instead. */
export function isBogus({ rcode, extendedError }: Pick<Message, 'rcode' | 'extendedError'>): boolean {
  return rcode === RCODE.SERVFAIL && DNSSEC_ERRORS.has(extendedError?.code ?? -1)
}

/** How much an error tells, for the choice among several: one with a reason (RFC 8914) most, a bare REFUSED least. */
export function errorWeight({ rcode, extendedError }: Message): number {
  return extendedError !== undefined ? 2 : rcode === RCODE.SERVFAIL ? 1 : 0
}

export function resultText(message: Message): string {
  return message.rcode === RCODE.NOERROR && message.answer.length === 0 ? 'NODATA' : rcodeText(message.rcode)
}

function readable(wire: Buffer): Message | undefined {
  try {
    return parseMessage(wire)
  } catch (error) {
    if (error instanceof FormError) return undefined
    throw error
  }
}
