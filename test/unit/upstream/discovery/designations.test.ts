import { describe, expect, test } from 'vitest'
import { IpAddress } from '../../../../src/base/index.ts'
import { DESIGNATION_QUESTION, designationsIn, withAddresses } from '../../../../src/upstream/discovery/designations.ts'
import { parseMessage, questionText } from '../../../../src/wire/index.ts'
import { queryFor, replyFor, type ReplyParts } from '../../../kit/messages.ts'

const by = { address: IpAddress.of('192.0.2.1'), ifindex: 3 }
const query = queryFor('_dns.resolver.arpa', { type: 'SVCB' })
const svcb = (rest: string, ttl = 300) => `_dns.resolver.arpa ${ttl} SVCB ${rest}`
const read = (parts: ReplyParts, from = by) =>
  designationsIn(parseMessage(replyFor(query, parts)), DESIGNATION_QUESTION, from)

function lines(parts: ReplyParts, from = by): string[] | string {
  const found = read(parts, from)
  if (found.kind === 'ask') return `ask ${questionText(found.question)}`
  if (found.kind === 'none') return 'none'
  return found.channels.map(
    ({ channel, target, endpoint: { address, port, resource } }) =>
      `${channel} ${target} ${address.text} ${port}${resource === undefined ? '' : ` ${resource.method} https://${resource.authority}${resource.path}`}`,
  )
}

const ONE = '1 one.test.'
const HINT = 'ipv4hint=192.0.2.1'
const PATH = 'dohpath=/dns-query{?dns}'

describe('E-DDR-1, E-DDR-2: records → channels', () => {
  test.each<[string, ReplyParts, string[] | string]>([
    ['DoT, its usual port', { answer: [svcb(`${ONE} alpn=dot ${HINT}`)] }, ['tls one.test 192.0.2.1 853']],
    ['another port', { answer: [svcb(`${ONE} alpn=dot port=8853 ${HINT}`)] }, ['tls one.test 192.0.2.1 8853']],
    [
      'DoH, its usual port; the host is the server’s address (RFC 9462 §6.3)',
      { answer: [svcb(`${ONE} alpn=h2 ${HINT} ${PATH}`)] },
      ['https one.test 192.0.2.1 443 POST https://192.0.2.1/dns-query'],
    ],
    [
      'both in one record: TLS first',
      { answer: [svcb(`${ONE} alpn=h2,dot port=9443 ${HINT} ${PATH}`)] },
      ['tls one.test 192.0.2.1 9443', 'https one.test 192.0.2.1 9443 POST https://192.0.2.1/dns-query'],
    ],
    [
      'in order of priority',
      { answer: [svcb(`2 two.test. alpn=dot ${HINT}`), svcb(`${ONE} alpn=h2 ${HINT} ${PATH}`)] },
      ['https one.test 192.0.2.1 443 POST https://192.0.2.1/dns-query', 'tls two.test 192.0.2.1 853'],
    ],
    [
      'several addresses: its own first, then its family',
      { answer: [svcb(`${ONE} alpn=dot ipv4hint=192.0.2.9,192.0.2.1 ipv6hint=2001:db8::1`)] },
      ['tls one.test 192.0.2.1 853', 'tls one.test 192.0.2.9 853', 'tls one.test 2001:db8::1 853'],
    ],
    [
      'addresses of the reply count more than hints',
      { answer: [svcb(`${ONE} alpn=dot ipv4hint=192.0.2.9`)], additional: ['one.test 60 A 192.0.2.5'] },
      ['tls one.test 192.0.2.5 853'],
    ],
    ['no address: it is asked for', { answer: [svcb(`${ONE} alpn=dot`)] }, 'ask one.test IN A'],
    ['an alias', { answer: [svcb('0 other.test.')] }, 'ask other.test IN SVCB'],
    ['no record', {}, 'none'],
    ['no alpn: there is no default', { answer: [svcb(`${ONE} ${HINT}`)] }, 'none'],
    ['HTTP/3 and QUIC alone', { answer: [svcb(`${ONE} alpn=h3,doq ${HINT} ${PATH}`)] }, 'none'],
    ['HTTP/2 without a path', { answer: [svcb(`${ONE} alpn=h2 ${HINT}`)] }, 'none'],
    ['a path without the variable', { answer: [svcb(`${ONE} alpn=h2 ${HINT} dohpath=/q`)] }, 'none'],
    ['a path to another host', { answer: [svcb(`${ONE} alpn=h2 ${HINT} dohpath=@evil.test/q{?dns}`)] }, 'none'],
    ['the root as target', { answer: [svcb(`1 . alpn=dot ${HINT}`)] }, 'none'],
    ['a target within resolver.arpa', { answer: [svcb(`1 x.resolver.arpa. alpn=dot ${HINT}`)] }, 'none'],
    [
      'a mandatory key that is not known',
      { answer: [svcb(`${ONE} mandatory=key65000 alpn=dot ${HINT} key65000=x`)] },
      'none',
    ],
    [
      'a mandatory key that is',
      { answer: [svcb(`${ONE} mandatory=port alpn=dot port=853 ${HINT}`)] },
      ['tls one.test 192.0.2.1 853'],
    ],
    [
      'addresses of this machine',
      { answer: [svcb(`${ONE} alpn=dot ipv4hint=127.0.0.1,0.0.0.0`)] },
      'ask one.test IN A',
    ],
    ['records of another name', { answer: [`other.test 60 SVCB ${ONE} alpn=dot ${HINT}`] }, 'none'],
    ['malformed rdata', { answer: ['_dns.resolver.arpa 60 SVCB \\# 3 000100'] }, 'none'],
    [
      'a malformed hint',
      { answer: ['_dns.resolver.arpa 60 SVCB \\# 19 0001 016100 0001 0004 03646f74 0004 0003 010203'] },
      'none',
    ],
  ])('%s', (_, parts, expected) => expect(lines(parts)).toEqual(expected))

  test('no more than six channels are ever tried', () => {
    const hints = Array.from({ length: 30 }, (_, i) => `192.0.2.${i + 1}`).join(',')
    expect(lines({ answer: [svcb(`${ONE} alpn=dot ipv4hint=${hints}`)] })).toHaveLength(6)
  })
})

