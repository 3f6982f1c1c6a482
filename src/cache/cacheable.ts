import type { Seconds } from '../base/index.ts'
import type { Message, Question, ResourceRecord } from '../wire/index.ts'
import {
  CLASS,
  isWithin,
  matches,
  MAX_REDIRECTS,
  mayBeRedirected,
  nameOf,
  RCODE,
  redirectFrom,
  ttlOf,
  TYPE,
} from '../wire/index.ts'

/** Two hours: nothing is kept longer, whatever its TTL says (R-CACHE-5). */
const LONGEST: Seconds = 7200
/** A failure is remembered this long, so that a broken zone hammers no one (R-CACHE-8, RFC 2308 §7.1). */
export const FAILURE_SECONDS: Seconds = 10

/** Types that are no zone data (R-CACHE-4). */
const NEVER_CACHED: ReadonlySet<number> = new Set([0, TYPE.OPT, TYPE.TKEY, TYPE.TSIG, TYPE.IXFR, TYPE.AXFR, TYPE.ANY])
const RESOLVER_ARPA = nameOf('resolver.arpa')
const SOA_FIXED_SIZE = 20

/** What may be kept of a reply, and how long. */
export type Cacheability =
  | { readonly kind: 'positive' | 'redirect' | 'nodata' | 'nxdomain' | 'failure'; readonly seconds: Seconds }
  | { readonly kind: 'none' }

/**
 * What may be kept of a reply to `question`, and for how long, in whole seconds 1..7200.
 * `positive`: the least TTL in the message (R-CACHE-5). `nodata`, `nxdomain`: also no more than the SOA's MINIMUM, and
 * nothing without a matching SOA (R-CACHE-7, RFC 2308 §5). `failure`: SERVFAIL (R-CACHE-8). `redirect`: only the CNAMEs
 * of a chain whose end is elsewhere; for the least TTL too.
 */
export function cacheabilityOf(question: Question, message: Message): Cacheability {
  if (!isCacheableType(question)) return { kind: 'none' }
  if (message.rcode === RCODE.SERVFAIL) return { kind: 'failure', seconds: FAILURE_SECONDS }
  if (message.rcode !== RCODE.NOERROR && message.rcode !== RCODE.NXDOMAIN) return { kind: 'none' }
  if (answersFully(question, message.answer)) return bounded('positive', leastTtl(message))
  const isRedirected = mayBeRedirected(question.type) && redirectFrom(question.name, message.answer) !== undefined
  return isRedirected ? bounded('redirect', leastTtl(message)) : negativeCacheability(question, message)
}

/** Whether one record of the answer section may be kept on its own (R-CACHE-4). */
function isCacheableType({ type, class: questionClass }: { type: number; class: number }): boolean {
  return !NEVER_CACHED.has(type) && questionClass !== CLASS.ANY
}

/** True when the chain of CNAMEs from the question's name ends, within the message, at a record of the asked type. */
function answersFully(question: Question, answer: readonly ResourceRecord[]): boolean {
  let name = question.name
  for (let steps = 0; steps <= MAX_REDIRECTS; steps++) {
    if (answer.some((record) => matches(record, name, question.type, question.class))) return true
    const redirect = mayBeRedirected(question.type) ? redirectFrom(name, answer) : undefined
    if (redirect === undefined) return false
    name = redirect.target
  }
  return false
}

function negativeCacheability(question: Question, message: Message): Cacheability {
  const soa = message.authority.find((record) => record.type === TYPE.SOA && isWithin(question.name, record.name))
  if (soa === undefined || question.type === TYPE.SOA) return { kind: 'none' }
  const isNxdomain = message.rcode === RCODE.NXDOMAIN
  if (isNxdomain && isWithin(question.name, RESOLVER_ARPA)) return { kind: 'none' }
  const minimum = soa.rdata.length >= SOA_FIXED_SIZE ? ttlOf(soa.rdata.readUInt32BE(soa.rdata.length - 4), TYPE.SOA) : 0
  return bounded(isNxdomain ? 'nxdomain' : 'nodata', Math.min(leastTtl(message), minimum))
}

function bounded(kind: 'positive' | 'redirect' | 'nodata' | 'nxdomain', seconds: Seconds): Cacheability {
  return seconds === 0 ? { kind: 'none' } : { kind, seconds: Math.min(seconds, LONGEST) }
}

function leastTtl({ answer, authority, additional }: Message): Seconds {
  let least = LONGEST
  for (const records of [answer, authority, additional]) for (const { ttl } of records) least = Math.min(least, ttl)
  return least
}
