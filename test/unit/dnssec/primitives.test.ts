import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeAlgorithms } from '../../../src/dnssec/algorithms.ts'
import { signedData } from '../../../src/dnssec/canonical.ts'
import { nsec3Hash } from '../../../src/dnssec/nsec3.ts'
import { commonAncestor, namesDown, orderKey, signedLabels } from '../../../src/dnssec/order.ts'
import { base32Hex, keyTag, readDnskey, readNsec, readNsec3, readRrsig } from '../../../src/dnssec/rdata.ts'
import { rsaJwk } from '../../../src/dnssec/rsa-key.ts'
import { rrsetsOf } from '../../../src/dnssec/rrset.ts'
import { serialDifference } from '../../../src/dnssec/signature.ts'
import { TypeBitmap } from '../../../src/dnssec/type-bitmap.ts'
import { nameOf, nameOfWire, TYPE } from '../../../src/wire/index.ts'
import { rr } from '../../kit/messages.ts'
import { SigningKey } from '../../kit/signing-key.ts'

describe('canonical order (RFC 4034 §6.1)', () => {
  test('the example of the RFC', () => {
    const sorted = ['example', 'a.example', 'yljkjljk.a.example', 'Z.a.example', 'zABC.a.EXAMPLE', 'z.example']
    const rest = ['\\001.z.example', '*.z.example', '\\200.z.example']
    const names = [...sorted, ...rest].map(nameOf)
    expect(names.toReversed().toSorted((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1))).toEqual(names)
  })

  const label = fc.uint8Array({ minLength: 1, maxLength: 4 })
  const name = fc.array(label, { maxLength: 4 }).map((labels) => {
    const wire = Buffer.concat([...labels.map((bytes) => Buffer.from([bytes.length, ...bytes])), Buffer.from([0])])
    return nameOfWire(wire)
  })
  /** As the RFC says it: label by label from the right, a missing one first. */
  const compared = (a: Uint8Array[], b: Uint8Array[]): number => {
    for (let i = 1; i <= Math.max(a.length, b.length); i++) {
      const [left, right] = [a.at(-i), b.at(-i)]
      if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? -1 : 1
      const order = Buffer.compare(left, right)
      if (order !== 0) return order
    }
    return 0
  }
  const lower = (labels: readonly Uint8Array[]) =>
    labels.map((bytes) => Uint8Array.from(bytes, (byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte)))
  const wire = (labels: readonly Uint8Array[]) =>
    nameOfWire(Buffer.concat([...labels.map((bytes) => Buffer.from([bytes.length, ...bytes])), Buffer.from([0])]))

  test('is that of labels as octets, from the right', () => {
    const labels = fc.array(label, { maxLength: 4 })
    fc.assert(
      fc.property(labels, labels, (a, b) => {
        const [left, right] = [orderKey(wire(a)), orderKey(wire(b))]
        expect(left < right ? -1 : left > right ? 1 : 0).toBe(compared(lower(a), lower(b)))
      }),
    )
  })

  test('the common ancestor is above both, and names lead down from it', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        const above = commonAncestor(a, b)
        expect([above, ...namesDown(above, a)].at(-1)).toBe(a)
        expect([above, ...namesDown(above, b)].at(-1)).toBe(b)
      }),
    )
  })

  test.each([
    ['*.example', 1],
    ['a.*.example', 3],
    ['.', 0],
  ])('labels of %s: %i', (text, count) => expect(signedLabels(nameOf(text))).toBe(count))
})

