import { describe, expect, it } from 'vitest'
import {
  type AnswerLine,
  hostLines,
  legendLines,
  linkRemark,
  namesLines,
  serviceLines,
} from '../../../src/cli/query/answer-lines.ts'
import type { ReceivedAddress } from '../../../src/cli/query/lookups.ts'
import { payloadOf, readRecord, recordObject, recordText } from '../../../src/cli/query/record-lines.ts'
import { octalBytes } from '../../../src/cli/query/service-over-varlink.ts'
import { failureSentence, varlinkError } from '../../../src/cli/client/varlink-error.ts'
import { FormError, parseType, wireOfText } from '../../../src/wire/index.ts'

const nameOf = (ifindex: number) => `w${ifindex - 1}`
const v4 = (last: number, ifindex: number): ReceivedAddress => ({
  ifindex,
  family: 2,
  bytes: Buffer.from([192, 0, 2, last]),
})
const printed = (lines: readonly AnswerLine[]) => lines.map((line) => line.text + linkRemark(line, nameOf))

describe('host and address answers', () => {
  it('C-Q-1, C-Q-2: further addresses below the first, link from column 60 on', () => {
    const lines = hostLines('vm', { addresses: [v4(1, 2), v4(2, 3)], canonical: 'vm', flags: 0 }, nameOf)
    expect(printed(lines)).toEqual([
      `${'vm: 192.0.2.1'.padEnd(60)}-- link: w1`,
      `${'    192.0.2.2'.padEnd(60)}-- link: w2`,
    ])
  })

  it('C-Q-2: at least one space before the link', () => {
    expect(linkRemark({ text: 'x'.repeat(70), ifindex: 2 }, nameOf)).toBe(' -- link: w1')
  })

  it('C-Q-2: no link to name for index 0', () => expect(linkRemark({ text: 'x', ifindex: 0 }, nameOf)).toBe(''))

  it('C-Q-3: link-local addresses name their link', () => {
    const bytes = Buffer.from('fe800000000000000000000000000001', 'hex')
    const [line] = hostLines('h', { addresses: [{ ifindex: 2, family: 10, bytes }], canonical: 'h', flags: 0 }, nameOf)
    expect(line?.text).toBe('h: fe80::1%w1')
  })

  it.each(['cn.test', 'One.test', 'one.test.'])('C-Q-4: the canonical name is shown for %s', (typed) => {
    const lines = hostLines(typed, { addresses: [v4(1, 0)], canonical: 'one.test', flags: 0 }, nameOf)
    expect(lines.at(-1)?.text).toBe(`${' '.repeat(typed.length + 2)}(one.test)`)
  })

  it('C-Q-5: names of an address', () => {
    const names = [
      { ifindex: 0, name: 'a.test' },
      { ifindex: 0, name: 'b.test' },
    ]
    expect(printed(namesLines('192.0.2.1', { names, flags: 0 }))).toEqual(['192.0.2.1: a.test', '           b.test'])
  })
})

describe('C-Q-6: legend', () => {
  it('tells protocol, trust and origins in order', () => {
    expect(legendLines(0x1 | 0x200 | 0x40000 | 0x80000 | 0x800000, 1849)).toEqual([
      '-- Information acquired via protocol DNS in 1.8ms.',
      '-- Data is authenticated: yes; Data was acquired via local or encrypted transport: yes',
      '-- Data from: synthetic network',
    ])
  })

  it('has no third line without origins', () => expect(legendLines(0x10, 0)).toHaveLength(2))
  it('is empty without flags', () => expect(legendLines(0, 0)).toEqual([]))
})

