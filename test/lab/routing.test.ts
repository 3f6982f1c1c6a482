import { expect, test } from 'vitest'
import { Lab, original } from './kit/lab.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1', 'www.corp.test': 'A 192.0.2.66' } }
const vpn = { zone: { 'www.test': 'A 192.0.2.67', 'www.corp.test': 'A 192.0.2.2', 'db.corp.test': 'AAAA 2001:db8::2' } }

test('R-ROUTE-6: a name goes only to the link that claims its domain', async () => {
  await using lab = await Lab.open({ links: { lan, vpn: { ...vpn, domains: ['~corp.test'] } } })
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2'])
  expect((await lab.dig('DB.Corp.Test', 'AAAA')).data).toEqual(['2001:db8::2'])
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect(await lab.links.lan.asked()).toEqual(['www.test A'])
  expect(await lab.links.vpn.asked()).toEqual(['www.corp.test A', 'db.corp.test AAAA'])
})

test('R-ROUTE-6: the longer domain wins, and what it denies is asked nowhere else', async () => {
  const links = { lan: { ...lan, domains: ['~test'] }, vpn: { ...vpn, domains: ['~corp.test'] } }
  await using lab = await Lab.open({ links })
  expect((await lab.dig('none.corp.test')).rcode).toBe('NXDOMAIN')
  expect(await lab.links.lan.asked()).toEqual([])
  expect(await lab.links.vpn.asked()).toContain('none.corp.test A')
})

test('R-ROUTE-7: ~. takes everything that nobody claims more closely', async () => {
  const links = { lan: { ...lan, domains: ['~corp.test'] }, vpn: { ...vpn, domains: ['~.'] } }
  await using lab = await Lab.open({ links })
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.67'])
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.66'])
  expect(await lab.links.lan.asked()).toEqual(['www.corp.test A'])
})

test('R-ROUTE-9: a link with default-route off gets only its own domains', async () => {
  const links = { lan: { ...lan, defaultRoute: false }, vpn }
  await using lab = await Lab.open({ links })
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.67'])
  expect(await lab.links.lan.asked()).toEqual([])
})

test('R-ROUTE-4: local names never leave', async () => {
  await using lab = await Lab.open({ links: { lan: { ...lan, domains: ['~.'] } } })
  const names = ['localhost', 'a.localhost', 'labhost', '_gateway', 'x.invalid', '1.0.0.127.in-addr.arpa']
  for (const name of names) await lab.dig(name)
  expect(await lab.links.lan.asked()).toEqual([])
})

test('R-SRV-8: two links with the same addresses are asked each through its own interface', async () => {
  const links = { lan: { ...lan, net: 7 }, vpn: { ...vpn, net: 7, domains: ['~corp.test'] } }
  await using lab = await Lab.open({ links })
  expect(lab.links.lan.server).toBe(lab.links.vpn.server)
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2'])
  expect((await lab.dig('www.corp.test', 'A', '+tcp')).data).toEqual(['192.0.2.2'])
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect(await lab.links.lan.asked()).toEqual(['www.test A'])
})

test.skipIf(original)('R-SRV-8, better: and so over TCP', async () => {
  const links = { lan: { ...lan, net: 7 }, vpn: { ...vpn, net: 7, domains: ['~corp.test'] } }
  await using lab = await Lab.open({ links })
  await lab.links.vpn.upstream.on({}, { truncate: true })
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2'])
  expect((await lab.links.vpn.upstream.questions()).at(-1)?.transport).toBe('tcp')
  expect(await lab.links.lan.asked()).toEqual([])
})

test('R-SRV-8: a link-local IPv6 server is reached through its link', async () => {
  const links = { lan: { ...lan, dns: ['fe80::53'] }, vpn: { ...vpn, dns: ['fe80::53'], domains: ['~corp.test'] } }
  await using lab = await Lab.open({ links })
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2'])
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  const [question] = await lab.links.vpn.upstream.questions()
  expect(question).toMatchObject({ name: 'www.corp.test', to: 'fe80::53%vpn' })
  expect(await lab.links.lan.asked()).toEqual(['www.test A'])
})

test('R-SRV-8: an IPv6 server', async () => {
  await using lab = await Lab.open({ links: { lan: { ...lan, dns: ['fd53:1::1'] } } })
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect((await lab.links.lan.upstream.questions())[0]).toMatchObject({ to: 'fd53:1::1', from: 'fd53:1::100' })
})

