import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'

const zone = {
  'www.test': ['A 192.0.2.1', 'AAAA 2001:db8::1'],
  'Odd.test': 'A 192.0.2.3',
  'future.test': 'TYPE65400 deadbeef',
  'alias.test': 'CNAME www.test',
  'many.test': Array.from({ length: 40 }, (_, i) => `A 192.0.2.${i}`),
}
const one = { links: { lan: { zone } } }

test('R-STUB-11: header of an ordinary reply', async () => {
  await using lab = await Lab.open(one)
  const reply = await lab.dig('www.test')
  expect(reply).toMatchObject({ rcode: 'NOERROR', flags: ['qr', 'rd', 'ra'], data: ['192.0.2.1'] })
  expect(reply.answer[0]).toMatchObject({ name: 'www.test.', type: 'A' })
})

test('R-STUB-11: the question comes back in the letters it was asked in', async () => {
  await using lab = await Lab.open(one)
  for (const name of ['wWw.TeST', 'www.TEST', 'WWW.test']) {
    expect((await lab.dig(name)).text).toContain(`;${name}.`)
  }
  expect((await lab.links.lan.asked()).length).toBe(1)
})

test('R-STUB-12: a CNAME chain is answered whole', async () => {
  await using lab = await Lab.open(one)
  expect((await lab.dig('alias.test')).data).toEqual(['www.test.', '192.0.2.1'])
})

test('R-STUB-15: what does not fit is truncated, and comes whole over TCP', async () => {
  await using lab = await Lab.open(one)
  const cut = await lab.dig('many.test', 'A', '+ignore', '+noedns')
  expect(cut.flags).toContain('tc')
  expect(cut.answer.length).toBeLessThan(40)
  expect((await lab.dig('many.test', 'A', '+tcp')).answer).toHaveLength(40)
  expect((await lab.dig('many.test', 'A', '+bufsize=4096')).answer).toHaveLength(40)
})

test('R-STUB-16: EDNS only for those who speak it', async () => {
  await using lab = await Lab.open(one)
  expect((await lab.dig('www.test', 'A', '+noedns')).edns).toBeUndefined()
  expect((await lab.dig('www.test', 'A', '+edns')).edns?.size).toBe(65_494)
})

test('types without a name survive', async () => {
  await using lab = await Lab.open(one)
  expect((await lab.dig('future.test', 'TYPE65400')).data).toEqual(['\\# 4 DEADBEEF'])
  expect((await lab.dig('future.test', 'TYPE65400', '@127.0.0.54')).data).toEqual(['\\# 4 DEADBEEF'])
})

test('R-STUB-7, R-STUB-8, R-STUB-9: what is refused', async () => {
  await using lab = await Lab.open(one)
  expect((await lab.dig('www.test', 'A', '+norec')).rcode).toBe('REFUSED')
  expect((await lab.dig('www.test', 'MAILB')).rcode).toBe('REFUSED')
  expect((await lab.dig('www.test', 'TXT', '-c', 'CH')).rcode).toBe('REFUSED')
  expect((await lab.dig('www.test', 'A', '+edns=1', '+noednsneg')).rcode).toBe('BADVERS')
  expect(await lab.links.lan.asked()).toEqual([])
})

test('R-STUB-10: a name that no server is ever sent does not exist', async () => {
  await using lab = await Lab.open(one)
  expect((await lab.dig('single')).rcode).toBe('NXDOMAIN')
  expect(await lab.links.lan.asked()).toEqual([])
})

test('R-STUB-13: the proxy relays what the server says, DO included', async () => {
  await using lab = await Lab.open(one)
  const reply = await lab.dig('www.test', 'A', '@127.0.0.54', '+dnssec')
  expect(reply.data).toEqual(['192.0.2.1'])
  expect((await lab.links.lan.upstream.questions()).at(-1)?.edns?.do).toBe(true)
  expect((await lab.dig('alias.test', 'A', '@127.0.0.54', '+tcp')).data).toEqual(['www.test.', '192.0.2.1'])
})