describe('records', () => {
  test.each([
    ['example', '0P9MHAVEQVM6T7VBL5LOP2U3T2RP3TOM'],
    ['a.example', '35MTHGPGCU1QG68FAB165KLNSNK3DPVL'],
    ['ai.example', 'GJEQE526PLBF1G8MKLP59ENFD789NJGI'],
    ['ns1.example', '2T7B4G4VSA5SMI47K61MV5BV1A22BOJR'],
    ['*.w.example', 'R53BQ7CC2UVMUBFU5OCMM6PERS9TK9EN'],
  ])('S-DEN-11: the hash of %s in RFC 5155, appendix A', (name, hash) => {
    expect(nsec3Hash(nameOf(name), Buffer.from('aabbccdd', 'hex'), 12)).toBe(hash)
  })

  test('hashes keep their order as text', () => {
    const bytes = fc.uint8Array({ minLength: 20, maxLength: 20 })
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(base32Hex(a) < base32Hex(b)).toBe(Buffer.compare(a, b) < 0)
      }),
    )
  })

  test('the key tag of RFC 4034 §5.4', () => {
    const line =
      'dskey.example.com. 86400 IN DNSKEY 256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw=='
    const { rdata } = rr(line)
    expect(keyTag(rdata)).toBe(60_485)
    expect(readDnskey(rdata)).toMatchObject({ flags: 256, protocol: 3, algorithm: 5 })
    const owner = Buffer.from('\x05dskey\x07example\x03com\0', 'latin1')
    const digest = nodeAlgorithms().digests.get(1)?.(Buffer.concat([owner, rdata]))
    expect(digest?.toString('hex')).toBe('2bb183af5f22588179a53b0a98631fad1a292118')
  })

  test.each(['', '00', '0000', '0021' + '00'.repeat(33), '000140000140', '01', '000240'])(
    'a list of types that is none: %s',
    (hex) => expect(hex === '' ? undefined : TypeBitmap.read(Buffer.from(hex, 'hex'))).toBe(undefined),
  )

  test('the list of types of RFC 4034 §4.3', () => {
    const types = TypeBitmap.read(Buffer.from(`0006400100000003041b${'00'.repeat(26)}20`, 'hex'))
    expect(types && [...types]).toEqual([TYPE.A, TYPE.MX, TYPE.RRSIG, TYPE.NSEC, 1234])
  })

  test('readers take no half of a record', () => {
    const whole = [
      rr('a.test NSEC b.test A RRSIG'),
      rr('0P9MHAVEQVM6T7VBL5LOP2U3T2RP3TOM.test NSEC3 1 0 0 aabb 0P9MHAVEQVM6T7VBL5LOP2U3T2RP3TOM A'),
      rr('a.test RRSIG A 15 2 300 20260101000000 20250101000000 1 test. AA=='),
    ]
    for (const record of whole) {
      const read = { [TYPE.NSEC]: readNsec, [TYPE.NSEC3]: readNsec3, [TYPE.RRSIG]: readRrsig }[record.type] as (
        record: (typeof whole)[number],
      ) => unknown
      expect(read(record)).toBeDefined()
      expect(read({ ...record, rdata: record.rdata.subarray(0, record.rdata.length - 1) })).toBeUndefined()
    }
  })

  test.each([
    [5, 3, 2],
    [0, 0xffff_ffff, 1],
    [0xffff_fff0, 16, -32],
  ])('S-SIG-4: %i less %i in serial arithmetic is %i', (a, b, difference) =>
    expect(serialDifference(a, b)).toBe(difference),
  )
})

describe('signed data (RFC 4034 §6)', () => {
  const rrsig = readRrsig(rr('a.test RRSIG A 15 2 300 20260101000000 20250101000000 1 Test. AA=='))
  const data = (...lines: string[]) => {
    const [set] = rrsetsOf({ answer: lines.map(rr), authority: [], additional: [] }, 'answer')
    return set && rrsig && signedData(set, rrsig)?.toString('hex')
  }

  test('neither order, repetition, case of the owner nor TTL matters', () => {
    const canonical = data('a.test 300 A 192.0.2.1', 'a.test 300 A 192.0.2.2')
    expect(data('a.test 300 A 192.0.2.2', 'A.TEST 5 A 192.0.2.1', 'a.test 300 A 192.0.2.2')).toBe(canonical)
    expect(data('a.test 300 A 192.0.2.2', 'a.test 300 A 192.0.2.3')).not.toBe(canonical)
  })

  test('names in old types are in lower case, in NSEC and new types as they are', () => {
    expect(data('a.test 300 MX 1 Mail.Test.')).toBe(data('a.test 300 MX 1 mail.test.'))
    expect(data('a.test 300 NSEC B.test. A')).not.toBe(data('a.test 300 NSEC b.test. A'))
  })
})

describe('keys', () => {
  const rsa = (size: number, e = Buffer.from([3, 1, 0, 1])) => Buffer.concat([e, Buffer.alloc(size, 0xff)])

  test.each([
    ['512 bits', rsa(64), true],
    ['504 bits', rsa(63), false],
    ['4096 bits', rsa(512), true],
    ['4104 bits', rsa(513), false],
    ['an even exponent', rsa(128, Buffer.from([1, 4])), false],
    ['exponent 1', rsa(128, Buffer.from([1, 1])), false],
    ['an exponent of 72 bits', rsa(128, Buffer.from([9, ...Buffer.alloc(9, 0xff)])), false],
    ['a long form of the exponent’s size', rsa(128, Buffer.from([0, 0, 1, 3])), true],
    ['nothing', Buffer.alloc(0), false],
  ])('S-ALG-1: RSA with %s', (_what, key, isKey) => expect(rsaJwk(key) !== undefined).toBe(isKey))

  test.each([8, 13, 14, 15, 16])('S-ALG-1: no bytes make algorithm %i throw', (number) => {
    const algorithm = nodeAlgorithms().signatures.get(number)
    const { rdata } = new SigningKey(number)
    const sizes = [0, 1, 31, 32, 33, 57, 64, 96, 114, 128]
    for (const size of sizes) {
      const signature = Buffer.alloc(size, 7)
      expect(algorithm?.importKey(rdata.subarray(4))?.verify(Buffer.from('x'), signature)).toBe(false)
      expect(algorithm?.importKey(Buffer.alloc(size, 9))?.verify(Buffer.from('x'), signature) ?? false).toBe(false)
    }
  })
})
