import { afterAll, describe, expect, test } from 'vitest'
import { TestAuthority } from '../kit/certificates.ts'
import { eventually } from './kit/eventually.ts'
import { Lab, type LabSpec, original } from './kit/lab.ts'
import { PacketCounter } from './kit/packet-counter.ts'
import { TlsServer, type TlsServerOptions } from './kit/tls-server.ts'
import type { TlsBehaviour } from './kit/tls-server-process.ts'

const authority = new TestAuthority()
const stranger = new TestAuthority('stranger')
afterAll(() => {
  authority[Symbol.dispose]()
  stranger[Symbol.dispose]()
})

const ROOTS = '/etc/ssl/certs/ca-certificates.crt'
/** Answered in plaintext; over TLS every A is 192.0.2.77. */
const PLAIN = '192.0.2.53'
const OVER_TLS = '192.0.2.77'
const lan = { zone: { '*.test': `1 A ${PLAIN}` }, dns: ['10.53.1.1#dns.test'] }
const vpn = { zone: { '*.corp.test': `1 A ${PLAIN}` }, domains: ['~corp.test'] }
const GOOD = authority.certificate({ san: 'DNS:dns.test,IP:10.53.1.1' })

/** A machine that trusts the authority, a server for TLS beside the scripted one of `lan`, and who counts packets. */
async function machine(mode: string, options: Partial<TlsServerOptions> = {}, spec: LabSpec<'lan'> = {}) {
  const lab = await Lab.open({ links: { lan }, config: `DNSOverTLS=${mode}`, ...spec, start: false })
  await lab.write(ROOTS, authority.ca)
  const counter = await PacketCounter.open(lab.world)
  const tls = await TlsServer.open(lab.links.lan, { credentials: GOOD, ...options })
  await lab.daemon.start()
  if (spec.bus !== false) await lab.configureLinks()
  return {
    lab,
    counter,
    tls,
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  }
}

/** Of `query --explain`. */
interface Explained {
  readonly addresses: readonly { readonly address: readonly number[] }[]
  readonly provenance: { readonly attempts: readonly { readonly transport: string }[] }
}

let names = 0
const fresh = () => `n${++names}.test`

test.skipIf(original)('E-DOT-1: strict asks over TLS and nothing leaves in plaintext', async () => {
  await using m = await machine('yes')
  for (let i = 0; i < 20; i++) expect((await m.lab.dig(fresh())).data).toEqual([OVER_TLS])
  expect((await m.lab.dig(fresh(), 'A', '+dnssec')).data).toEqual([OVER_TLS])
  expect((await m.lab.dig(fresh(), 'A', '@127.0.0.54', '+cookie', '+padding=64')).data).toEqual([OVER_TLS])
  const relayed = await m.lab.dig(fresh(), 'A', '@127.0.0.54', '+noedns')
  expect([relayed.data, relayed.text.includes('EDNS')]).toEqual([[OVER_TLS], false])
  const { connections, questions } = await m.tls.report()
  expect(connections).toBe(1)
  expect(new Set(questions.map(({ length }) => length))).toEqual(new Set([128])) // E-TLS-7
  expect(new Set(questions.map(({ sni }) => sni))).toEqual(new Set(['dns.test']))
  expect(await m.counter.to(53)).toBe(0)
  expect(await m.lab.links.lan.asked()).toEqual([])
})

test.skipIf(original)('E-TLS-9: the server’s padding and keepalive do not reach clients', async () => {
  await using m = await machine('yes')
  for (const server of ['@127.0.0.53', '@127.0.0.54']) {
    const { text } = await m.lab.dig(fresh(), 'A', server, '+dnssec', '+padding=64', '+keepalive', '+tcp')
    expect(text).not.toMatch(/^; (PAD|TCP-KEEPALIVE)/m)
  }
})

