import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2'
import { dohReplyOf } from '../../../src/transport/doh-response.ts'
import { identityProblem } from '../../../src/transport/server-identity.ts'
import { IpAddress } from '../../../src/base/index.ts'
import { isReplyTo, parseMessage, FormError, withHopOptions } from '../../../src/wire/index.ts'
import { CONVERSATIONS, type Conversation } from '../../kit/fixture-messages.ts'
import { must, type Target, unless } from '../target.ts'

const HEAD = ':status: 200\ncontent-type: application/dns-message\nage: 5\n\n'
const ADDRESS = IpAddress.of('192.0.2.1')
const SUBJECTS = 'DNS:a.example, DNS:*.b.example, IP Address:192.0.2.1, URI:"x, DNS:c.example", DNS:"\\u0000"'

/** What an encrypted server says: header and body of an HTTP response, and the names in its certificate. */
export const target: Target = {
  name: 'doh',
  maxLength: 65_535,
  allowance: { time: 3, memory: 1 << 20 },
  seeds: () => [
    ...CONVERSATIONS.map(({ reply }) => Buffer.concat([Buffer.from(HEAD), reply])),
    Buffer.from(`${SUBJECTS}\n\n`),
  ],
  run(input) {
    const { headers, body, head } = partsOf(input)
    const { query } = CONVERSATIONS[(body[0] ?? 0) % CONVERSATIONS.length] as Conversation
    const reply = dohReplyOf(
      { wire: query, isAnsweredBy: (bytes) => isReplyTo(bytes, query) },
      headers,
      Buffer.from(body),
    )
    if (typeof reply !== 'string') unless(FormError, () => parseMessage(reply))
    withHopOptions(body, false)
    const names = head.slice(0, 4096)
    for (const serverName of [undefined, 'x.b.example', '192.0.2.1']) {
      const problem = identityProblem(names, { serverName, address: ADDRESS })
      must(problem === undefined || problem.length < names.length + 100, 'a complaint is short')
    }
  },
}

/** `name: value` lines up to an empty one, and what follows. */
function partsOf(input: Buffer): {
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader
  body: Buffer
  head: string
} {
  const end = input.indexOf('\n\n')
  const head = input.toString('latin1', 0, end < 0 ? input.length : end)
  const pairs = head.split('\n').map((line) => /^(:?[^:]*):(.*)$/.exec(line))
  const headers = Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2]?.trim() ?? '']))
  const status = { ':status': Number(headers[':status']) } as IncomingHttpStatusHeader
  return { headers: Object.assign(headers, status), body: end < 0 ? Buffer.alloc(0) : input.subarray(end + 2), head }
}