describe('C-Q-11: services', () => {
  const answer = {
    services: [
      { priority: 10, weight: 20, port: 5060, host: 'one.test', addresses: [v4(1, 2)], canonicalHost: 'real.test' },
      { priority: 11, weight: 0, port: 5061, host: 'two.test', addresses: [], canonicalHost: 'two.test' },
    ],
    txt: [Buffer.from('a=\n"b"'), Buffer.from('ü'), Buffer.from([0xff])],
    canonical: { name: '', type: '_sip._tcp', domain: 'test' },
    flags: 0,
  }

  it('prints servers, addresses, aliases, texts and the canonical triple', () => {
    const asked = { name: '', type: '', domain: '_sip._tcp.test' }
    const pad = ' '.repeat('_sip._tcp.test: '.length)
    expect(serviceLines(asked, answer, nameOf).map(({ text }) => text)).toEqual([
      '_sip._tcp.test: one.test:5060 [priority=10, weight=20]',
      `${pad}192.0.2.1`,
      `${pad}(real.test)`,
      `${pad}two.test:5061 [priority=11, weight=0]`,
      `${pad}a=\\n\\"b\\"`,
      `${pad}ü`,
      `${pad}\\xff`,
      `${pad}(_sip._tcp/test)`,
    ])
  })

  it('leaves out the triple when it is as asked', () => {
    const lines = serviceLines(answer.canonical, answer, nameOf)
    expect(lines.at(-1)?.text.trim()).toBe('\\xff')
  })
})

function wireOf(owner: string, type: string, rdata: string): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(parseType(type)!, 0)
  fixed.writeUInt16BE(1, 2)
  fixed.writeUInt16BE(rdata.length / 2, 8)
  return Buffer.concat([wireOfText(owner)!, fixed, Buffer.from(rdata, 'hex')])
}

describe('records', () => {
  const key = `0101030803010001${'98a1b2c3d4e5f60718293a4b5c6d7e8f'.repeat(5)}`

  it.each([
    ['C-Q-7: name, class, type, data', 'Mx.test', 'MX', '000a016d00', 'Mx.test IN MX 10 m'],
    ['C-Q-7: unknown types', 'u.test', 'TYPE4711', 'c0ffee', 'u.test IN TYPE4711 \\# 3 c0ffee'],
    ['critical CAA', 'c.test', 'CAA', '80056973737565', 'c.test IN CAA 128 issue ""\n        -- Flags: critical'],
  ])('%s', (_what, owner, type, rdata, text) => {
    expect(recordText(readRecord(wireOf(owner, type, rdata)), 80)).toBe(text)
  })

  it('C-Q-7: keys wrap under their own start, remarks follow', () => {
    const lines = recordText(readRecord(wireOf('key.test', 'DNSKEY', key)), 80).split('\n')
    expect(lines[0]).toBe('key.test IN DNSKEY 257 3 RSASHA256 AwEAAZihssPU5fYHGCk6S1xtfo+YobLD1OX2BxgpOktcb')
    expect(lines[1]).toBe(`${' '.repeat(35)}X6PmKGyw9Tl9gcYKTpLXG1+j5ihssPU5fYHGCk6S1xtfo`)
    expect(lines.slice(-2)).toEqual(['        -- Flags: SEP ZONE_KEY', '        -- Key tag: 23008'])
  })

  it('C-Q-7: a long head sends the key to lines of its own', () => {
    const rdata = '0001080200000e10600000005f000000a2b304746573740098a1b2c3d4e5f60718293a4b5c6d7e8f'
    expect(recordText(readRecord(wireOf('rrsig.test', 'RRSIG', rdata)), 80)).toBe(
      'rrsig.test IN RRSIG A RSASHA256 2 3600 20210114082536 20200704040520 41651 test\n        mKGyw9Tl9gcYKTpLXG1+jw==',
    )
  })

  it('TLSA numbers are explained', () => {
    expect(
      recordText(readRecord(wireOf('t.test', 'TLSA', '0301ffaa')), 80)
        .split('\n')
        .slice(1),
    ).toEqual([
      '        -- Cert. usage: Domain-issued certificate',
      '        -- Selector: SubjectPublicKeyInfo',
      '        -- Matching type: Unassigned',
    ])
  })

  it.each([
    ['A', 'c0000201', 'c0000201'],
    ['SSHFP', '0102aabb', 'aabb'],
    ['TLSA', '030101aabb', 'aabb'],
    ['OPENPGPKEY', 'aabb', 'aabb'],
    ['MX', '000a00', undefined],
  ])('C-Q-14: payload of %s', (type, rdata, payload) => {
    expect(payloadOf(readRecord(wireOf('x', type, rdata)))?.toString('hex')).toBe(payload)
  })

  it('C-Q-15: JSON has key and fields, no TTL', () => {
    const record = readRecord(wireOf('x.test', 'A', 'c0000201'))
    expect(recordObject(record)).toEqual({ key: { class: 1, type: 1, name: 'x.test' }, address: [192, 0, 2, 1] })
  })

  it('refuses every cut of a record', () => {
    const wire = wireOf('mx.test', 'MX', '000a016d00')
    for (let end = 0; end < wire.length; end++) expect(() => readRecord(wire.subarray(0, end))).toThrow(FormError)
  })
})

