import { expect, test } from 'vitest'
import { Lab, original } from './kit/lab.ts'
import { inside } from './kit/world.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1', 'www.corp.test': 'A 192.0.2.66' } }
const vpn = { zone: { 'www.corp.test': ['A 192.0.2.2', 'AAAA 2001:db8::2'], 'db.corp.test': 'A 192.0.2.3' } }

test.skipIf(original)('query --explain tells source, scopes with scores and rules, server and attempts', async () => {
  await using lab = await Lab.open({ links: { lan, vpn: { ...vpn, domains: ['~corp.test'] } } })
  const first = await lab.tsresolvectl('query', '--explain', '-4', 'www.corp.test')
  expect(first).toContain('www.corp.test: 192.0.2.2')
  expect(first).toMatch(/Source: {3}asked 10\.53\.2\.1%vpn over udp, link \d+ \(vpn\) \(domain corp\.test\); took/)
  expect(first).toMatch(/> {2}link \d+ \(vpn\) {2}score 5 {2}domain corp\.test/)
  expect(first).toMatch(/link \d+ \(lan\) {2}score 2 {2}default route/)
  expect(first).toMatch(/Attempts: 10\.53\.2\.1%vpn {2}udp {2}A {2}EDNS \d+ {2}[\d.]+m?u?s {2}NOERROR, \d+ bytes/)
  const second = await lab.tsresolvectl('query', '--explain', '-4', 'www.corp.test')
  expect(second).toMatch(
    /Source: {3}cache of link \d+ \(vpn\) \(domain corp\.test\), learnt \d+s ago from 10\.53\.2\.1%vpn/,
  )
})

test.skipIf(original)('query --explain --json is the whole reply; a failure is explained, and fails', async () => {
  await using lab = await Lab.open({ links: { lan } })
  const reply = JSON.parse(await lab.tsresolvectl('query', '--explain', '--json=short', '-4', 'www.test'))
  expect(reply).toMatchObject({ query: 'www.test', provenance: { source: 'network', server: '10.53.1.1%lan' } })
  const record = JSON.parse(await lab.tsresolvectl('query', '--explain', '-j', '-t', 'A', 'www.test'))
  expect(record).toMatchObject({ rrs: [{ rr: { address: [192, 0, 2, 1] } }], provenance: { source: 'cache' } })
  const failed = await ctl(lab, 'query', '--explain', 'none.test')
  expect(failed.code).toBe(1)
  expect(failed.stdout).toMatch(/^\nSource: {3}asked 10/)
  expect(failed.stderr).toContain("none.test: resolve call failed: Name 'none.test' not found")
})

test.skipIf(original)('query -j answers with addresses as JSON', async () => {
  await using lab = await Lab.open({ links: { lan: { zone: { 'www.test': 'A 192.0.2.1' } } } })
  expect(JSON.parse(await lab.tsresolvectl('query', '-j', 'www.test'))).toMatchObject({
    query: 'www.test',
    name: 'www.test',
    addresses: [{ ifname: 'lan', family: 2, address: [192, 0, 2, 1], addressString: '192.0.2.1' }],
  })
  const names = JSON.parse(await lab.tsresolvectl('query', '-j', '127.0.0.1'))
  expect(names).toMatchObject({ query: '127.0.0.1', names: [{ name: 'localhost' }] })
})

test.skipIf(original)('C-Q-6: what is no terminal sees no difference, a terminal one line more', async () => {
  await using lab = await Lab.open({ links: { lan } })
  expect(await lab.tsresolvectl('query', '-4', 'www.test')).not.toContain('-- Source')
  const command = [inside.node, `${inside.repo}/dist/cli/main.js`, 'query', '-4', 'www.test'].join(' ')
  const shown = await lab.run(['script', '-qec', command, '/dev/null'])
  expect(shown).toMatch(
    /-- Source: cache of link \d+ \(lan\) \(default route\), learnt \d+s ago from 10\.53\.1\.1%lan over udp/,
  )
})

test.skipIf(original)(
  'why: sources in order, scopes with what they lose by, cache and servers, and what asking brings',
  async () => {
    await using lab = await Lab.open({ links: { lan, vpn: { ...vpn, domains: ['~corp.test'] } } })
    const text = await lab.tsresolvectl('why', '--verbose', 'www.corp.test')
    expect(text).toMatch(/^www\.corp\.test \(A, AAAA\)\n/)
    expect(text).toMatch(
      /static records {2}does not have the name\n.*\/etc\/hosts {6}does not have the name\n.*scopes {10}link/,
    )
    expect(text).toMatch(/> {2}link \d+ \(vpn\) {2}score 5 {2}domain corp\.test\n/)
    expect(text).toMatch(/link \d+ \(lan\) {2}score 2 {2}loses: default route\n/)
    expect(text).toMatch(/global +score 0 {2}does not take it: no DNS server\n/)
    expect(text).toMatch(/^Cache of .*\n {2}nothing\n/m)
    expect(text).toMatch(/1\. 10\.53\.2\.1%vpn {2}not asked yet/)
    expect(text).toMatch(/2 records, asked 10\.53\.2\.1%vpn over udp/)
    expect(text.split('\n').length).toBeLessThan(26)
  },
)

