import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseType, rdataText, recordJson, typeMnemonics, wireOfText } from '../../../src/wire/index.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const name = (text: string) => (wireOfText(text) as Buffer).toString('hex')
const type = (text: string) => parseType(text) as number

// biome-ignore format: a table reads better in rows
const texts: readonly (readonly [type: string, rdata: string, text: string])[] = [
  ['A', 'c000020b', '192.0.2.11'],
  ['AAAA', 'fd000000000000000000000000000009', 'fd00::9'],
  ['NS', name('ns.test'), 'ns.test'],
  ['PTR', '06612e625cff2004 7465737400', 'a\\.b\\\\\\255\\032.test'],
  ['CNAME', name('One.Test'), 'One.Test'],
  ['DNAME', name('other.test'), 'other.test'],
  ['MX', `000a${name('mail.test')}`, '10 mail.test'],
  ['MX', '000000', '0 .'],
  ['SOA', `${name('ns.test')}${name('host.test')} 00000001 00000e10 00000384 00093a80 0000012c`, 'ns.test host.test 1 3600 900 604800 300'],
  ['TXT', '0661225c62ff0a 0474657374', '"a\\034\\\\b\\255\\010" "test"'],
  ['SPF', '0461626364', '"abcd"'],
  ['TXT', '00', '""'],
  ['SRV', `000a001413c4${name('one.test')}`, '10 20 5060 one.test'],
  ['NAPTR', '0064 0032 0153 0553 69702b44 00 00', '100 50 "S" "Sip+D" "" .'],
  ['CAA', '00 056973737565 63612e746573743b2061', '0 issue "ca.test; a"'],
  ['DS', 'a2b30802aabbccdd', '41651 8 2 aabbccdd'],
  ['CDS', '0000000000', '0 0 0 00'],
  ['DNSKEY', '01010308aabbccdd', '257 3 RSASHA256 qrvM3Q=='],
  ['CDNSKEY', '0101030daabbcc', '257 3 ECDSAP256SHA256 qrvM'],
  ['RRSIG', `0001080200000e10600000005f000000a2b3${name('test')}98a1b2c3`, 'A RSASHA256 2 3600 20210114082536 20200704040520 41651 test mKGyww=='],
  ['NSEC', `${name('next.test')} 0006 400000000003`, 'next.test ( A RRSIG NSEC )'],
  ['NSEC', `${name('.')} 0001 40 ff02 0001`, '. ( A TYPE65295 )'],
  ['NSEC3', '0100000a02abcd14aabbccddeeff00112233445566778899aabbccdd 0006400000000002', '1 0 10 abcd LATSPNFEVS0128HJ8HAMCTS8J6LBNJ6T ( A RRSIG )'],
  ['NSEC3PARAM', '0100000000', '1 0 0 -'],
  ['TLSA', '030101aabb', '3 1 1 aabb'],
  ['SMIMEA', '030101aabb', '3 1 1 aabb'],
  ['SSHFP', '0102aabb', '1 2 aabb'],
  ['OPENPGPKEY', '98a1b2', 'mKGy'],
  ['HINFO', '03783836 03 4c696e', 'x86 Lin'],
  ['HINFO', '0161 03 622063', 'a "b c"'],
  ['RP', `${name('host.test')}${name('txt.test')}`, 'host.test txt.test'],
  ['AFSDB', `0001${name('host.test')}`, '1 host.test'],
  ['LOC', '00121613 8b0d2c8c 7ff8fca5 00989680', '51 30 12.748 N 0 7 39.611 W 0.00m 1.00m 10000.00m 10.00m'],
  ['LOC', '01121613 8b0d2c8c 7ff8fca5 00989680', '1 18 22 19 2332896396 2147024037 10000000'],
  ['SVCB', `0000${name('svc.test')}`, '0 svc.test'],
  ['HTTPS', '0001 00 0001 0006 026832 026833 0003 0002 20fb 0004 0004 c0000201', '1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.1'],
  ['HTTPS', '0001 00 0000 0004 00010003 0002 0000 0006 0010 20010db8000000000000000000000001 fde8 0002 2261', '1 . mandatory=alpn,port no-default-alpn ipv6hint=2001:db8::1 key65000="\\034a"'],
  ['HTTPS', '0001 00 0001 0008 07 612c625c632264', '1 . alpn="a\\\\,b\\\\\\\\c\\034d"'],
  ['HTTPS', '0001 00 0003 0001 01', '1 . port="\\001"'],
  ['URI', '000a0001 687474703a2f2f612f', '10 1 "http://a/"'],
  ['EUI48', '0011223344ff', '00-11-22-33-44-ff'],
  ['EUI64', '00112233445566ff', '00-11-22-33-44-55-66-ff'],
  ['TYPE4711', 'c0ffee', '\\# 3 c0ffee'],
  ['TYPE4711', '', '\\# 0'],
  ['MX', '00', '\\# 1 00'],
  ['A', 'c000020b00', '\\# 5 c000020b00'],
  ['TXT', '', '\\# 0'],
  ['TXT', '0561', '\\# 2 0561'],
  ['HTTPS', '0001 00 0003 0000 0001 0000', '\\# 11 0001000003000000010000'],
  ['NSEC', '00 0000', '\\# 3 000000'],
  ['PTR', 'c000', '\\# 2 c000'],
  ['OPENPGPKEY', '', '\\# 0'],
  ['DS', 'a2b30802', '\\# 4 a2b30802'],
  ['NSEC3', '0100000a0000', '\\# 6 0100000a0000'],
]