test('R-ROUTE-10: global servers and a default-route link are asked in parallel', async () => {
  const links = { lan, vpn: { ...vpn, dns: [] } }
  await using lab = await Lab.open({ links, config: 'DNS=10.53.2.1' })
  await lab.links.lan.upstream.on({}, { drop: true })
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.67'])
  expect(await lab.links.lan.asked()).toContain('www.test A')
})

test('R-MERGE-3: of tied links, a quick NXDOMAIN does not hide a slow answer', async () => {
  const links = { lan, vpn: { zone: { 'only.vpn.test': 'A 192.0.2.3' } } }
  await using lab = await Lab.open({ links })
  await lab.links.vpn.upstream.on({}, { delay: 100 })
  expect((await lab.dig('only.vpn.test')).data).toEqual(['192.0.2.3'])
})

test.skipIf(original)('R-MERGE-3, better: nor does a quick NODATA', async () => {
  const links = { lan: { zone: { 'both.test': 'TXT x' } }, vpn: { zone: { 'both.test': 'A 192.0.2.3' } } }
  await using lab = await Lab.open({ links })
  await lab.links.vpn.upstream.on({}, { delay: 100 })
  expect((await lab.dig('both.test')).data).toEqual(['192.0.2.3'])
})

test('R-CNAME-2: a redirect out of the zone is routed anew', async () => {
  const links = { lan, vpn: { zone: { 'go.corp.test': 'CNAME www.test' }, domains: ['~corp.test'] } }
  await using lab = await Lab.open({ links })
  expect((await lab.dig('go.corp.test')).data).toEqual(['www.test.', '192.0.2.1'])
  expect(await lab.links.lan.asked()).toEqual(['www.test A'])
  expect(await lab.links.vpn.asked()).toEqual(['go.corp.test A'])
})

test('R-ROUTE-1: of 120 names, none reaches a link that did not win it', async () => {
  const domains = { lan: ['~.'], vpn: ['~corp.test', '~a.b.test'], lab: ['~eng.corp.test', '~b.test', 'x.a.b.test'] }
  const zone = { '*.test': 'A 192.0.2.1' }
  const spec = (name: keyof typeof domains) => ({ zone, domains: domains[name] })
  await using lab = await Lab.open({ links: { lan: spec('lan'), vpn: spec('vpn'), lab: spec('lab') } })
  const names = [
    'test',
    'corp.test',
    'eng.corp.test',
    'b.test',
    'a.b.test',
    'x.a.b.test',
    'notcorp.test',
    'ab.test',
  ].flatMap((domain) => Array.from({ length: 15 }, (_, i) => `n${i}.${i % 2 ? 'deep.' : ''}${domain}`))
  await lab.run(['dig', '@127.0.0.53', '+nocookie', ...names])
  const winner = (name: string) => {
    const lengths = Object.entries(domains).map(([link, list]) => {
      const matching = list
        .map((each) => each.replace('~', ''))
        .filter((each) => each === '.' || name.endsWith(`.${each}`))
      return [link, Math.max(-1, ...matching.map((each) => (each === '.' ? 0 : each.length)))] as const
    })
    return lengths.reduce((best, each) => (each[1] > best[1] ? each : best))[0]
  }
  for (const link of ['lan', 'vpn', 'lab'] as const) {
    const expected = names.filter((name) => winner(name) === link).map((name) => `${name} A`)
    expect(new Set(await lab.links[link].asked())).toEqual(new Set(expected))
  }
})

test('R-NETD-4: servers and domains of a link managed by networkd, without any bus', async () => {
  await using lab = await Lab.open({ links: { lan, vpn }, bus: false, start: false })
  await lab.write(`/run/systemd/netif/links/${await lab.links.lan.index()}`, state(lab.links.lan.server, ''))
  const routed = state(lab.links.vpn.server, 'ROUTE_DOMAINS=corp.test')
  await lab.write(`/run/systemd/netif/links/${await lab.links.vpn.index()}`, routed)
  await lab.daemon.start()
  expect((await lab.dig('www.corp.test')).data).toEqual(['192.0.2.2'])
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect(await lab.links.vpn.asked()).toEqual(['www.corp.test A'])
})

function state(server: string, more: string): string {
  return `ADMIN_STATE=configured\nOPER_STATE=routable\nDNS=${server}\n${more}\n`
}