test('E-DDR-3: whatever the target, verification is for the server’s own address, over its link, and no name is sent', () => {
  const found = read({ answer: [svcb(`1 elsewhere.test. alpn=dot ipv4hint=203.0.113.9`)] })
  expect(found.kind === 'channels' && found.channels[0]?.endpoint).toMatchObject({
    address: IpAddress.of('203.0.113.9'),
    serverName: '192.0.2.1', // an address: compared with SAN iPAddress, and never SNI (E-DOT-3)
    isVerified: true,
    ifindex: 3,
  })
})

test('the host of an IPv6 server stands in brackets, and AAAA is asked for', () => {
  const from = { address: IpAddress.of('2001:db8::1'), ifindex: 3 }
  expect(lines({ answer: [svcb(`${ONE} alpn=h2 ipv6hint=2001:db8::2 ${PATH}`)] }, from)).toEqual([
    'https one.test 2001:db8::2 443 POST https://[2001:db8::1]/dns-query',
  ])
  expect(lines({ answer: [svcb(`${ONE} alpn=dot`)] }, from)).toBe('ask one.test IN AAAA')
})

test('an address that was asked for is used, and none ends it', () => {
  const records = parseMessage(replyFor(query, { answer: [svcb(`${ONE} alpn=dot`)] }))
  const reply = (answer: string[]) => parseMessage(replyFor(queryFor('one.test'), { answer }))
  const found = withAddresses(records, reply(['one.test 60 A 192.0.2.7']), by)
  expect(found.kind === 'channels' && found.channels.map(({ endpoint }) => endpoint.address.text)).toEqual([
    '192.0.2.7',
  ])
  expect(withAddresses(records, reply([]), by)).toEqual({ kind: 'none' })
})