const anotherName = authority.certificate({ san: 'DNS:other.test' })
test.skipIf(original)(
  'E-LIFE-1, E-TEST-5: every bad certificate fails in words, and nothing leaves in plaintext',
  async () => {
    await using m = await machine('yes')
    const bad = {
      'another name': [anotherName, 'is for other.test, not for dns.test'],
      'the name only as common name': [authority.certificate({ commonName: 'dns.test' }), 'is for no name or address'],
      'the address alone': [authority.certificate({ san: 'IP:10.53.1.1' }), 'is for 10.53.1.1, not for dns.test'],
      'a wildcard too wide': [authority.certificate({ san: 'DNS:*.test' }), 'is for *.test, not for dns.test'],
      expired: [authority.certificate({ san: 'DNS:dns.test', from: -9, to: -2 }), 'expired on'],
      'not yet valid': [authority.certificate({ san: 'DNS:dns.test', from: 2, to: 9 }), 'is not valid before'],
      'self-signed': [authority.selfSigned({ san: 'DNS:dns.test' }), 'is signed by nobody but itself'],
      'an unknown authority': [stranger.certificate({ san: 'DNS:dns.test' }), 'that this system does not trust'],
      'the intermediate left out': [authority.behindIntermediate({ san: 'DNS:dns.test' }, false), 'does not trust'],
    } as const
    const told: Record<string, unknown> = {}
    for (const [fault, [credentials, words]] of Object.entries(bad)) {
      await m.tls.show(credentials)
      await m.tls.hangUp()
      const name = fresh()
      const { rcode, text } = await eventuallyFailing(m.lab, name, words)
      told[fault] = [rcode, text.includes(words), (await m.tls.asked()).includes(name)]
    }
    expect(told).toEqual(Object.fromEntries(Object.keys(bad).map((fault) => [fault, ['SERVFAIL', true, false]])))
    for (const good of [
      GOOD,
      authority.certificate({ san: 'DNS:dns.test' }),
      authority.behindIntermediate({ san: 'DNS:dns.test' }, true),
    ]) {
      await m.tls.show(good)
      await m.tls.hangUp()
      await eventually(async () => expect((await m.lab.dig(fresh())).data).toEqual([OVER_TLS]))
    }
    expect(await m.counter.to(53)).toBe(0)
    expect(await m.lab.links.lan.asked()).toEqual([])
  },
)

/** Attempts to connect pause for up to a second after a failure: the reason may still be that of the fault before. */
function eventuallyFailing(lab: Lab, name: string, words: string) {
  return eventually(async () => {
    const dug = await lab.dig(name)
    if (!dug.text.includes(words)) throw new Error(`not told yet: ${words}`)
    return dug
  }).catch(() => lab.dig(name))
}

test.skipIf(original)(
  'E-LIFE-1, E-TEST-6: whatever the server does, nothing leaves in plaintext',
  async () => {
    await using m = await machine('yes')
    const outcome: Record<TlsBehaviour, string> = {
      answer: 'NOERROR',
      'never-handshake': 'SERVFAIL',
      'reset-on-hello': 'SERVFAIL',
      'no-tls': 'SERVFAIL',
      'close-after-two': 'NOERROR',
      'close-with-questions-open': 'NOERROR',
      reversed: 'NOERROR',
      octets: 'NOERROR',
      'two-in-one': 'NOERROR',
      'wrong-id': 'SERVFAIL',
      truncated: 'SERVFAIL',
      servfail: 'SERVFAIL',
      formerr: 'FORMERR',
      refused: 'REFUSED',
      silent: 'SERVFAIL',
    }
    const came: Record<string, string> = {}
    for (const behaviour of Object.keys(outcome) as TlsBehaviour[]) {
      await m.tls.behave('answer')
      await m.tls.hangUp()
      await eventually(async () => expect((await m.lab.dig(fresh())).rcode).toBe('NOERROR'))
      await m.tls.behave(behaviour)
      if (/handshake|hello|no-tls|open/.test(behaviour)) await m.tls.hangUp()
      const replies = await Promise.all(Array.from({ length: 4 }, () => m.lab.dig(fresh())))
      came[behaviour] = [...new Set(replies.map(({ rcode }) => rcode))].join(' ')
    }
    expect(came).toEqual(outcome)
    expect(await m.counter.to(53)).toBe(0)
    expect(await m.lab.links.lan.asked()).toEqual([])
  },
  180_000,
)

describe('strict and the system’s certificates', () => {
  test.skipIf(original)(
    'E-NODE-10: without any, it fails, names the file, and recovers when it is filled',
    async () => {
      await using m = await machine('yes', {}, { links: { lan } })
      await m.lab.write(ROOTS, '')
      await m.lab.daemon.restart()
      const { rcode, text } = await m.lab.dig(fresh())
      expect([rcode, text.includes(`${ROOTS} holds no certificate`)]).toEqual(['SERVFAIL', true])
      await m.lab.write(ROOTS, authority.ca)
      await eventually(async () => expect((await m.lab.dig(fresh())).data).toEqual([OVER_TLS]), { within: 30_000 })
      expect(await m.counter.to(53)).toBe(0)
    },
  )
})