test.skipIf(original)('why asks for nothing that no lookup asks for, and says what is wrong', async () => {
  await using lab = await Lab.open({ links: { lan } })
  const why = (...words: readonly string[]) =>
    lab.tryRun([inside.node, `${inside.repo}/dist/cli/main.js`, 'why', ...words])
  for (const type of ['AXFR', 'OPT', 'MD']) {
    expect(await why('-t', type, 'www.test')).toEqual({ code: 1, stdout: '', stderr: `Nobody can ask for ${type}.\n` })
  }
  expect(await why('a..b')).toEqual({ code: 1, stdout: '', stderr: '"a..b" is not a name.\n' })
  expect(await lab.links.lan.asked()).toEqual([])
})

test.skipIf(original)('why --no-ask asks nobody and changes nothing', async () => {
  await using lab = await Lab.open({ links: { lan } })
  await lab.dig('www.test')
  const before = await lab.tsresolvectl('statistics')
  const text = await lab.tsresolvectl('why', '--no-ask', '-t', 'A', 'www.test')
  expect(text).toMatch(/A: an answer, learnt \d+s ago from 10\.53\.1\.1%lan over udp, .* left/)
  expect(text).not.toContain('Asked just now')
  expect(await lab.tsresolvectl('statistics')).toBe(before)
  expect(await lab.links.lan.asked()).toEqual(['www.test A'])
})

test.skipIf(original)('why names a wrong domain claim: the scope that takes the name, by which domain', async () => {
  await using lab = await Lab.open({ links: { lan, vpn: { ...vpn, domains: ['~test'] } } })
  const text = await lab.tsresolvectl('why', 'www.test')
  expect(text).toMatch(/> {2}link \d+ \(vpn\) {2}domain test/)
  expect(text).toMatch(/Name 'www\.test' not found.*NXDOMAIN/)
})

test.skipIf(original)('why names a negative answer that is older than the last change of links', async () => {
  await using lab = await Lab.open({ links: { lan, vpn } })
  await lab.resolvectl('dns', 'vpn', '')
  await lab.dig('db.corp.test')
  await lab.resolvectl('dns', 'vpn', lab.links.vpn.server)
  await lab.resolvectl('domain', 'vpn', '~other.test')
  const text = await lab.tsresolvectl('why', '--no-ask', '-4', 'db.corp.test')
  expect(text).toMatch(/A: no such name, learnt \d+s ago from 10\.53\.1\.1%lan/)
  expect(text).toMatch(/! learnt before links or settings last changed, \d+s ago/)
})

test.skipIf(original)('why names a dead server, and the one that helps out', async () => {
  await using lab = await Lab.open({ links: { lan: { ...lan, dns: ['10.53.1.9', '10.53.1.1'] } } })
  const text = await lab.tsresolvectl('why', '-4', 'www.test')
  expect(text).toMatch(/tried 10\.53\.1\.9%lan {2}udp {2}A {2}EDNS \d+ .*(?:refused|no answer|timeout)/)
  const after = await lab.tsresolvectl('why', '--no-ask', '-4', 'www.test')
  expect(after).toMatch(/10\.53\.1\.9%lan {2}SILENT/)
  expect(after).toMatch(/10\.53\.1\.1%lan {2}healthy/)
})

test.skipIf(original).each([
  ['AAAA', ['why', 'www.test'], 'but 10.53.1.1%lan answers SERVFAIL to the question for AAAA.'],
  ['TYPE65', ['why', '-t', 'HTTPS', 'www.test'], 'Cause: 10.53.1.1%lan answers SERVFAIL to the question for HTTPS'],
])('why names the type that a server fails at: %s', async (type, words, told) => {
  await using lab = await Lab.open({ links: { lan: { zone: { 'www.test': 'A 192.0.2.1' } } } })
  await lab.links.lan.upstream.on({ type }, { rcode: 'SERVFAIL' })
  expect(await lab.tsresolvectl(...words)).toContain(told)
})

test.skipIf(original)('why names /etc/hosts and own names as what decides', async () => {
  await using lab = await Lab.open({ links: { lan }, hosts: '192.0.2.77 www.test' })
  expect(await lab.tsresolvectl('why', 'www.test')).toMatch(/> {2}\/etc\/hosts {6}has A\n.*not reached/)
  expect(await lab.tsresolvectl('why', 'labhost')).toMatch(/never asked for: the name belongs to this machine/)
  expect(await lab.links.lan.asked()).toEqual([])
})

test.skipIf(original)('why names a single label that no scope may ask', async () => {
  await using lab = await Lab.open({ links: { lan } })
  expect(await lab.tsresolvectl('why', 'intranet')).toContain('addresses of single labels are not asked')
})

function ctl(lab: Lab, ...words: readonly string[]) {
  return lab.tryRun([inside.node, `${inside.repo}/dist/cli/main.js`, ...words])
}