describe('C-Q-16: errors as JSON', () => {
  it.each([
    ['org.freedesktop.resolve1.DnsError.NXDOMAIN', { rcode: 3, error: 'io.systemd.Resolve.DNSError' }],
    ['org.freedesktop.resolve1.DnsError.4095', { rcode: 4095, error: 'io.systemd.Resolve.DNSError' }],
    ['org.freedesktop.resolve1.NoSuchRR', { error: 'io.systemd.Resolve.NoSuchResourceRecord' }],
    ['org.freedesktop.resolve1.NoNameServers', { error: 'io.systemd.Resolve.NoNameServers' }],
    ['org.freedesktop.DBus.Error.Timeout', { error: 'io.systemd.Resolve.QueryTimedOut' }],
    ['org.freedesktop.DBus.Error.InvalidArgs', { error: 'org.freedesktop.DBus.Error.InvalidArgs', message: 'm' }],
  ])('%s', (errorName, expected) => {
    expect(varlinkError('x.test', errorName, 'm')).toMatchObject({ name: 'x.test', ...expected })
  })
})

describe('3.8: errors that varlink only names', () => {
  it.each([
    ['DNSError', { rcode: 3, queryString: 'q.test' }, "Name 'q.test' not found"],
    ['DNSError', { rcode: 3, extendedDNSErrorCode: 15 }, "Name 'n.test' not found: (Blocked)"],
    ['DNSError', { rcode: 5 }, "Could not resolve 'n.test', server or network returned error: REFUSED"],
    [
      'DNSError',
      { rcode: 2, extendedDNSErrorCode: 22, extendedDNSErrorMessage: 'gone' },
      "Could not resolve 'n.test', server or network returned error: SERVFAIL (No Reachable Authority: gone)",
    ],
    ['NoSuchResourceRecord', {}, "'n.test' does not have any RR of the requested type"],
    ['ServiceNotProvided', {}, "'n.test' does not provide the requested service"],
    ['Unheard', {}, 'io.systemd.Resolve.Unheard'],
  ])('%s %j', (word, parameters, sentence) => {
    expect(failureSentence(`io.systemd.Resolve.${word}`, parameters, 'n.test')).toBe(sentence)
  })

  it('V-8, V-11: of the protocol and the system', () => {
    const system = { errno: 11, errnoName: 'EAGAIN' }
    expect(failureSentence('io.systemd.System', system, 'n')).toBe("Cannot look up 'n': EAGAIN")
    const busy = { ...system, errnoName: 'EBUSY' } // the name of an error number is no message
    expect(failureSentence('io.systemd.System', busy, 'n')).toBe("Cannot look up 'n': too many questions are under way")
    expect(failureSentence('org.varlink.service.InvalidParameter', { parameter: 'type' }, 'n')).toBe(
      'Invalid type parameter',
    )
  })

  it('texts are octets again', () => {
    expect(octalBytes(String.raw`a\042b\134c\303\274\377 \400`)).toEqual(
      Buffer.concat([Buffer.from('a"b\\cü'), Buffer.of(0xff), Buffer.from(String.raw` \400`)]),
    )
  })
})