test('R-STUB-13: and answers local names itself', async () => {
  await using lab = await Lab.open({ ...one, hosts: '192.0.2.8 box.test' })
  expect((await lab.dig('box.test', 'A', '@127.0.0.54')).data).toEqual(['192.0.2.8'])
  expect((await lab.dig('localhost', 'A', '@127.0.0.54')).data).toEqual(['127.0.0.1'])
  expect(await lab.links.lan.asked()).toEqual([])
})

test('R-STUB-17: TCP questions are pipelined, a slow one does not hold up the next', async () => {
  await using lab = await Lab.open(one)
  await lab.links.lan.upstream.on({ name: 'alias.test' }, { hold: true })
  const order: string[] = []
  await lab.world.start('client', ['python3', '-uc', pipeline], { onLine: (line) => order.push(line) })
  await eventually(() => expect(order).toEqual(['2']))
  await lab.links.lan.upstream.release()
  await eventually(() => expect(order).toEqual(['2', '1']))
})

test('RFC 7766 §6.2.3: a client that had closed its half of the connection got no answer that was not cached', async () => {
  await using lab = await Lab.open(one)
  expect(await lab.run(['python3', '-c', halfClose])).toBe('1\n')
})

test('R-STUB-4: an extra listener', async () => {
  await using lab = await Lab.open({ ...one, config: 'DNSStubListenerExtra=127.0.0.77:5300' })
  expect((await lab.dig('www.test', 'A', '@127.0.0.77', '-p', '5300')).data).toEqual(['192.0.2.1'])
  expect((await lab.dig('www.test', 'A', '@127.0.0.77', '-p', '5300', '+tcp')).data).toEqual(['192.0.2.1'])
})

test('R-STUB-1: DNSStubListener=udp leaves TCP alone', async () => {
  await using lab = await Lab.open({ ...one, config: 'DNSStubListener=udp' })
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect((await lab.dig('www.test', 'A', '+tcp')).rcode).toBe('NO REPLY')
})

test('R-STUB-5: garbage is not answered and harms nobody', async () => {
  await using lab = await Lab.open(one)
  await lab.run(['python3', '-c', garbage])
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect((await lab.dig('www.test', 'A', '+tcp')).data).toEqual(['192.0.2.1'])
})

test.skipIf(original)('R-CONF-2: a broken line loses only itself', async () => {
  await using lab = await Lab.open({
    ...one,
    config: 'Nonsense=1\nDNSSEC=maybe\nDNSStubListenerExtra=127.0.0.78:5300\n[junk',
  })
  expect((await lab.dig('www.test', 'A', '@127.0.0.78', '-p', '5300')).data).toEqual(['192.0.2.1'])
})

const query = `
import socket, struct
def query(id, name):
    labels = b''.join(bytes([len(l)]) + l.encode() for l in name.split('.'))
    m = struct.pack('>HHHHHH', id, 0x100, 1, 0, 0, 0) + labels + b'\\0' + struct.pack('>HH', 1, 1)
    return struct.pack('>H', len(m)) + m
`

const pipeline = `${query}
s = socket.create_connection(('127.0.0.53', 53))
s.sendall(query(1, 'alias.test') + query(2, 'www.test'))
f = s.makefile('rb')
def id():
    m = f.read(struct.unpack('>H', f.read(2))[0])
    return struct.unpack('>H', m[:2])[0]
print(id())
print(id())
`

const halfClose = `${query}
s = socket.create_connection(('127.0.0.53', 53))
s.sendall(query(1, 'www.test'))
s.shutdown(socket.SHUT_WR)
print(int.from_bytes(s.makefile('rb').read()[2:4], 'big'))
`

const garbage = `${query}
import random
r = random.Random(1)
good = query(7, 'www.test')[2:]
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(len(good)): u.sendto(good[:i], ('127.0.0.53', 53))
for i in range(500):
    b = bytearray(good)
    for j in range(3): b[r.randrange(2, len(b))] = r.randrange(256)
    u.sendto(b, ('127.0.0.53', 53))
t = socket.create_connection(('127.0.0.53', 53))
t.sendall(b'\\0\\3abc')
t.close()
`
