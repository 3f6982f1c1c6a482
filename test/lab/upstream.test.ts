import { expect, test } from 'vitest'
import { startDnsmasq } from './kit/dnsmasq.ts'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'

const zone = { 'www.test': 'A 192.0.2.1', '*.many.test': 'A 192.0.2.2' }
const [dead, refusing, second, third] = ['10.53.1.254', '10.53.1.9', '10.53.1.2', '10.53.1.3']

test('R-SRV-10: a truncated answer is fetched over TCP', async () => {
  const texts = Array.from({ length: 12 }, (_, i) => `TXT ${String(i).padStart(200, 'x')}`)
  await using lab = await Lab.open({ links: { lan: { zone: { 'big.test': texts } } } })
  expect((await lab.dig('big.test', 'TXT', '+tcp')).answer).toHaveLength(12)
  expect((await lab.links.lan.upstream.questions()).map(({ transport }) => transport)).toEqual(['udp', 'tcp'])
})

test('R-SRV-4: a server that refuses the connection', async () => {
  await using lab = await Lab.open({ links: { lan: { zone, dns: [refusing, second] } } })
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
})

test.skipIf(original)('R-SRV-4, R-SRV-5: and is not waited for', async () => {
  await using lab = await Lab.open({ links: { lan: { zone, dns: [refusing, second] } } })
  const told = await lab.tsresolvectl('query', '--explain', '-4', 'www.test')
  expect(told).toMatch(/10\.53\.1\.9%lan {2}udp.*refused\n.*10\.53\.1\.2%lan {2}udp.*NOERROR/)
})

test('R-SRV-4: an address that nobody has as first server', async () => {
  await using lab = await Lab.open({ links: { lan: { zone, dns: [dead, second] } } })
  expect((await lab.dig('www.test', 'A', '+time=7')).data).toEqual(['192.0.2.1'])
})

test('R-SRV-4: a silent first server, and the second is kept from then on', async () => {
  await using lab = await Lab.open({ links: { lan: { zone, dns: [second, third] } } })
  await lab.links.lan.upstream.on({ to: second }, { drop: true })
  expect((await lab.dig('www.test', 'A', '+time=12')).data).toEqual(['192.0.2.1'])
  expect((await lab.dig('a.many.test')).data).toEqual(['192.0.2.2'])
  const asked = (await lab.links.lan.upstream.questions()).filter(({ name }) => name.toLowerCase() === 'a.many.test')
  expect(asked[0]?.to).toBe(third)
})

test('R-SRV-4: REFUSED by one server is asked of the next', async () => {
  await using lab = await Lab.open({ links: { lan: { zone, dns: [second, third] } } })
  await lab.links.lan.upstream.on({ to: second }, { rcode: 'REFUSED' })
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
})

test('R-STUB-10: REFUSED by all is REFUSED, SERVFAIL is SERVFAIL', async () => {
  await using lab = await Lab.open({ links: { lan: { zone } } })
  await lab.links.lan.upstream.on({ name: 'www.test' }, { rcode: 'REFUSED' })
  await lab.links.lan.upstream.on({ name: 'many.test' }, { rcode: 'SERVFAIL' })
  expect((await lab.dig('www.test')).rcode).toBe('REFUSED')
  expect((await lab.dig('a.many.test')).rcode).toBe('SERVFAIL')
})

test.skipIf(original)('R-STUB-10, better: silence upstream is SERVFAIL, not silence', async () => {
  await using lab = await Lab.open({ links: { lan: { zone } } })
  await lab.links.lan.upstream.on({}, { drop: true })
  expect((await lab.dig('www.test', 'A', '+time=19')).rcode).toBe('SERVFAIL')
})

test('R-SRV-7: a reply with another ID or another question is not taken', async () => {
  await using lab = await Lab.open({ links: { lan: { zone } } })
  await lab.links.lan.upstream.on({ name: 'a.many.test', times: 1 }, { wrongId: true })
  await lab.links.lan.upstream.on({ name: 'b.many.test', times: 1 }, { wrongQuestion: true })
  expect((await lab.dig('a.many.test', 'A', '+time=12')).data).toEqual(['192.0.2.2'])
  expect((await lab.dig('b.many.test', 'A', '+time=12')).data).not.toContain('not.b.many.test.')
})

