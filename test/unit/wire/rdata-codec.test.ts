import { describe, expect, it } from 'vitest'
import { decodeRdata, encodeRdata, TYPE, wireOfText } from '../../../src/wire/index.ts'

const wire = (text: string) => wireOfText(text) as Buffer

describe('typed data of records', () => {
  it('reads and writes back the same bytes', () => {
    const rdata = Buffer.concat([Buffer.from('000a001413c4', 'hex'), wire('one.test')])
    const value = decodeRdata(TYPE.SRV, rdata)
    expect(value).toEqual({ priority: 10, weight: 20, port: 5060, target: 'one.test' })
    expect(encodeRdata(TYPE.SRV, value!)).toEqual(rdata)
  })

  it.each([TYPE.HTTPS, TYPE.OPENPGPKEY, 4711])('keeps the bytes of type %i, which dns-packet does not know', (type) => {
    expect(decodeRdata(type, Buffer.from('c0ffee', 'hex'))).toEqual(Buffer.from('c0ffee', 'hex'))
    expect(encodeRdata(type, Buffer.from('c0ffee', 'hex'))).toEqual(Buffer.from('c0ffee', 'hex'))
  })

  it('writes types inside NSEC that it does not know as UNKNOWN_n', () => {
    const rdata = Buffer.concat([wire('n.test'), Buffer.from('0009400000000000000040', 'hex')])
    expect(decodeRdata(TYPE.NSEC, rdata)).toMatchObject({ rrtypes: ['A', 'UNKNOWN_65'] })
  })

  it.each([
    ['a dot in a label', TYPE.PTR, wire('a\\.b.test')],
    ['a label that is not UTF-8', TYPE.CNAME, wire('\\255.test')],
    ['a string that is not UTF-8', TYPE.HINFO, Buffer.from('01ff0161', 'hex')],
    ['a DNSKEY of another protocol', TYPE.DNSKEY, Buffer.from('01010208aa', 'hex')],
    ['a short MX', TYPE.MX, Buffer.from('00', 'hex')],
    ['an A of five bytes', TYPE.A, Buffer.alloc(5)],
    ['an empty TXT string list that runs over', TYPE.TXT, Buffer.from('0561', 'hex')],
  ])('declines %s', (_what, type, rdata) => {
    expect(decodeRdata(type, rdata)).toBeUndefined()
  })

  it('does not write into what it is given', () => {
    const items = ['a', 'b']
    expect(encodeRdata(TYPE.TXT, items)).toEqual(Buffer.from('01610162', 'hex'))
    expect(items).toEqual(['a', 'b'])
  })

  it('refuses data of another type', () => {
    expect(() => encodeRdata(TYPE.DNSKEY, 'text')).toThrow(TypeError)
  })
})
