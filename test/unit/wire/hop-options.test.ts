import { describe, expect, test } from 'vitest'
import { OPTION, parseMessage, withHopOptions, withoutHopOptions, withoutOpt } from '../../../src/wire/index.ts'
import { queryFor, replyFor } from '../../kit/messages.ts'

const option = (code: number, size = 0) => ({ code, data: Buffer.alloc(size, 1) })
const codesOf = (message: Buffer) => parseMessage(message).opt?.options.map(({ code }) => code)

describe('E-TLS-7: padding of queries', () => {
  test.each(['a.example', `${'a'.repeat(60)}.example`, `${'a'.repeat(63)}.${'b'.repeat(50)}.example`])('%s', (name) => {
    const padded = withHopOptions(queryFor(name, { edns: 1232 }), false)
    expect(padded.length % 128).toBe(0)
    expect(codesOf(padded)?.at(-1)).toBe(OPTION.PADDING)
    expect(parseMessage(padded).question?.name).toBe(name)
  })

  test('every length comes to the next multiple of 128, and no further', () => {
    for (let size = 0; size < 200; size++) {
      const query = queryFor('a.example', { options: [option(65_001, size)] })
      const padded = withHopOptions(query, false)
      expect(padded.length % 128).toBe(0)
      expect(padded.length).toBeGreaterThanOrEqual(query.length + 4)
      expect(padded.length).toBeLessThan(query.length + 4 + 128)
    }
  })

  test('a query without EDNS stays as it is', () => {
    const query = queryFor('a.example')
    expect(withHopOptions(query, true)).toBe(query)
  })

  test('a relayed question without EDNS gets an OPT record for the way, and its reply is without one again', () => {
    const query = queryFor('a.example')
    const padded = withHopOptions(query, true, true)
    expect(padded.length).toBe(128)
    expect(codesOf(padded)).toEqual([OPTION.TCP_KEEPALIVE, OPTION.PADDING])
    const opt = {
      payloadSize: 1232,
      extendedRcode: 0,
      version: 0,
      dnssecOk: false,
      options: [option(OPTION.PADDING, 300)],
    }
    const answer = ['a.example 60 A 192.0.2.1']
    const reply = withoutHopOptions(replyFor(padded, { answer, opt })).message
    expect(withoutOpt(query, reply)).toEqual(replyFor(query, { answer }))
    expect(withoutOpt(queryFor('a.example', { edns: 1232 }), reply)).toBe(reply) // it had asked with EDNS
  })

  test.each([0, 5, 11, 14])('what is no message, of %d bytes, stays as it is', (size) => {
    const query = queryFor('a.example').subarray(0, size)
    expect(withHopOptions(query, true, true)).toBe(query)
  })

  test('a query with a record behind OPT, such as a signature, stays as it is', () => {
    const query = Buffer.concat([
      queryFor('a.example', { edns: 1232 }),
      Buffer.from([0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 0]),
    ])
    query.writeUInt16BE(2, 10)
    expect(withHopOptions(query, true, true)).toBe(query)
  })
})

test('E-TLS-6: asks for the keepalive time with an empty option, before the padding', () => {
  expect(codesOf(withHopOptions(queryFor('a.example', { edns: 1232 }), true))).toEqual([
    OPTION.TCP_KEEPALIVE,
    OPTION.PADDING,
  ])
})

test("E-TLS-9: a relayed client's cookie, keepalive and padding are not passed on, others are", () => {
  const options = [
    option(OPTION.COOKIE, 8),
    option(OPTION.NSID),
    option(OPTION.TCP_KEEPALIVE),
    option(OPTION.PADDING, 77),
  ]
  const query = queryFor('a.example', { dnssecOk: true, options })
  const passed = withHopOptions(query, false)
  expect(codesOf(passed)).toEqual([OPTION.NSID, OPTION.PADDING])
  expect(parseMessage(passed).opt?.dnssecOk).toBe(true)
  expect(passed.length).toBe(128)
})

describe('E-TLS-6, E-TLS-9: replies', () => {
  const reply = (...options: { code: number; data: Buffer }[]) =>
    replyFor(queryFor('a.example', { edns: 1232 }), {
      answer: ['a.example 60 A 192.0.2.1'],
      opt: { payloadSize: 1232, extendedRcode: 0, version: 0, dnssecOk: false, options },
    })
  const timeout = (units: number) => ({ code: OPTION.TCP_KEEPALIVE, data: Buffer.from([units >> 8, units & 255]) })

  test.each([
    [0, 0],
    [50, 5000],
    [65_535, 6_553_500],
  ])('a keepalive of %d units is %d ms', (units, millis) => {
    expect(withoutHopOptions(reply(timeout(units))).keepalive).toBe(millis)
  })

  test('padding and keepalive are taken out, and the rest is the same', () => {
    const { message, keepalive } = withoutHopOptions(
      reply(option(OPTION.NSID, 3), timeout(9), option(OPTION.PADDING, 300)),
    )
    expect(message).toEqual(reply(option(OPTION.NSID, 3)))
    expect(keepalive).toBe(900)
  })

  test('a keepalive option of another size says nothing', () => {
    expect(withoutHopOptions(reply(option(OPTION.TCP_KEEPALIVE, 3))).keepalive).toBeUndefined()
  })

  test('what cannot be read stays as it is', () => {
    const cut = reply(option(OPTION.PADDING, 40)).subarray(0, -1)
    expect(withoutHopOptions(cut)).toEqual({ message: cut, keepalive: undefined })
    const overrun = reply(option(OPTION.PADDING, 40))
    overrun.writeUInt16BE(41, overrun.length - 42)
    expect(withoutHopOptions(overrun)).toEqual({ message: overrun, keepalive: undefined })
    for (const size of [0, 5, 12]) expect(() => withoutHopOptions(Buffer.alloc(size))).not.toThrow()
  })
})
