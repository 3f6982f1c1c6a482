import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2'
import { printable } from '../base/index.ts'
import type { OutgoingQuery } from '../upstream/index.ts'
import { age, FormError, withoutHopOptions, withoutOpt } from '../wire/index.ts'

export const MEDIA_TYPE = 'application/dns-message'
const MAX_AGE = 0x7fff_ffff

/** The DNS message of an HTTP response (RFC 8484 §4.2), with the ID of the query; or what is wrong with it. Never throws. */
export function dohReplyOf(
  query: Pick<OutgoingQuery, 'wire' | 'addsOpt' | 'isAnsweredBy'>,
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader,
  body: Buffer,
): Buffer | string {
  const status = headers[':status'] ?? 0
  if (status < 200 || status > 299) return `answers with HTTP status ${status}`
  const [mediaType = ''] = (headers['content-type'] ?? '').split(';')
  if (mediaType.trim().toLowerCase() !== MEDIA_TYPE) {
    return `answers with '${printable(mediaType.slice(0, 40))}', which is no DNS message`
  }
  if (body.length < 12) return 'sends what is no DNS message'
  query.wire.copy(body, 0, 0, 2)
  if (!query.isAnsweredBy(body)) return 'answers another question'
  try {
    const { message } = withoutHopOptions(body)
    return aged(query.addsOpt === true ? withoutOpt(query.wire, message) : message, headers.age)
  } catch (error) {
    if (error instanceof FormError) return 'sends what is no DNS message'
    throw error
  }
}

/** What an HTTP cache has had for a while has less of its time left (RFC 8484 §5.1, E-DOH-4). */
function aged(message: Buffer, header: string | undefined): Buffer {
  const seconds = /^\d{1,10}$/.test(header ?? '') ? Math.min(MAX_AGE, Number(header)) : 0
  return seconds === 0 ? message : age(message, seconds, MAX_AGE)
}