test('R-SRV-7: source ports and IDs do not repeat', async () => {
  await using lab = await Lab.open({ links: { lan: { zone } } })
  for (let i = 0; i < 20; i++) await lab.dig(`n${i}.many.test`)
  const questions = await lab.links.lan.upstream.questions()
  expect(new Set(questions.map(({ port }) => port)).size).toBeGreaterThan(17)
  expect(new Set(questions.map(({ id }) => id)).size).toBeGreaterThan(17)
})

test('R-SRV-9: a query is recursive, asks no validation and offers room', async () => {
  await using lab = await Lab.open({ links: { lan: { zone } } })
  await lab.dig('www.test')
  const [question] = await lab.links.lan.upstream.questions()
  expect(question).toMatchObject({ rd: true, cd: false, class: 'IN', transport: 'udp', from: lab.links.lan.address })
  expect(question?.edns?.size).toBeGreaterThanOrEqual(512)
})

test('R-SRV-17: identical questions in flight are one', async () => {
  await using lab = await Lab.open({ links: { lan: { zone } } })
  await lab.links.lan.upstream.on({}, { hold: true })
  let replies = 0
  await lab.world.start('clients', ['python3', '-uc', clients], { onLine: () => replies++, until: /sent/ })
  await eventually(async () => expect(await lab.links.lan.asked()).not.toEqual([]))
  await lab.links.lan.upstream.plain()
  await lab.links.lan.upstream.release()
  await eventually(() => expect(replies).toBe(200))
  expect((await lab.links.lan.asked()).length).toBeLessThan(30) // one question, sent again while nobody answers
})

/** 64 questions at once, from one socket, until all are answered. */
const burst = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(8)
s.connect(('127.0.0.53', 53))
for i in range(64):
    label = b'n%d' % i
    s.send(b'\\0\\0\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0' + bytes([len(label)]) + label + b'\\4many\\4test\\0\\0\\1\\0\\1')
for i in range(64): s.recv(512)
`

test.skipIf(original)('R-SRV-7: a new policy rule: no socket of before carries another question', async () => {
  await using lab = await Lab.open({ links: { lan: { zone } } })
  await lab.links.lan.upstream.on({}, { delay: 200 })
  await lab.run(['python3', '-c', burst])
  const ports = (await lab.links.lan.upstream.questions()).map(({ port }) => port)
  expect(new Set(ports).size).toBeGreaterThan(16)
  await lab.links.lan.upstream.forget()
  await lab.ip('rule add from 192.0.2.0/24 lookup 77')
  await lab.run(['sleep', '0.2']) // a socket would be kept for two seconds
  for (const name of ['a', 'b', 'c']) await lab.dig(`${name}.after.many.test`)
  const after = await lab.links.lan.upstream.questions()
  expect(after.some(({ port }) => !ports.includes(port))).toBe(true) // a fresh port may be one of before by chance
})

test('R-SRV-12: a server that does not know EDNS still serves', async () => {
  await using lab = await Lab.open({ links: { lan: { zone } } })
  await lab.links.lan.upstream.on({}, { noEdns: true })
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect((await lab.dig('a.many.test')).data).toEqual(['192.0.2.2'])
})

test('R-SRV-13: FORMERR to EDNS is asked again without', async () => {
  await using lab = await Lab.open({ links: { lan: { zone } } })
  await lab.links.lan.upstream.on({ times: 1 }, { rcode: 'FORMERR' })
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
})

test('a real server: dnsmasq', async () => {
  await using lab = await Lab.open({ links: { lan: { zone: false, dns: [refusing] } } })
  const dnsmasq = await startDnsmasq(lab.links.lan, ['--host-record=real.test,192.0.2.5,2001:db8::5', '--local=/test/'])
  expect((await lab.dig('real.test')).data).toEqual(['192.0.2.5'])
  expect((await lab.dig('real.test', 'AAAA')).data).toEqual(['2001:db8::5'])
  expect((await lab.dig('none.test')).rcode).toBe('NXDOMAIN')
  await eventually(() => expect(dnsmasq.asked).toContain('none.test A'))
})

/** Two hundred clients that ask the same at once; a line for each reply. */
const clients = `
import socket, struct
sockets = []
for id in range(200):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(('127.0.0.53', 53))
    s.send(struct.pack('>HHHHHH', id, 0x100, 1, 0, 0, 0) + b'\\3www\\4test\\0\\0\\1\\0\\1')
    sockets.append(s)
print('sent')
for s in sockets: print(len(s.recv(512)))
`
