import { expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import { HostsTable } from '../../../src/settings/index.ts'
import { nameOf } from '../../../src/wire/index.ts'

const show = (text: string, name: string) =>
  HostsTable.parse(text)
    .addressesOf(nameOf(name))
    ?.map(({ address, canonical }) => `${address.text} ${canonical.text}`)
const reverse = (text: string, address: string) =>
  HostsTable.parse(text)
    .namesOf(IpAddress.of(address))
    .map(({ text: name }) => name)

test.each<[string, string, string, string[] | undefined]>([
  ['R-HOSTS-2: address, names, comment', '192.0.2.1 a b # c\n', 'b', ['192.0.2.1 a']],
  ['R-HOSTS-2: a comment anywhere', '192.0.2.1 a#b c\n', 'c', undefined],
  ['R-HOSTS-2: tabs, CR, no final newline', '\t192.0.2.1\ta\r\n192.0.2.2 b', 'b', ['192.0.2.2 b']],
  ['R-HOSTS-2: a zone is tolerated', 'fe80::1%eth0 a\n', 'a', ['fe80::1 a']],
  ['R-HOSTS-2: a bad name loses only itself', '192.0.2.1 x..y a/b ok\n', 'ok', ['192.0.2.1 ok']],
  ['R-HOSTS-2: underscores, as DNS has them', '192.0.2.1 _dmarc.a_b\n', '_dmarc.a_b', ['192.0.2.1 _dmarc.a_b']],
  ['R-HOSTS-2: labels have at most 63 bytes', `192.0.2.1 ${'a'.repeat(64)} ok\n`, 'ok', ['192.0.2.1 ok']],
  ['R-HOSTS-2: a bad address loses its line', '192.0.2 a\n192.0.2.1 b\n', 'a', undefined],
  ['R-HOSTS-2: an address alone says nothing', '192.0.2.1\n', 'a', undefined],
  ['names compare without letter case and final dot', '192.0.2.1 A.Example.\n', 'a.example', ['192.0.2.1 A.Example']],
  ['R-HOSTS-3: 0.0.0.0 is a name without address', '0.0.0.0 ads.example\n:: ads.example\n', 'ads.example', []],
  ['R-HOSTS-3: an address elsewhere counts', '0.0.0.0 a\n192.0.2.1 a\n', 'a', ['192.0.2.1 a']],
  ['R-HOSTS-4: exact names only', '192.0.2.1 a.example\n', 'b.a.example', undefined],
  [
    'several addresses in file order',
    '192.0.2.1 a\n2001:db8::1 a\n192.0.2.1 a\n',
    'a',
    ['192.0.2.1 a', '2001:db8::1 a'],
  ],
  ['R-HOSTS-5: the first name of the line is canonical', '192.0.2.1 a b\n192.0.2.1 c d\n', 'd', ['192.0.2.1 c']],
  [
    'hostname -f: the second line of 127.0.0.1 gives the full name',
    '127.0.0.1 localhost\n127.0.0.1 box.example.com box\n',
    'box',
    ['127.0.0.1 box.example.com'],
  ],
  [
    'a name took the addresses of localhost, whose line has the same address',
    '127.0.0.1 localhost\n127.0.0.1 myapp.test\n::1 localhost\n',
    'myapp.test',
    ['127.0.0.1 myapp.test'],
  ],
  [
    'R-HOSTS-5: each address has its own canonical name',
    '192.0.2.1 a x\n192.0.2.2 b x\n',
    'x',
    ['192.0.2.1 a', '192.0.2.2 b'],
  ],
  ['R-HOSTS-6: plain localhost lines are ignored', '127.0.0.1 localhost\n::1 localhost\n', 'localhost', undefined],
  ['R-HOSTS-6: ignored of localhost also beside others', '127.0.0.1 localhost box\n', 'localhost', undefined],
  ['R-HOSTS-6: but not of the others', '127.0.0.1 localhost box\n', 'box', ['127.0.0.1 localhost']],
  [
    'fe80::1%lo0 gave localhost a second address',
    '127.0.0.1 localhost\n::1 localhost\nfe80::1%lo0 localhost\n',
    'localhost',
    undefined,
  ],
  [
    'R-HOSTS-6: kept when localhost has another address',
    '127.0.0.1 localhost\n192.0.2.1 localhost\n',
    'localhost',
    ['127.0.0.1 localhost', '192.0.2.1 localhost'],
  ],
  [
    'R-HOSTS-6: each of the two addresses by itself',
    '127.0.0.1 localhost\n::1 localhost ip6-loopback\n',
    'ip6-loopback',
    ['::1 localhost'],
  ],
])('%s', (_, text, name, expected) => {
  expect(show(text, name)).toEqual(expected)
})

test.each<[string, string, string, string[]]>([
  ['canonical first, then the others', '192.0.2.1 a b\n192.0.2.1 c a\n', '192.0.2.1', ['a', 'b', 'c']],
  ['any spelling of the address', '2001:DB8:0::1 a\n', '2001:db8::1', ['a']],
  ['0.0.0.0 is nobody', '0.0.0.0 a\n', '0.0.0.0', []],
  ['plain localhost is left to synthesis (R-HOSTS-6)', '127.0.0.1 localhost\n', '127.0.0.1', []],
  ['unknown', '192.0.2.1 a\n', '192.0.2.2', []],
])('R-HOSTS-5, reverse: %s', (_, text, address, expected) => {
  expect(reverse(text, address)).toEqual(expected)
})

test('a block list of 150 000 lines took half a second of everybody’s time: it is read in slices', () => {
  const line = '0.0.0.0 ads.tracker.example\n'
  const reading = HostsTable.reading(Buffer.from(line.repeat(10_000)))
  let slices = 1
  while (reading.next().done !== true) slices++
  expect(slices).toBeGreaterThanOrEqual(Math.floor((line.length * 10_000) / 20_000))
})

test('names and addresses on the same lists of the index do not hide each other, and many of one do not hide another', () => {
  const many = Array.from({ length: 5000 }, (_, i) => `127.0.0.1 n${i}`)
  const table = HostsTable.parse([...many, '192.0.2.1 last', '192.0.2.2 n17'].join('\n'))
  const found = (name: string) => table.addressesOf(nameOf(name))?.map(({ address }) => address.text)
  expect(many.filter((_, i) => i !== 17 && found(`n${i}`)?.join() !== '127.0.0.1')).toEqual([])
  expect([found('n17'), found('n5000')]).toEqual([['127.0.0.1', '192.0.2.2'], undefined])
  const names = (address: string) => table.namesOf(IpAddress.of(address)).map(({ text }) => text)
  expect(
    HostsTable.parse(`192.0.2.1 ${many.join(' ').replaceAll('127.0.0.1 ', '')}`).addressesOf(nameOf('n4999')),
  ).toMatchObject([{ canonical: { text: 'n0' } }])
  expect([names('192.0.2.1'), names('127.0.0.1').length]).toEqual([['last'], 1000]) // more fit into no reply
})

test('a longer name of the same hash is another name', () => {
  const table = HostsTable.parse('192.0.2.1 n50.test6e3cw') // the FNV-1a of both is dfedcdf6
  expect([table.addressesOf(nameOf('n50.test')), table.addressesOf(nameOf('n50.test6e3cw'))?.length]).toEqual([
    undefined,
    1,
  ])
})

test('100 000 lines of a block list, and as many distinct addresses, are read in linear time', {
  timeout: 60_000,
}, () => {
  const blocked = Array.from({ length: 100_000 }, (_, i) => `0.0.0.0 ads${i}.tracker.example`)
  const distinct = blocked.map((_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255} h${i}.example`)
  expect(show(blocked.join('\n'), 'ads99999.tracker.example')).toEqual([])
  expect(show(distinct.join('\n'), 'h99999.example')).toEqual(['10.1.134.159 h99999.example'])
})
