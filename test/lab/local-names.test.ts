import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'

const one = { links: { lan: { zone: { 'www.test': 'A 192.0.2.1' }, gateway: true } }, hostname: 'box.example.test' }

test('R-SYNTH-1: localhost and all below', async () => {
  await using lab = await Lab.open(one)
  expect((await lab.dig('localhost')).data).toEqual(['127.0.0.1'])
  expect((await lab.dig('any.LocalHost', 'AAAA')).data).toEqual(['::1'])
  expect(await lab.dig('localhost', 'MX')).toMatchObject({ rcode: 'NOERROR', data: [] })
})

test('R-SYNTH-2: loopback addresses back to localhost', async () => {
  await using lab = await Lab.open(one)
  expect((await lab.dig('1.0.0.127.in-addr.arpa', 'PTR')).data).toEqual(['localhost.'])
  expect((await lab.dig(`1${'.0'.repeat(31)}.ip6.arpa`, 'PTR')).data).toEqual(['localhost.'])
})

test('R-SYNTH-3: the own name has the addresses of the links', async () => {
  await using lab = await Lab.open(one)
  for (const name of ['box.example.test', 'box', 'box.local']) {
    expect((await lab.dig(name)).data).toEqual([lab.links.lan.address])
  }
  expect((await lab.dig('box', 'AAAA')).data[0]).toBe(lab.links.lan.address6)
})

test.skipIf(original)('R-ORDER-4: the PTR of an own address went upstream first', async () => {
  await using lab = await Lab.open({
    ...one,
    links: { lan: { zone: { '100.1.53.10.in-addr.arpa': 'PTR wrong.test' } } },
  })
  expect((await lab.dig('100.1.53.10.in-addr.arpa', 'PTR')).data).toContain('box.example.test.')
  expect(await lab.run(['getent', 'hosts', '10.53.1.100'])).toContain('box.example.test')
  expect(await lab.links.lan.asked()).toEqual([])
  await lab.dig('101.1.53.10.in-addr.arpa', 'PTR')
  expect(await lab.links.lan.asked()).toEqual(['101.1.53.10.in-addr.arpa PTR'])
})

test.skipIf(original)(
  'an alias into the hosts file had the address of DNS or of the file, by what was cached',
  async () => {
    const zone = {
      'ext.test': 'CNAME box.test',
      'box.test': 'A 192.0.2.1',
      'out.test': 'CNAME intranet',
      intranet: ['A 192.0.2.8', 'AAAA 2001:db8::8'],
    }
    await using lab = await Lab.open({ links: { lan: { zone } }, hosts: '192.0.2.80 box.test' })
    for (const flush of [false, false, true]) {
      if (flush) await lab.resolvectl('flush-caches')
      expect((await lab.dig('ext.test')).data).toEqual(['box.test.', '192.0.2.80'])
      expect((await lab.dig('box.test')).data).toEqual(['192.0.2.80'])
      expect((await lab.dig('out.test')).data).toEqual(['intranet.', '192.0.2.8'])
      expect((await lab.dig('out.test', 'AAAA')).data).toEqual(['intranet.', '2001:db8::8'])
    }
  },
)

test('R-SYNTH-3: and follows them', async () => {
  await using lab = await Lab.open(one)
  await lab.ip('addr add 10.53.1.101/24 dev lan')
  await eventually(async () => expect((await lab.dig('box')).data).toContain('10.53.1.101'))
})

test('R-SYNTH-5: _gateway', async () => {
  await using lab = await Lab.open(one)
  expect((await lab.dig('_gateway')).data).toEqual([lab.links.lan.server])
  expect(await lab.dig('_gateway', 'AAAA')).toMatchObject({ rcode: 'NOERROR', data: [] })
})

test('R-SYNTH-6: _outbound', async () => {
  await using lab = await Lab.open(one)
  expect((await lab.dig('_outbound')).data).toEqual([lab.links.lan.address])
})

test.skipIf(original)('R-SYNTH-7: _localdnsstub and _localdnsproxy', async () => {
  await using lab = await Lab.open(one)
  expect((await lab.dig('_localdnsstub')).data).toEqual(['127.0.0.53'])
  expect((await lab.dig('_localdnsproxy')).data).toEqual(['127.0.0.54'])
})

test('R-SYNTH-8: names that must not exist', async () => {
  await using lab = await Lab.open(one)
  expect((await lab.dig('a.invalid')).rcode).toBe('NXDOMAIN')
  expect(await lab.links.lan.asked()).toEqual([])
})

test('R-HOSTS: names and addresses of /etc/hosts, before any server', async () => {
  await using lab = await Lab.open({
    ...one,
    hosts: '192.0.2.8 main.hosts.test other.hosts.test\n2001:db8::8 main.hosts.test',
  })
  expect((await lab.dig('main.hosts.test')).data).toEqual(['192.0.2.8'])
  expect((await lab.dig('other.hosts.test')).data).toContain('192.0.2.8')
  expect((await lab.dig('main.hosts.test', 'AAAA')).data).toEqual(['2001:db8::8'])
  expect((await lab.dig('8.2.0.192.in-addr.arpa', 'PTR')).data[0]).toBe('main.hosts.test.')
  expect(await lab.links.lan.asked()).toEqual([])
})

test('R-HOSTS-1: a changed file is read again', async () => {
  await using lab = await Lab.open({ ...one, hosts: '192.0.2.8 www.test' })
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.8'])
  await lab.write('/etc/hosts', '192.0.2.9 www.test\n')
  await eventually(async () => expect((await lab.dig('www.test')).data).toEqual(['192.0.2.9']))
  await lab.run(['rm', '/etc/hosts'])
  await eventually(async () => expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1']))
})

test('R-HOSTS-1: ReadEtcHosts=no', async () => {
  await using lab = await Lab.open({ ...one, hosts: '192.0.2.8 www.test', config: 'ReadEtcHosts=no' })
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
})
