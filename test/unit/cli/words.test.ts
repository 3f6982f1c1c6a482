import { describe, expect, it } from 'vitest'
import { openpgpName, tlsaName } from '../../../src/cli/query/key-verbs.ts'
import { DEFAULT_OPTIONS } from '../../../src/cli/command/options.ts'
import { queryTarget } from '../../../src/cli/query/query-target.ts'
import { parseServer } from '../../../src/cli/settings/server-argument.ts'
import { serviceFlags, serviceName } from '../../../src/cli/query/service.ts'

const target = (word: string, type?: number) => queryTarget(word, { ...DEFAULT_OPTIONS, type })

describe('what a word of query asks for', () => {
  it.each(['one.test', '10.1.2', '2001', 'x%y', 'DNS'])('%s is a host', (word) => {
    expect(target(word)).toEqual({ kind: 'host', name: word })
  })

  it.each([
    ['192.0.2.1', '192.0.2.1', undefined],
    ['::1', '::1', undefined],
    ['fe80::1%eth0', 'fe80::1', 'eth0'],
  ])('%s is an address', (word, address, zone) => {
    expect(target(word)).toMatchObject({ kind: 'address', address: { text: address }, zone })
  })

  it('is a record with --type, address or not', () => {
    expect(target('192.0.2.1', 12)).toEqual({ kind: 'record', name: '192.0.2.1', class: 1, type: 12 })
  })

  it.each([
    ['dns:a.test', 'a.test', 1, 1],
    ['DNS:a.test?TYPE=mx', 'a.test', 1, 15],
    ['dns:a.test?class=ANY;type=TXT', 'a.test', 255, 16],
    ['dns://192.0.2.53/a.test?type=A', 'a.test', 1, 1],
    ['dns:///a%2eb.test', 'a.b.test', 1, 1],
  ])('C-Q-10: %s', (uri, name, klass, type) => {
    expect(target(uri)).toEqual({ kind: 'record', name, class: klass, type })
  })

  it.each([
    'dns:a?',
    'dns:a?type=A;',
    'dns:a?type=A;type=A',
    'dns:a?foo=1',
    'dns:a?type',
    'dns:a?type=FOO',
    'dns://host',
    'dns:a%',
  ])('C-Q-10: refuses %s', (uri) => expect(() => target(uri)).toThrow(`Invalid DNS URI: ${uri}`))
})

describe('C-SET-5: servers', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', 0, undefined, ''],
    ['192.0.2.1:5353', '192.0.2.1', 5353, undefined, ''],
    ['192.0.2.1:5353%eth0#dns.test', '192.0.2.1', 5353, 'eth0', 'dns.test'],
    ['fd00::1', 'fd00::1', 0, undefined, ''],
    ['fe80::1%2', 'fe80::1', 0, '2', ''],
    ['[fd00::1]:54#x', 'fd00::1', 54, undefined, 'x'],
    ['2001:db8::5:53', '2001:db8::5:53', 0, undefined, ''],
  ])('%s', (text, address, port, zone, serverName) => {
    expect(parseServer(text)).toMatchObject({ address: { text: address }, port, zone, serverName })
  })

  it.each([
    '',
    'foo',
    '192.0.2.1:0',
    '192.0.2.1:99999',
    '192.0.2.1%',
    '192.0.2.1#',
    '[192.0.2.1]:53',
    '[fd00::1]',
    '1.2',
  ])('refuses "%s"', (text) => expect(() => parseServer(text)).toThrow(`Failed to parse DNS server address: ${text}`))
})

describe('names', () => {
  it('C-Q-12: where a key is kept', () => {
    const sha256 = 'c93f1e400f26708f98cb19d936620da35eec8f72e57f9eec01c1afd6'
    expect(openpgpName('hugh@example.com', 'sha256')).toBe(`${sha256}._openpgpkey.example.com`)
    expect(openpgpName('a@b@c.test', 'sha224')).toMatch(/^[0-9a-f]{56}\._openpgpkey\.c\.test$/)
    expect(() => openpgpName('foo', 'sha256')).toThrow('Address does not contain \'@\': "foo"')
  })

  it.each([
    ['one.test', 'tcp', '_443._tcp.one.test'],
    ['one.test:25', 'sctp', '_25._sctp.one.test'],
  ])('TLSA of %s %s', (word, family, name) => expect(tlsaName(word, family)).toBe(name))

  it.each(['one.test:', 'one.test:0', 'one.test:65536', 'one.test:x'])('refuses the port of %s', (word) => {
    expect(() => tlsaName(word, 'tcp')).toThrow('Invalid port')
  })
})

describe('service', () => {
  it.each([
    [['d'], { name: '', type: '', domain: 'd' }],
    [['t', 'd'], { name: '', type: 't', domain: 'd' }],
    [['n', 't', 'd'], { name: 'n', type: 't', domain: 'd' }],
  ])('%j', (words, name) => expect(serviceName(words)).toEqual(name))

  it.each([
    ['fewer than three words: no texts', 2, undefined, 0x40],
    ['three words: texts', 3, undefined, 0],
    ['asked for', 1, true, 0],
    ['declined', 3, false, 0x40],
  ])('%s', (_what, count, serviceTxt, flags) => {
    expect(serviceFlags(count, { options: { ...DEFAULT_OPTIONS, serviceTxt } })).toBe(flags)
  })
})
