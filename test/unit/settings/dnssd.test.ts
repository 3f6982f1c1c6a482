import { describe, expect, test } from 'vitest'
import { instanceName, NO_SPECIFIERS, readDnssdService, warningText } from '../../../src/settings/index.ts'
import { quotedWords } from '../../../src/settings/quoted-words.ts'

const read = (...texts: string[]) => {
  const { service, warnings } = readDnssdService(
    'web',
    texts.map((text, i) => ({ path: `${i + 1}`, text })),
  )
  const txt = service?.txt.map((strings) => strings.map(String))
  return { ...service, txt, warnings: warnings.map(warningText) }
}
const NEEDED = '[Service]\nName=Web on %H\nType=_http._tcp\n'
const PLAIN = {
  id: 'web',
  nameTemplate: 'Web on %H',
  type: '_http._tcp',
  subtypes: [],
  port: 0,
  priority: 0,
  weight: 0,
  txt: [[]],
  warnings: [],
}

test.each<[string, string[], object]>([
  ['SD-F-2: what is not given is 0, and TXT one empty string', [NEEDED], {}],
  [
    'SD-F-2: everything',
    [`${NEEDED}SubType=_printer\nPort=80\nPriority=1\nWeight=2\nTxtText=path=/`],
    { subtypes: ['_printer'], port: 80, priority: 1, weight: 2, txt: [['path=/']] },
  ],
  ['SD-F-1: drop-ins add', [NEEDED, '[Service]\nPort=8080'], { port: 8080 }],
  [
    'SD-F-3: each line is one more TXT record',
    [`${NEEDED}TxtText=a=1 b=2\nTxtText=c`],
    { txt: [['a=1', 'b=2'], ['c']] },
  ],
  ['SD-F-3: an empty line removes those before', [`${NEEDED}TxtText=a=1\nTxtData=\nTxtText=b`], { txt: [['b']] }],
  ['SD-F-3: an empty line alone leaves one that is empty', [`${NEEDED}TxtText=a=1\nTxtText=`], { txt: [[]] }],
  [
    'SD-F-3: quotes and C escapes',
    [String.raw`${NEEDED}TxtText="note=two words" 'x=\x41\102'`],
    { txt: [['note=two words', 'x=AB']] },
  ],
  ['SD-F-3: a key with an empty value is not a key alone', [`${NEEDED}TxtText=a= b`], { txt: [['a=', 'b']] }],
  [
    'SD-F-3: values in base64, what is none loses only itself',
    [`${NEEDED}TxtData=a=aGk= b=!! c`],
    { txt: [['a=hi', 'c']], warnings: ["1:4: TxtData=: '!!' is not base64, ignoring this item."] },
  ],
  [
    'SD-F-3: keys are printable ASCII',
    [`${NEEDED}TxtText=schön=1 =2 ok`],
    {
      txt: [['ok']],
      warnings: [
        "1:4: TxtText=: 'schön' is not a key: ASCII letters without '=' are.",
        "1:4: TxtText=: '' is not a key: ASCII letters without '=' are.",
      ],
    },
  ],
  [
    'SD-F-5: a string has at most 255 bytes',
    [`${NEEDED}TxtText=k=${'x'.repeat(253)} l=${'x'.repeat(254)}`],
    { txt: [[`k=${'x'.repeat(253)}`]], warnings: ["1:4: TxtText=: 'l' and its value have more than 255 bytes."] },
  ],
  [
    'SD-F-2: bad numbers leave what was there',
    [`${NEEDED}Port=80\nPort=65536\nWeight=-1`],
    {
      port: 80,
      warnings: [
        "1:5: Port=: '65536' is not a number from 0 to 65535.",
        "1:6: Weight=: '-1' is not a number from 0 to 65535.",
      ],
    },
  ],
  [
    'SD-F-2: a subtype is one label',
    [`${NEEDED}SubType=${'x'.repeat(64)}`],
    { warnings: [`1:4: SubType=: The subtype '${'x'.repeat(64)}' has 64 bytes, not 1 to 63.`] },
  ],
  [
    'keys and sections that are unknown',
    [`${NEEDED}Foo=1`],
    { warnings: ['1:4: Foo=: Unknown key in section [Service], ignoring it.'] },
  ],
])('%s', (_, texts, expected) => {
  expect(read(...texts)).toEqual({ ...PLAIN, ...expected })
})

describe('SD-F-1: no service', () => {
  test.each([
    [
      'without Type',
      '[Service]\nName=Web',
      ['1: Type=: Missing, or what is given cannot be used: the service is not published.'],
    ],
    [
      'without Name',
      '[Service]\nType=_http._tcp',
      ['1: Name=: Missing, or what is given cannot be used: the service is not published.'],
    ],
    [
      'with a Type that is none',
      '[Service]\nName=Web\nType=http',
      [
        "1:3: Type=: 'http' is not a service type, expected one such as _http._tcp or _sip._udp.",
        '1: Type=: Missing, or what is given cannot be used: the service is not published.',
      ],
    ],
    [
      'with an unknown specifier',
      '[Service]\nName=Web %z\nType=_http._tcp',
      [
        "1:2: Name=: '%z' is not a specifier; '%%' is a percent sign.",
        '1: Name=: Missing, or what is given cannot be used: the service is not published.',
      ],
    ],
  ])('%s', (_, text, warnings) => {
    expect(readDnssdService('web', [{ path: '1', text }]).service).toBeUndefined()
    expect(read(text).warnings).toEqual(warnings)
  })

  test.each(['_http._tcp', '_a-1._udp', '_HTTP._TCP'])('SD-F-2: %s is a type', (type) => {
    expect(read(`[Service]\nName=x\nType=${type}`).type).toBe(type)
  })

  test.each(['_1a._tcp', '_a._sctp', '_._tcp', '_a b._tcp', '_a._tcp.local', `_${'a'.repeat(63)}._tcp`, '_a_b._tcp'])(
    'SD-F-2: %s is none',
    (type) => {
      expect(read(`[Service]\nName=x\nType=${type}`).type).toBeUndefined()
    },
  )
})

test.each([
  ['%H', 'kitchen'],
  ['%o %w (%W) on %a', 'debian 12 (server) on x86-64'],
  ['%m/%b', 'machine/boot'],
  ['%v %B', '6.1 build'],
  ['100%%', '100%'],
  [String.raw`a.b\c`, String.raw`a.b\c`],
])('SD-F-4: %s is %s', (template, name) => {
  const specifiers = { a: 'x86-64', b: 'boot', B: 'build', m: 'machine', o: 'debian', v: '6.1', w: '12', W: 'server' }
  expect(instanceName(template, specifiers, 'kitchen')).toBe(name)
})

test.each(['%', '%x', '', '%o', 'x'.repeat(64), 'ü'.repeat(32), 'a\tb', 'a\u007f'])(
  'SD-F-4: %j is no name',
  (template) => {
    expect(() => instanceName(template, NO_SPECIFIERS, 'kitchen')).toThrow()
  },
)

test.each<[string, string[]]>([
  ['a b\tc', ['a', 'b', 'c']],
  ['  ', []],
  ['"" x', ['', 'x']],
  [`a"b c"'d e'f`, ['ab cd ef']],
  [String.raw`"it's" '\"'`, ["it's", '"']],
  [String.raw`\x41\101\n\q\0`, [String.raw`AA` + '\n' + String.raw`\q\0`]],
  ['"open end', ['open end']],
  ['é😀', ['é😀']],
])('SD-F-3: words of %s', (text, words) => {
  expect(quotedWords(text).map(String)).toEqual(words)
})
