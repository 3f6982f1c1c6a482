import { describe, expect, test } from 'vitest'
import {
  cookieIn,
  cookieOption,
  expandName,
  foldQuestion,
  HEADER_SIZE,
  isSigned,
  isSpelledAlike,
  mixCase,
  OPTION,
  parseMessage,
  takesOption,
  textOfWire,
  withOwnOption,
} from '../../../src/wire/index.ts'
import { queryFor, replyFor } from '../../kit/messages.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'

const option = (code: number, size = 0) => ({ code, data: Buffer.alloc(size, 1) })
const nameIn = (message: Buffer) => textOfWire(expandName(message, HEADER_SIZE).wire)
const CLIENT = Buffer.from('0102030405060708', 'hex')
const SERVER = Buffer.alloc(16, 9)

function mixed(name: string, seed: number): { query: Buffer; hasLetters: boolean } {
  const query = queryFor(name)
  const hasLetters = mixCase(query, new SeededRandom(seed))
  return { query, hasLetters }
}

describe('dns0x20 §3: the letters of a question are drawn', () => {
  const LONG = `${'a'.repeat(63)}.${'z'.repeat(33)}.example`

  test.each(['www.example', 'a.b', 'x', LONG])('%s: only letters change, and one at least is a capital', (name) => {
    for (let seed = 1; seed < 50; seed++) {
      const { query, hasLetters } = mixed(name, seed)
      expect(hasLetters).toBe(true)
      expect(nameIn(query).toLowerCase()).toBe(name)
      expect(nameIn(query)).toMatch(/[A-Z]/)
      expect(query.subarray(HEADER_SIZE + name.length + 2)).toEqual(
        queryFor(name).subarray(HEADER_SIZE + name.length + 2),
      )
    }
  })

  test('each letter is drawn by itself, whatever the client wrote', () => {
    const spellings = new Set(Array.from({ length: 200 }, (_, seed) => nameIn(mixed('AbC.dEf', seed + 1).query)))
    expect(spellings.size).toBeGreaterThan(55) // of 63
    for (let at = 0; at < 7; at++)
      expect(new Set([...spellings].map((spelling) => spelling[at])).size).toBe(at === 3 ? 1 : 2)
  })

  test.each(['.', '1.0.0.127', '_-.42'])('%s has no letters', (name) => {
    expect(mixed(name, 1).hasLetters).toBe(false)
    expect(nameIn(mixed(name, 1).query)).toBe(name)
  })

  test('a reply is spelled alike to the letter only; where it has no question, nothing is known', () => {
    const { query } = mixed('www.example', 3)
    const reply = replyFor(query, { answer: ['www.example 60 A 192.0.2.1'] })
    expect(isSpelledAlike(reply, query)).toBe(true)
    const at = HEADER_SIZE + 2
    ;(reply[at] as number) ^= 0x20
    expect(isSpelledAlike(reply, query)).toBe(false)
    ;(reply[at] as number) ^= 0x20
    foldQuestion(reply)
    expect(isSpelledAlike(reply, query)).toBe(false)
    const header = Buffer.from(query.subarray(0, HEADER_SIZE))
    header.writeUInt16BE(0, 4)
    expect(isSpelledAlike(header, query)).toBe(true)
  })
})

describe('RFC 7873 §4: the cookie option', () => {
  test.each([
    ['a client cookie alone', undefined, 8],
    ['with the cookie of the server', SERVER, 24],
  ] as const)('%s', (_, server, size) => {
    const query = withOwnOption(queryFor('a.example', { edns: 1232 }), cookieOption(CLIENT, server))
    expect(parseMessage(query).opt?.options.map(({ code, data }) => [code, data.length])).toEqual([
      [OPTION.COOKIE, size],
    ])
    expect(cookieIn(query)).toEqual(Buffer.concat([CLIENT, server ?? Buffer.alloc(0)]))
  })

  test("§8: a relayed client's own cookie is taken out, with or without ours, and its other options stay", () => {
    const options = [option(OPTION.COOKIE, 24), option(OPTION.NSID), option(OPTION.PADDING, 5)]
    const query = queryFor('a.example', { dnssecOk: true, options })
    expect(parseMessage(withOwnOption(query, undefined)).opt?.options.map(({ code }) => code)).toEqual([OPTION.NSID])
    const ours = withOwnOption(query, cookieOption(CLIENT, undefined))
    expect(parseMessage(ours).opt?.options.map(({ code }) => code)).toEqual([OPTION.NSID, OPTION.COOKIE])
    expect(cookieIn(ours)).toEqual(CLIENT)
  })

  test('a message without OPT takes none, and has none', () => {
    const query = queryFor('a.example')
    expect(takesOption(query)).toBe(false)
    expect(withOwnOption(query, cookieOption(CLIENT, undefined))).toBe(query)
    expect(cookieIn(query)).toBeUndefined()
  })

  test('what is signed is known as such and takes none', () => {
    const tsig = Buffer.from([0, 0, 250, 0, 255, 0, 0, 0, 0, 0, 0])
    const query = Buffer.concat([queryFor('a.example', { edns: 1232 }), tsig])
    query.writeUInt16BE(2, 10)
    expect([isSigned(query), takesOption(query)]).toEqual([true, false])
    expect(isSigned(queryFor('a.example', { edns: 1232 }))).toBe(false)
  })
})
