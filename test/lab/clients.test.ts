import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'

const lan = { zone: { 'www.test': ['A 192.0.2.1', 'AAAA 2001:db8::1'], '1.2.0.192.in-addr.arpa': 'PTR www.test' } }
const vpn = { zone: { 'www.corp.test': 'A 192.0.2.2' }, domains: ['~corp.test'] }
const both = { links: { lan, vpn } }

test('getent over plain dns: /etc/resolv.conf is stub-resolv.conf', async () => {
  await using lab = await Lab.open(both)
  expect(await lab.run(['getent', 'ahostsv4', 'www.corp.test'])).toMatch(/^192\.0\.2\.2 +STREAM www\.corp\.test\n/)
  expect(await lab.run(['getent', 'hosts', '192.0.2.1'])).toMatch(/^192\.0\.2\.1 +www\.test\n/)
  expect((await lab.tryRun(['getent', 'ahosts', 'none.test'])).code).toBe(2)
  expect(await lab.links.lan.asked()).not.toContain('www.corp.test A')
})

test('getent finds single labels by the search line', async () => {
  await using lab = await Lab.open({ links: { lan: { ...lan, domains: ['test'] } } })
  await eventually(async () => expect(await lab.run(['cat', '/etc/resolv.conf'])).toContain('search test'))
  expect(await lab.run(['getent', 'ahostsv4', 'www'])).toContain('192.0.2.1')
})

test('a program that calls getaddrinfo', async () => {
  await using lab = await Lab.open(both)
  const program = `import socket; print(sorted({a[4][0] for a in socket.getaddrinfo('www.test', 80)}))`
  expect(await lab.run(['python3', '-c', program])).toBe("['192.0.2.1', '2001:db8::1']\n")
})

test('R-RC: resolv.conf files', async () => {
  await using lab = await Lab.open({ links: { lan: { ...lan, domains: ['test'] }, vpn } })
  const read = (name: string) => lab.run(['grep', '-v', '^#', `/run/systemd/resolve/${name}`])
  await eventually(async () => expect(await read('resolv.conf')).toContain('search test'))
  expect((await read('resolv.conf')).trim().split('\n')).toEqual(['nameserver 10.53.1.1', 'search test'])
  const stub = ['nameserver 127.0.0.53', 'options edns0 trust-ad', 'search test']
  expect((await read('stub-resolv.conf')).trim().split('\n')).toEqual(stub)
})

test('R-RC-7: the servers of a foreign resolv.conf', async () => {
  await using lab = await Lab.open({ links: { lan: { ...lan, dns: [] } }, start: false })
  await lab.write('/etc/resolv.conf', 'nameserver 10.53.1.1\n')
  await lab.daemon.start()
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  await lab.write('/etc/resolv.conf', 'nameserver 10.53.1.2\n')
  await eventually(async () => {
    await lab.dig('www.test')
    expect((await lab.links.lan.upstream.questions()).at(-1)?.to).toBe('10.53.1.2')
  })
})

test('resolvectl query', async () => {
  await using lab = await Lab.open(both)
  const found = await lab.resolvectl('query', '-4', 'www.corp.test')
  expect(found).toMatch(/^www\.corp\.test: 192\.0\.2\.2 +-- link: vpn\n\n-- Information acquired via protocol DNS in /)
  expect(await lab.resolvectl('query', '192.0.2.1')).toMatch(/^192\.0\.2\.1: www\.test +-- link: lan\n/)
  expect(await lab.resolvectl('query', '--legend=no', '-t', 'AAAA', 'www.test')).toMatch(
    /^www\.test IN AAAA 2001:db8::1 +-- link: lan\n$/,
  )
  const missing = await lab.tryRun(['resolvectl', 'query', 'none.corp.test'])
  expect(missing).toMatchObject({ code: 1, stdout: '' })
  expect(missing.stderr).toContain("Name 'none.corp.test' not found")
})

test('resolvectl dns, domain, default-route, status, revert', async () => {
  await using lab = await Lab.open(both)
  const index = await lab.links.vpn.index()
  expect(await lab.resolvectl('dns', 'vpn')).toBe(`Link ${index} (vpn): 10.53.2.1\n`)
  expect(await lab.resolvectl('domain', 'vpn')).toBe(`Link ${index} (vpn): ~corp.test\n`)
  expect(await lab.resolvectl('default-route', 'vpn')).toBe(`Link ${index} (vpn): no\n`)
  const status = await lab.resolvectl('status')
  expect(status).toMatch(/^Global\n/)
  expect(status).toMatch(/resolv\.conf mode: stub\n/)
  expect(status).toMatch(new RegExp(`Link ${index} \\(vpn\\)\n *Current Scopes: DNS\n`))
  expect(status).toMatch(/DNS Servers: 10\.53\.2\.1\n *DNS Domain: ~corp\.test\n/)
  await lab.resolvectl('revert', 'vpn')
  expect(await lab.resolvectl('status', 'vpn')).toMatch(/Current Scopes: none/)
})

test('resolvectl with no bus says so and fails', async () => {
  await using lab = await Lab.open(both)
  await lab.bus.stop()
  expect((await lab.tryRun(['resolvectl', 'query', 'www.test'])).code).toBe(1)
})

test.skipIf(original)('tsresolvectl query', async () => {
  await using lab = await Lab.open(both)
  expect(await lab.tsresolvectl('query', 'www.corp.test')).toMatch(/^www\.corp\.test: 192\.0\.2\.2 +-- link: vpn\n/)
  expect(await lab.tsresolvectl('query', '192.0.2.1')).toMatch(/^192\.0\.2\.1: www\.test/)
  const records = JSON.parse(await lab.tsresolvectl('query', '--json=short', '-t', 'A', 'www.test')) as { key: unknown }
  expect(records.key).toMatchObject({ name: 'www.test', type: 1, class: 1 })
  expect((await lab.tryRun(['resolvectl', 'query', 'none.test'])).code).toBe(1)
})

test.skipIf(original)('tsresolvectl dns, domain, default-route, status, flush-caches, revert', async () => {
  await using lab = await Lab.open({ links: { lan, vpn: { ...vpn, dns: [], domains: [] } } })
  const index = await lab.links.vpn.index()
  await lab.tsresolvectl('dns', 'vpn', '10.53.2.1')
  await lab.tsresolvectl('domain', 'vpn', '~corp.test')
  await lab.tsresolvectl('default-route', 'vpn', 'no')
  expect(await lab.resolvectl('dns', 'vpn')).toBe(`Link ${index} (vpn): 10.53.2.1\n`)
  expect(await lab.tsresolvectl('domain', 'vpn')).toBe(`Link ${index} (vpn): ~corp.test\n`)
  expect(await lab.tsresolvectl('status')).toMatch(/^Global\n[^]*\(vpn\)[^]*~corp\.test/)
  await lab.dig('www.corp.test')
  await lab.tsresolvectl('flush-caches')
  await lab.dig('www.corp.test')
  expect(await lab.links.vpn.asked()).toHaveLength(2)
  await lab.tsresolvectl('revert', 'vpn')
  expect(await lab.resolvectl('dns', 'vpn')).toBe(`Link ${index} (vpn):\n`)
})
