import { afterAll, expect, test } from 'vitest'
import { type Credentials, TestAuthority } from '../kit/certificates.ts'
import { type EncryptedServer, startEncryptedServer } from './kit/encrypted-servers.ts'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { PacketCounter } from './kit/packet-counter.ts'
import { inside } from './kit/world.ts'

const authority = new TestAuthority()
afterAll(() => authority[Symbol.dispose]())
const ROOTS = '/etc/ssl/certs/ca-certificates.crt'
const ANSWER = '192.0.2.77'
const lan = { zone: { '*.test': `A ${ANSWER}` }, dns: ['10.53.1.9'] }
const DISCOVERS = '[Resolve]\nDiscoverEncryptedServers=yes\n'
const BY_TLS = { designates: 'alpn=dot port=853 ipv4hint=10.53.1.9' }
const BY_HTTPS = { designates: 'alpn=h2 port=443 ipv4hint=10.53.1.9 key7=/dns-query{?dns}' }

let names = 0
const fresh = () => `n${++names}.test`

/** A machine whose server speaks plaintext, TLS and HTTPS, and designates itself for one of them. */
async function machine(kind: EncryptedServer, credentials: Credentials, designation: { designates: string }) {
  const lab = await Lab.open({ links: { lan }, config: 'DNSOverTLS=no', start: false })
  await lab.write(ROOTS, authority.ca)
  await lab.write('/etc/tsresolved.conf', DISCOVERS)
  await startEncryptedServer(lab, lab.links.lan, kind, credentials, designation)
  const counter = await PacketCounter.open(lab.world)
  await lab.daemon.start()
  await lab.configureLinks()
  return { lab, counter, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() }
}

const holdingAddress = authority.certificate({ san: 'DNS:dns.test,IP:10.53.1.9' })

test.skipIf(original).each<[EncryptedServer, string, { designates: string }, string]>([
  ['unbound', 'TLS', BY_TLS, 'discovered, over TLS at 10.53.1.9 port 853, TLSv1.3 verified as 10.53.1.9'],
  ['unbound', 'HTTPS', BY_HTTPS, 'discovered, over HTTPS at 10.53.1.9 port 443, TLSv1.3 verified as 10.53.1.9'],
  ['dnsdist', 'TLS', BY_TLS, 'discovered, over TLS at 10.53.1.9 port 853, TLSv1.3 verified as 10.53.1.9'],
])(
  'E-DDR-3: %s designates itself for %s: after the first question nothing leaves in plaintext',
  async (kind, _, designation, shown) => {
    await using m = await machine(kind, holdingAddress, designation)
    await eventually(async () => expect((await m.lab.dig(fresh())).data).toEqual([ANSWER])) // port 53 may open last
    await eventually(async () => expect(await m.lab.tsresolvectl('show-server-state')).toContain(shown))
    expect(await m.lab.tsresolvectl('show-server-state')).toContain('designates dns.test at 10.53.1.9')
    const before = await m.counter.to(53)
    for (let i = 0; i < 20; i++) expect((await m.lab.dig(fresh())).data).toEqual([ANSWER])
    expect(await m.counter.to(53)).toBe(before)
    expect(await m.lab.tsresolvectl('query', fresh())).toContain('local or encrypted transport: yes')
    expect(await m.lab.tsresolvectl('why', '--no-ask', 'a.test')).toContain(shown)
  },
  60_000,
)

test.skipIf(original)(
  'E-DDR-3: a certificate that does not hold the server’s address: plaintext as configured, and why and doctor say so',
  async () => {
    await using m = await machine('unbound', authority.certificate({ san: 'DNS:dns.test' }), BY_TLS)
    const said = 'that is not used: certificate of 10.53.1.9 is for dns.test, not for 10.53.1.9'
    await eventually(async () => expect((await m.lab.dig(fresh())).data).toEqual([ANSWER])) // port 53 may open last
    await eventually(async () => expect(await m.lab.tsresolvectl('show-server-state')).toContain(said))
    for (let i = 0; i < 5; i++) expect((await m.lab.dig(fresh())).data).toEqual([ANSWER])
    expect(await m.lab.tsresolvectl('why', '--no-ask', 'a.test')).toContain(said)
    expect((await m.lab.tryRun([inside.node, `${inside.repo}/dist/cli/main.js`, 'doctor'])).stdout).toContain(said)
  },
  60_000,
)

test.skipIf(original)(
  'E-DDR-7: clients get no designation, by neither listener, and nobody is asked for it',
  async () => {
    await using m = await machine('unbound', holdingAddress, BY_TLS)
    for (const server of ['@127.0.0.53', '@127.0.0.54']) {
      const reply = await m.lab.dig('_dns.resolver.arpa', 'TYPE64', server)
      expect([reply.rcode, reply.data]).toEqual(['NOERROR', []])
    }
    expect(await m.counter.to(53)).toBe(0)
  },
)
