import { afterAll, expect, test } from 'vitest'
import { TestAuthority } from '../kit/certificates.ts'
import { type EncryptedServer, startEncryptedServer } from './kit/encrypted-servers.ts'
import { debianExtra } from './kit/debian.ts'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { PacketCounter } from './kit/packet-counter.ts'

const authority = new TestAuthority()
afterAll(() => authority[Symbol.dispose]())
const GOOD = authority.certificate({ san: 'DNS:dns.test,IP:10.53.1.9' })
const ROOTS = '/etc/ssl/certs/ca-certificates.crt'
const ANSWER = '192.0.2.77'
const lan = { zone: { '*.test': ANSWER.replace(/^/, 'A ') }, dns: [] }

/** How the server is written, and what becomes of it in every mode. */
const FORMS = {
  'TLS, by name': '10.53.1.9#dns.test',
  'TLS, by address': '10.53.1.9',
  'HTTPS by POST': '10.53.1.9#https://dns.test/dns-query',
  'HTTPS by GET': '10.53.1.9#https://dns.test/dns-query{?dns}',
} as const

test.skipIf(original).each<EncryptedServer>(['unbound', 'bind9', 'dnsdist', 'knot-resolver'])(
  'E-TEST-3: %s, asked over TLS and HTTPS, strictly, by the bus, without a packet in plaintext',
  async (kind) => {
    await using lab = await Lab.open({ links: { lan }, config: 'DNSOverTLS=yes', start: false })
    await lab.write(ROOTS, authority.ca)
    await startEncryptedServer(lab, lab.links.lan, kind, GOOD)
    const counter = await PacketCounter.open(lab.world)
    await lab.daemon.start()
    await lab.onBus()
    const came: Record<string, unknown> = {}
    for (const [form, server] of Object.entries(FORMS)) {
      await lab.tsresolvectl('dns', 'lan', server)
      const name = (i: number) => `${form.toLowerCase().replaceAll(/[^a-z]/g, '')}${i}.test`
      await eventually(async () => expect((await lab.dig(name(0))).data).toEqual([ANSWER]))
      const dugs = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((i) => lab.dig(name(i))))
      const relayed = await lab.dig(name(9), 'A', '@127.0.0.54', '+dnssec')
      const shown = await lab.tsresolvectl('dns', 'lan')
      const said = await lab.tsresolvectl('query', name(10))
      came[form] = [
        [...dugs, relayed].every(({ data }) => data.join() === ANSWER),
        shown.includes(server),
        said.includes('local or encrypted transport: yes'),
      ]
    }
    expect(came).toEqual(Object.fromEntries(Object.keys(FORMS).map((form) => [form, [true, true, true]])))
    expect(await counter.to(53)).toBe(0)
  },
  120_000,
)

test.skipIf(original)(
  'E-TEST-1: kdig, dig and delv are answered by the stub as ever, and the same server answers them over TLS directly',
  async () => {
    await using lab = await Lab.open({ links: { lan }, config: 'DNSOverTLS=yes\nDNS=10.53.1.9#dns.test', start: false })
    await lab.write(ROOTS, authority.ca)
    await startEncryptedServer(lab, lab.links.lan, 'unbound', GOOD)
    await lab.daemon.start()
    const folder = await debianExtra('knot-dnsutils')
    const kdig = ['env', `LD_LIBRARY_PATH=${folder}/usr/lib/x86_64-linux-gnu`, `${folder}/usr/bin/kdig`]
    const clients = [
      ['dig', '+short', '@127.0.0.53', 'a.test'],
      ['delv', '-i', '+short', '@127.0.0.53', 'b.test'],
      [...kdig, '+short', '@127.0.0.53', 'c.test'],
      [...kdig, '+short', '+tcp', '+dnssec', '@127.0.0.54', 'd.test'],
      ['dig', '+short', '+tls', '@10.53.1.9', 'e.test'],
      [...kdig, '+short', `+tls-ca=${ROOTS}`, '+tls-hostname=dns.test', '@10.53.1.9', 'f.test'],
      [...kdig, '+short', '+https', `+tls-ca=${ROOTS}`, '+tls-hostname=dns.test', '@10.53.1.9', 'g.test'],
    ]
    await eventually(async () => expect((await lab.dig('awake.test')).data).toEqual([ANSWER]))
    const came = await Promise.all(clients.map((argv) => lab.tryRun(argv)))
    expect(came.map(({ stdout, stderr }) => `${stdout.trim()}${stderr.trim()}`)).toEqual(clients.map(() => ANSWER))
  },
  60_000,
)

test.skipIf(original)('E-DOH-11: a URL in resolved.conf is asked over HTTPS even where DNSOverTLS=no', async () => {
  const config = 'DNSOverTLS=no\nDNS=10.53.1.9#https://dns.test/dns-query{?dns}'
  await using lab = await Lab.open({ links: { lan }, config, start: false })
  await lab.write(ROOTS, authority.ca)
  await startEncryptedServer(lab, lab.links.lan, 'unbound', GOOD)
  const counter = await PacketCounter.open(lab.world)
  await lab.daemon.start()
  await eventually(async () => expect((await lab.dig('a.test')).data).toEqual([ANSWER]))
  expect(await counter.to(53)).toBe(0)
  expect(await lab.tsresolvectl('show-server-state')).toContain('TLSv1.3 verified as dns.test')
})
