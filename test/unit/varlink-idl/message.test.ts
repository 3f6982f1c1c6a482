import { expect, test } from 'vitest'
import { encodeError, encodeReply, parseCall } from '../../../src/varlink-idl/message.ts'
import { ProtocolError } from '../../../src/varlink-idl/protocol-error.ts'

const PLAIN = { more: false, oneway: false, upgrade: false }

const GOOD: [string, string, object][] = [
  ['V-3: method alone', '{"method":"a.B"}', { method: 'a.B', parameters: {}, ...PLAIN }],
  ['V-3: parameters null', '{"method":"a.B","parameters":null}', { method: 'a.B', parameters: {}, ...PLAIN }],
  ['V-3: more', '{"method":"a.B","more":true}', { method: 'a.B', parameters: {}, ...PLAIN, more: true }],
  [
    'V-3: flags may be false',
    '{"method":"","more":false,"oneway":true}',
    { method: '', parameters: {}, ...PLAIN, oneway: true },
  ],
  [
    'V-7: null parameters are absent',
    '{"method":"m","parameters":{"a":null,"b":0}}',
    { method: 'm', parameters: { b: 0 }, ...PLAIN },
  ],
  ['white space and newlines', '\n { "method" : "m" }\n', { method: 'm', parameters: {}, ...PLAIN }],
  ['brackets in strings are not nesting', `{"method":"${'['.repeat(100)}\\"${'{,'.repeat(20_000)}"}`, { ...PLAIN }],
]
test.each(GOOD)('%s', (_, text, expected) => {
  expect(parseCall(Buffer.from(text))).toMatchObject(expected)
})

const BAD: [string, string | Buffer][] = [
  ['V-1: nothing', ''],
  ['V-1: not JSON', 'hello'],
  ['V-1: not an object', '["method"]'],
  ['V-1: null', 'null'],
  ['V-1: two objects', '{"method":"a"}{"method":"b"}'],
  ['V-1: not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])],
  ['V-1: byte order mark', '\ufeff{"method":"m"}'],
  ['V-3: no method', '{"parameters":{}}'],
  ['V-3: method not a string', '{"method":1}'],
  ['V-3: unknown key', '{"method":"m","params":{}}'],
  ['V-3: unknown key __proto__', '{"method":"m","__proto__":{}}'],
  ['V-3: parameters not an object', '{"method":"m","parameters":[]}'],
  ['V-3: more not a boolean', '{"method":"m","more":1}'],
  ['V-3: more null', '{"method":"m","more":null}'],
  ['V-3: more and oneway', '{"method":"m","more":true,"oneway":true}'],
  ['V-3: oneway and upgrade', '{"method":"m","upgrade":true,"oneway":true}'],
  ['nested too deeply', `{"method":"m","parameters":{"a":${'['.repeat(100)}${']'.repeat(100)}}}`],
  ['too many values', `{"method":"m","parameters":{"a":[${'0,'.repeat(20_000)}0]}}`],
  ['string without end', '{"method":"m'],
  ['escape without end', '{"method":"m\\'],
]
test.each(BAD)('%s is a protocol error', (_, bytes) => {
  expect(() => parseCall(Buffer.from(bytes as string))).toThrow(ProtocolError)
})

test('__proto__ among the parameters is a member like any other', () => {
  const { parameters } = parseCall(Buffer.from('{"method":"m","parameters":{"__proto__":{"x":1}}}'))
  expect(Object.keys(parameters)).toEqual(['__proto__'])
  expect(Object.getPrototypeOf(parameters)).toBe(Object.prototype)
})

test('every prefix of a call is a protocol error', () => {
  const text = Buffer.from('{"method":"a.b.C","parameters":{"name":"\\u00e9\\\\","list":[1,{"a":null}]},"more":true}')
  for (let end = 0; end < text.length; end++) expect(() => parseCall(text.subarray(0, end))).toThrow(ProtocolError)
  expect(parseCall(text).more).toBe(true)
})

test('V-4, V-5: replies and errors as bytes', () => {
  expect(encodeReply({ a: 'ü' }, false).toString()).toBe('{"parameters":{"a":"ü"}}\0')
  expect(encodeReply({}, true).toString()).toBe('{"parameters":{},"continues":true}\0')
  expect(encodeError('a.B', { parameter: 'x' }).toString()).toBe('{"error":"a.B","parameters":{"parameter":"x"}}\0')
  expect(encodeReply({ a: '\0' }, false).indexOf(0)).toBe('{"parameters":{"a":"\\u0000"}}'.length)
})
