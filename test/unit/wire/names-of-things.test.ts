import { describe, expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import {
  addressOfReverseName,
  CLASS,
  isObsoleteType,
  isSameRecord,
  isUnaskableType,
  isZoneTransfer,
  matches,
  mayBeRedirected,
  nameOf,
  parseClass,
  parseType,
  questionText,
  rcodeText,
  redirectFrom,
  reverseNameOf,
  toAscii,
  toUnicode,
  TYPE,
  typeText,
  wireOfRecord,
} from '../../../src/wire/index.ts'
import { rr } from '../../kit/messages.ts'

describe('reverse names', () => {
  test.each([
    ['192.0.2.1', '1.2.0.192.in-addr.arpa'],
    ['2001:db8::1', '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa'],
    ['::', `${'0.'.repeat(32)}ip6.arpa`],
  ])('%s', (address, name) => {
    expect(reverseNameOf(IpAddress.of(address))).toBe(name)
    expect(addressOfReverseName(nameOf(name))?.text).toBe(address)
  })

  test.each([
    ['1.0.0.127.in-addr.arpa.example'],
    ['2.0.192.in-addr.arpa'],
    ['5.1.2.0.192.in-addr.arpa'],
    ['256.2.0.192.in-addr.arpa'],
    ['01.2.0.192.in-addr.arpa'],
    ['in-addr.arpa'],
    ['8.b.d.0.1.0.0.2.ip6.arpa'],
    [`${'g.'.repeat(32)}ip6.arpa`],
    [`${'10.'.repeat(32)}ip6.arpa`],
    ['www.example'],
  ])('%s stands for no address', (name) => {
    expect(addressOfReverseName(nameOf(name))).toBeUndefined()
  })
})

describe('IDNA', () => {
  test.each([
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['bücher。example', 'xn--bcher-kva.example'],
    ['straße.example.', 'xn--strae-oqa.example.'],
    ['plain.example', 'plain.example'],
    ['1.2', '1.2'],
    ['_sip._tcp.bücher', '_sip._tcp.xn--bcher-kva'],
    ['ä.1.2', 'xn--4ca.1.2'],
    ['日本.test.', 'xn--wgv71a.test.'],
    ['ü..example', undefined],
    ['\u{e000}.example', undefined],
  ])('%s', (text, ascii) => {
    expect(toAscii(text)).toBe(ascii)
  })

  test.each([
    ['xn--bcher-kva.example', 'bücher.example'],
    ['XN--Bcher-KVA.example', 'bücher.example'],
    ['~xn--bcher-kva.test', '~bücher.test'],
    ['www.xn--e1afmkfd.xn--p1ai', 'www.пример.рф'],
    ['xn--fiqs8s', '中国'],
    ['xn--pple-43d.com', 'xn--pple-43d.com'], // Cyrillic а before Latin letters
    ['my-xn--bcher-kva.test', 'my-xn--bcher-kva.test'],
    ['xn--a.example', 'xn--a.example'],
    ['a\\.b.example', 'a\\.b.example'],
  ])('%s for people', (ascii, text) => {
    expect(toUnicode(ascii)).toBe(text)
  })
})

describe('types, classes and rcodes', () => {
  test.each([
    ['A', 1],
    ['https', 65],
    ['TYPE65', 65],
    ['type65535', 65_535],
    ['TYPE65536', undefined],
    ['TYPE', undefined],
    ['TYPE-1', undefined],
    ['nonsense', undefined],
    ['constructor', undefined],
  ])('type %s', (text, type) => {
    expect(parseType(text)).toBe(type)
  })

  test('numbers without a name follow RFC 3597', () => {
    expect([typeText(65), typeText(4711), parseClass('ch'), parseClass('CLASS7')]).toEqual(['HTTPS', 'TYPE4711', 3, 7])
    expect([rcodeText(3), rcodeText(12), questionText({ name: nameOf('a'), type: 1, class: 9 })]).toEqual([
      'NXDOMAIN',
      '12',
      'a CLASS9 A',
    ])
  })

  test.each([
    ['R-STUB-7: cannot stand in a question', isUnaskableType, [0, 41, 249, 250, 46]],
    ['R-STUB-9: zone transfers', isZoneTransfer, [251, 252]],
    ['R-STUB-9: obsolete types', isObsoleteType, [3, 4, 7, 8, 9, 10, 11, 14, 30, 38, 253, 254]],
  ])('%s', (_rule, holds, types) => {
    const all = Array.from({ length: 300 }, (_, type) => type).filter((type) => holds(type))
    expect(all).toEqual(types.toSorted((a, b) => a - b))
  })

  test('R-CACHE-13: types that stay where they are asked', () => {
    const all = Array.from({ length: 300 }, (_, type) => type).filter((type) => !mayBeRedirected(type))
    expect(all.map(typeText)).toEqual([
      'CNAME',
      'SIG',
      'KEY',
      'NXT',
      'DNAME',
      'OPT',
      'RRSIG',
      'NSEC',
      'NSEC3',
      'TKEY',
      'TSIG',
      'IXFR',
      'AXFR',
      'ANY',
    ])
  })
})

describe('redirects', () => {
  const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.test`

  test.each([
    ['a CNAME', 'a.test', ['a.test 1 CNAME b.test'], 'b.test'],
    ['somebody else’s CNAME', 'a.test', ['c.test 1 CNAME b.test'], undefined],
    ['a DNAME above', 'x.y.old.test', ['old.test 1 DNAME new.test'], 'x.y.new.test'],
    ['RFC 6672 §2.2: a DNAME leaves its own name alone', 'old.test', ['old.test 1 DNAME new.test'], undefined],
    ['a DNAME at the root', 'a.test', ['. 1 DNAME x'], 'a.test.x'],
    ['a DNAME to the root', 'a.old.test', ['old.test 1 DNAME .'], 'a'],
    [
      'the CNAME before the DNAME that made it',
      'x.old.test',
      ['old.test 1 DNAME new.test', 'x.old.test 1 CNAME y.new.test'],
      'y.new.test',
    ],
    ['RFC 6672 §2.2: a name that gets too long', `${'d'.repeat(60)}.old.test`, [`old.test 1 DNAME ${long}`], undefined],
    ['nothing', 'a.test', [], undefined],
  ])('%s', (_what, name, records, target) => {
    expect(redirectFrom(nameOf(name), records.map(rr))?.target).toBe(target)
  })

  test.each([
    ['same type', TYPE.A, CLASS.IN, true],
    ['another type', TYPE.AAAA, CLASS.IN, false],
    ['any type', TYPE.ANY, CLASS.IN, true],
    ['another class', TYPE.A, CLASS.CH, false],
    ['any class', TYPE.A, CLASS.ANY, true],
  ])('a record matches a question of %s', (_what, type, questionClass, expected) => {
    const record = rr('a.test 1 A 192.0.2.1')
    expect(matches(record, nameOf('a.test'), type, questionClass)).toBe(expected)
    expect(matches(record, nameOf('b.test'), type, questionClass)).toBe(false)
  })
})

test('records are the same when all but their TTL is', () => {
  const record = rr('a.test 1 A 192.0.2.1')
  expect(isSameRecord(record, rr('A.test 9 A 192.0.2.1'))).toBe(true)
  expect(isSameRecord(record, rr('a.test 1 A 192.0.2.2'))).toBe(false)
})

test('dbus.md §3.3: a record in full wire form', () => {
  const wire = wireOfRecord(rr('a.test 300 A 192.0.2.1'))
  expect(wire.toString('hex')).toBe('0161047465737400000100010000012c0004c0000201')
})