describe('presentation of rdata', () => {
  it.each(texts)('%s %s', (mnemonic, rdata, text) => {
    expect(rdataText(type(mnemonic), hex(rdata))).toBe(text)
  })

  it('never throws, whatever the bytes (RFC 3597 §5)', () => {
    const anyRdata = fc.tuple(fc.constantFrom(...typeMnemonics().map(type)), fc.uint8Array({ maxLength: 60 }))
    fc.assert(
      fc.property(anyRdata, ([number, bytes]) => {
        expect(rdataText(number, Buffer.from(bytes))).toMatch(/^[ -~]+$/)
        recordJson({ class: 1, type: number, name: 'x' }, Buffer.from(bytes))
      }),
      { numRuns: 5_000 },
    )
  })
})

// biome-ignore format: a table reads better in rows
const jsons: readonly (readonly [type: string, rdata: string, data: object | undefined])[] = [
  ['A', 'c000020b', { address: [192, 0, 2, 11] }],
  ['PTR', name('a.test'), { name: 'a.test' }],
  ['MX', `000a${name('mail.test')}`, { priority: 10, exchange: 'mail.test' }],
  ['TXT', '0461225c0a', { items: ['a\\042\\134\\012'] }],
  ['SRV', `000a001413c4${name('one.test')}`, { priority: 10, weight: 20, port: 5060, name: 'one.test' }],
  ['DS', 'a2b30802aabb', { keyTag: 41651, algorithm: 8, digestType: 2, digest: 'aabb' }],
  ['DNSKEY', '01010308aabbccdd', { flags: 257, protocol: 3, algorithm: 8, dnskey: 'qrvM3Q==' }],
  ['NSEC', `${name('n.test')}0006400000000003`, { nextDomain: 'n.test', types: [1, 46, 47] }],
  ['NSEC3', '0100000a02abcd02aabb 000140', { algorithm: 1, flags: 0, iterations: 10, salt: 'abcd', hash: 'LATG', types: [1] }],
  ['HINFO', '03783836 03 4c696e', { cpu: 'x86', os: 'Lin' }],
  ['CAA', '80 056973737565 22', { flags: 128, tag: 'issue', value: '\\042' }],
  ['HTTPS', '0001 00 0001 0006 026832026833 0003 0002 01bb', { priority: 1, target: '.', svcparams: { alpn: 'h2,h3', port: '443' } }],
  ['URI', '000a000161', undefined],
  ['TYPE4711', 'c0ffee', undefined],
  ['A', 'c0', undefined],
]

describe('JSON of a record (varlink.md §3.2)', () => {
  it.each(jsons)('%s %s', (mnemonic, rdata, data) => {
    const key = { class: 1, type: type(mnemonic), name: 'x.test' }
    expect(recordJson(key, hex(rdata))).toEqual(data && { key, ...data })
  })
})
