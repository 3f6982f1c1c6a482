import { describe, expect, test } from 'vitest'
import { Budget, DEFAULT_LIMITS, nodeAlgorithms, readDnskey, readDs } from '../../../src/dnssec/index.ts'
import { usableKeys } from '../../../src/dnssec/keys.ts'
import { rrsetsOf } from '../../../src/dnssec/rrset.ts'
import { verifySet } from '../../../src/dnssec/signature.ts'
import { wireOfName } from '../../../src/wire/index.ts'
import { rr } from '../../kit/messages.ts'

/** The examples of the RFCs: rule, key, its tag, DS record if there is one, set, signature, a time when it is valid. */
interface Vector {
  readonly rule: string
  readonly key: string
  readonly tag: number
  readonly ds?: string
  readonly set: string
  readonly rrsig: string
  readonly now: string
}

const MX = 'example.com. 3600 IN MX 10 mail.example.com.'
const VECTORS: readonly Vector[] = [
  {
    rule: 'RFC 5702 §6.1: RSA/SHA-256',
    key: 'example.net. 3600 IN DNSKEY 256 3 8 AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk=',
    tag: 9033,
    set: 'www.example.net. 3600 IN A 192.0.2.91',
    rrsig:
      'www.example.net. 3600 IN RRSIG A 8 3 3600 20300101000000 20000101000000 9033 example.net. kRCOH6u7l0QGy9qpC9l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEacFYK/lPtPiVYP4bwg==',
    now: '2020-01-01',
  },
  {
    rule: 'RFC 5702 §6.2: RSA/SHA-512',
    key: 'example.net. 3600 IN DNSKEY 256 3 10 AwEAAdHoNTOW+et86KuJOWRDp1pndvwb6Y83nSVXXyLA3DLroROUkN6X0O6pnWnjJQujX/AyhqFDxj13tOnD9u/1kTg7cV6rklMrZDtJCQ5PCl/D7QNPsgVsMu1J2Q8gpMpztNFLpPBz1bWXjDtaR7ZQBlZ3PFY12ZTSncorffcGmhOL',
    tag: 3740,
    set: 'www.example.net. 3600 IN A 192.0.2.91',
    rrsig:
      'www.example.net. 3600 IN RRSIG A 10 3 3600 20300101000000 20000101000000 3740 example.net. tsb4wnjRUDnB1BUi+t6TMTXThjVnG+eCkWqjvvjhzQL1d0YRoOe0CbxrVDYd0xDtsuJRaeUw1ep94PzEWzr0iGYgZBWm/zpq+9fOuagYJRfDqfReKBzMweOLDiNa8iP5g9vMhpuv6OPlvpXwm9Sa9ZXIbNl1MBGk0fthPgxdDLw=',
    now: '2020-01-01',
  },
  {
    rule: 'RFC 6605 §6.1: ECDSA over 256 bits',
    key: 'example.net. 3600 IN DNSKEY 257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==',
    tag: 55_648,
    ds: 'example.net. 3600 IN DS 55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17',
    set: 'www.example.net. 3600 IN A 192.0.2.1',
    rrsig:
      'www.example.net. 3600 IN RRSIG A 13 3 3600 20100909100439 20100812100439 55648 example.net. qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==',
    now: '2010-08-20',
  },
  {
    rule: 'RFC 6605 §6.2: ECDSA over 384 bits',
    key: 'example.net. 3600 IN DNSKEY 257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40',
    tag: 10_771,
    ds: 'example.net. 3600 IN DS 10771 14 4 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983d6',
    set: 'www.example.net. 3600 IN A 192.0.2.1',
    rrsig:
      'www.example.net. 3600 IN RRSIG A 14 3 3600 20100909102025 20100812102025 10771 example.net. /L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuzWTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm',
    now: '2010-08-20',
  },
  {
    rule: 'RFC 8080 §6.1: Ed25519',
    key: 'example.com. 3600 IN DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=',
    tag: 3613,
    ds: 'example.com. 3600 IN DS 3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b',
    set: MX,
    rrsig:
      'example.com. 3600 IN RRSIG MX 15 2 3600 1440021600 1438207200 3613 example.com. oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==',
    now: '2015-08-05',
  },
  {
    rule: 'RFC 8080 §6.1: Ed25519, another key',
    key: 'example.com. 3600 IN DNSKEY 257 3 15 zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=',
    tag: 35_217,
    set: MX,
    rrsig:
      'example.com. 3600 IN RRSIG MX 15 2 3600 1440021600 1438207200 35217 example.com. zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD7AQR0O7KuI5k2pcBg==',
    now: '2015-08-05',
  },
  {
    rule: 'RFC 8080 §6.2: Ed448',
    key: 'example.com. 3600 IN DNSKEY 257 3 16 3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA',
    tag: 9713,
    ds: 'example.com. 3600 IN DS 9713 16 2 6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7',
    set: MX,
    rrsig:
      'example.com. 3600 IN RRSIG MX 16 2 3600 1440021600 1438207200 9713 example.com. 3cPAHkmlnxcDHMyg7vFC34l0blBhuG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiwZSAxGILn/NBtOXft0+Gj7FSvOKxE/07+4RQvE581N3Aj/JtIyaiYVdnYtyMWbSNyGEY2213WKsJlwEA',
    now: '2015-08-05',
  },
]

const ALGORITHMS = nodeAlgorithms()

function verdictOf({ key, set, rrsig, now }: Vector): string {
  const [keys] = rrsetsOf({ answer: [rr(key)], authority: [], additional: [] }, 'answer')
  const [signed] = rrsetsOf({ answer: [rr(set), rr(rrsig)], authority: [], additional: [] }, 'answer')
  if (keys === undefined || signed === undefined) return 'no set'
  const time = Date.parse(now) / 1000
  const usable = usableKeys(keys, ALGORITHMS)
  const work = verifySet(signed, keys.name, usable, time, new Budget(DEFAULT_LIMITS))
  for (;;) {
    const { value, done } = work.next()
    if (done !== true && value.kind === 'check') value.make()
    if (done === true) return value.kind === 'verified' ? 'verified' : value.result
  }
}

describe('S-ALG-1: signatures of the RFCs', () => {
  test.each(VECTORS.map((vector) => [vector.rule, vector] as const))('%s', (_rule, vector) => {
    expect(readDnskey(rr(vector.key).rdata)?.tag).toBe(vector.tag)
    expect(verdictOf(vector)).toBe('verified')
    const other = vector.set.replace('192.0.2.', '192.0.3.').replace('MX 10', 'MX 11')
    expect(verdictOf({ ...vector, set: other })).toBe('invalid')
  })

  test.each(VECTORS.filter(({ ds }) => ds !== undefined).map((vector) => [vector.rule, vector] as const))(
    '%s: its DS record',
    (_rule, { key, ds: line = '' }) => {
      const [owner, ds] = [rr(key), readDs(rr(line).rdata)]
      const data = Buffer.concat([wireOfName(owner.name), owner.rdata])
      const digest = ALGORITHMS.digests.get(ds?.digestType ?? 0)?.(data)
      expect(digest?.toString('hex')).toBe(ds?.digest.toString('hex'))
    },
  )
})
