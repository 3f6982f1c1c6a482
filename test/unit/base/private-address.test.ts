import { describe, expect, test } from 'vitest'
import { IpAddress, isPrivateAddress } from '../../../src/base/index.ts'

const isPrivate = (text: string) => isPrivateAddress(IpAddress.of(text).bytes)

describe('RFC 6890: addresses that nobody has on the Internet', () => {
  test.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.0',
    '10.255.255.255',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.0.1',
    '169.254.1.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '192.168.255.255',
    '::',
    '::1',
    'fe80::1',
    'febf::1',
    'fc00::1',
    'fdff::1',
    'fec0::1',
  ])('%s', (text) => expect(isPrivate(text)).toBe(true))

  test.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '192.169.0.0',
    '255.255.255.255',
    '2001:db8::1',
    'fbff::1',
    'fe00::1',
    'ff02::1',
    '2606:4700::1111',
  ])('%s is none of them', (text) => expect(isPrivate(text)).toBe(false))
})

describe('the same as IPv6 writes them', () => {
  test.each([
    ['mapped', (v4: string) => `::ffff:${v4}`],
    ['compatible', (v4: string) => `::${v4}`],
    ['NAT64, RFC 6052', (v4: string) => `64:ff9b::${v4}`],
    ['NAT64, RFC 8215', (v4: string) => `64:ff9b:1::${v4}`],
  ])('%s', (_, write) => {
    for (const v4 of ['10.0.0.1', '127.0.0.1', '192.168.1.1', '169.254.0.1', '0.0.0.0'])
      expect(isPrivate(write(v4))).toBe(true)
    for (const v4 of ['1.1.1.1', '8.8.8.8', '192.0.2.1']) expect(isPrivate(write(v4))).toBe(false)
  })

  test('6to4, RFC 3056', () => {
    expect(isPrivate('2002:c0a8:0101::1')).toBe(true)
    expect(isPrivate('2002:0101:0101::1')).toBe(false)
  })
})

test('bytes that are no address are none of them', () => {
  expect([0, 3, 5, 15, 17].map((size) => isPrivateAddress(new Uint8Array(size)))).toEqual(Array(5).fill(false))
})