describe('per link', () => {
  test.skipIf(original)('E-DOT-12: strict on one link verifies, and the other stays as it is', async () => {
    const links = { lan, vpn }
    await using m = await machine('no', { credentials: stranger.certificate({ san: 'DNS:dns.test' }) }, { links })
    await m.lab.resolvectl('dnsovertls', 'lan', 'yes')
    expect(await m.lab.resolvectl('dnsovertls', 'lan')).toContain(': yes')
    expect(await m.lab.resolvectl('status', 'lan')).toContain('+DNSOverTLS')
    expect((await m.lab.dig(fresh())).rcode).toBe('SERVFAIL')
    expect(await m.lab.links.lan.asked()).toEqual([])
    expect((await m.lab.dig('a.corp.test')).data).toEqual([PLAIN])
    await m.tls.show(GOOD)
    await eventually(async () => expect((await m.lab.dig(fresh())).data).toEqual([OVER_TLS]))
    await m.lab.resolvectl('dnsovertls', 'lan', 'no')
    expect((await m.lab.dig(fresh())).data).toEqual([PLAIN])
    await m.lab.resolvectl('dnsovertls', 'lan', 'opportunistic')
    expect((await m.lab.dig(fresh())).data).toEqual([OVER_TLS])
  })

  test.skipIf(original)(
    'E-OURS-1: TLS leaves by the link of its server, even where all routes lead elsewhere',
    async () => {
      const links = { lan: { ...lan, dns: ['198.51.100.53#dns.test'] }, vpn: { ...vpn, gateway: true } }
      await using m = await machine('yes', { address: '0.0.0.0' }, { links })
      await m.lab.dig(fresh())
      expect(await m.counter.to(853, 'vpn')).toBe(0)
      expect(await m.counter.to(53)).toBe(0)
    },
  )

  test.skipIf(original).each([
    ['10.53.1.1#dns.test', 853],
    ['10.53.1.1:8853#dns.test', 8853],
  ])('E-DOT-2: networkd’s state: %s, and the mode', async (server, port) => {
    await using m = await machine('no', { port }, { bus: false })
    const index = await m.lab.links.lan.index()
    await m.lab.write(
      `/run/systemd/netif/links/${index}`,
      `ADMIN_STATE=configured\nOPER_STATE=routable\nDNS=${server}\nDNS_OVER_TLS=yes\n`,
    )
    await eventually(async () => expect((await m.lab.dig(fresh())).data).toEqual([OVER_TLS]))
    expect(await m.lab.links.lan.asked()).toEqual([])
  })
})

test.skipIf(original)('a delegate follows the global mode', async () => {
  await using m = await machine('yes', {}, { links: { lan: { ...lan, dns: [] } } })
  await m.lab.write(
    '/etc/systemd/dns-delegate.d/corp.dns-delegate',
    '[Delegate]\nDNS=10.53.1.1#dns.test\nDomains=test\n',
  )
  await m.lab.daemon.signal('SIGHUP')
  await eventually(async () => expect((await m.lab.dig(fresh())).data).toEqual([OVER_TLS]))
  expect(await m.counter.to(53)).toBe(0)
})

describe('opportunistic', () => {
  test.skipIf(original)('asks over TLS where the server takes it, whatever its certificate', async () => {
    await using m = await machine('opportunistic', { credentials: stranger.selfSigned({ san: 'DNS:x' }) })
    for (let i = 0; i < 5; i++) expect((await m.lab.dig(fresh())).data).toEqual([OVER_TLS])
    expect(await m.lab.links.lan.asked()).toEqual([])
  })

  test.skipIf(original).each<[string, TlsBehaviour | 'nobody']>([
    ['the port is closed', 'nobody'],
    ['the connection is reset', 'reset-on-hello'],
    ['nothing answers', 'never-handshake'],
    ['something else listens there', 'no-tls'],
  ])(
    'E-OPP-1, E-OPP-2: %s: plaintext as well at the first question, and at the others nothing is waited for',
    async (_, behaviour) => {
      await using m = await machine('opportunistic', behaviour === 'nobody' ? { port: 8853 } : { behaviour })
      const ways: string[][] = []
      for (let i = 0; i < 10; i++) {
        const { addresses, provenance } = JSON.parse(
          await m.lab.tsresolvectl('query', '--explain', '--json=short', '-4', fresh()),
        ) as Explained
        expect(addresses.map(({ address }) => address.join('.'))).toEqual([PLAIN])
        ways.push(provenance.attempts.map(({ transport }) => transport))
      }
      const [first, ...others] = ways
      expect(first).toContain('udp')
      expect(new Set(others.flat())).toEqual(new Set(['udp']))
      expect(await m.counter.to(853)).toBeGreaterThan(0)
    },
  )

  test.skipIf(original)('TLS that comes about later is found without anybody waiting for it', async () => {
    await using m = await machine('opportunistic', { behaviour: 'reset-on-hello' })
    expect((await m.lab.dig(fresh())).data).toEqual([PLAIN])
    await m.tls.behave('answer')
    await eventually(async () => expect((await m.lab.dig(fresh())).data).toEqual([OVER_TLS]), { within: 30_000 })
  })
})

test.skipIf(original)('E-DOT-14: programs are told that the way was confidential', async () => {
  await using m = await machine('yes')
  const name = fresh()
  for (const source of ['network', 'cache']) {
    const said = await m.lab.resolvectl('query', name)
    expect(said).toContain('local or encrypted transport: yes')
    expect(said).toContain(`Data from: ${source}`)
  }
})
