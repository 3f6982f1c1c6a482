import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { TestAuthority } from '../kit/certificates.ts'
import { eventually } from './kit/eventually.ts'
import type { HttpBehaviour } from './kit/http2-server-process.ts'
import { Lab, original } from './kit/lab.ts'
import { PacketCounter } from './kit/packet-counter.ts'
import { TlsServer } from './kit/tls-server.ts'

const authority = new TestAuthority()
const stranger = new TestAuthority('stranger')
afterAll(() => {
  authority[Symbol.dispose]()
  stranger[Symbol.dispose]()
})
const GOOD = authority.certificate({ san: 'DNS:dns.test,IP:10.53.1.1' })
/** Milliseconds after which a question comes with a ping. */
const LONG_IDLE = 3500
const ROOTS = '/etc/ssl/certs/ca-certificates.crt'
const OVER_HTTPS = '192.0.2.77'
const lan = { zone: { '*.test': 'A 192.0.2.53' }, dns: ['10.53.1.1#https://dns.test/dns-query{?dns}'] }

async function machine(credentials = GOOD) {
  const lab = await Lab.open({ links: { lan }, config: 'DNSOverTLS=no', start: false })
  await lab.write(ROOTS, authority.ca)
  const counter = await PacketCounter.open(lab.world)
  const server = await TlsServer.open(lab.links.lan, { protocol: 'https', credentials })
  await lab.daemon.start()
  await lab.configureLinks()
  return { lab, counter, server, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() }
}

let names = 0
const fresh = () => `n${++names}.test`

test.skipIf(original)(
  'E-DOH-3, E-DOH-5, E-TEST-6: whatever the HTTP server does, nothing leaves in plaintext, and the reason is told',
  async () => {
    await using m = await machine()
    const outcome: Record<HttpBehaviour, [rcode: string, told: string]> = {
      answer: ['NOERROR', ''],
      'status-302': ['SERVFAIL', 'answers with HTTP status 302'],
      'status-404': ['SERVFAIL', 'answers with HTTP status 404'],
      'status-415': ['SERVFAIL', 'answers with HTTP status 415'],
      'status-429': ['SERVFAIL', 'answers with HTTP status 429'],
      'status-500': ['SERVFAIL', 'answers with HTTP status 500'],
      'wrong-media-type': ['SERVFAIL', 'text/html'],
      'too-large': ['SERVFAIL', 'more than a DNS message can hold'],
      'no-message': ['SERVFAIL', 'no DNS message'],
      aged: ['NOERROR', ''],
      goaway: ['NOERROR', ''],
      'reset-stream': ['SERVFAIL', ''],
      silent: ['SERVFAIL', ''],
    }
    const came: Record<string, unknown> = {}
    for (const [behaviour, [, told]] of Object.entries(outcome)) {
      await m.server.behave('answer')
      await eventually(async () => expect((await m.lab.dig(fresh())).data).toEqual([OVER_HTTPS]))
      await m.server.behave(behaviour as HttpBehaviour)
      const replies = await Promise.all([1, 2, 3, 4].map(() => m.lab.dig(fresh())))
      const rcodes = [...new Set(replies.map(({ rcode }) => rcode))].join(' ')
      came[behaviour] = [rcodes, replies.some(({ text }) => text.includes(told)) ? told : replies[0]?.text]
    }
    expect(came).toEqual(outcome)
    expect(await m.counter.to(53)).toBe(0)
    expect(await m.lab.links.lan.asked()).toEqual([])
  },
  180_000,
)

test.skipIf(original)('E-DOH-4: what an HTTP cache has had for 100 s of 300 is kept for 200', async () => {
  await using m = await machine()
  await m.server.behave('aged')
  const name = fresh()
  const ttls = [(await m.lab.dig(name)).answer[0]?.ttl, (await m.lab.dig(name)).answer[0]?.ttl]
  for (const ttl of ttls) expect(ttl).toBeLessThanOrEqual(200)
  expect(ttls[0]).toBeGreaterThan(190)
})

test.skipIf(original)(
  'E-DOH-5: twenty questions at once to a server that allows two streams: one connection',
  async () => {
    await using m = await machine()
    const replies = await Promise.all(Array.from({ length: 20 }, () => m.lab.dig(fresh())))
    expect(replies.every(({ data }) => data.join() === OVER_HTTPS)).toBe(true)
    expect((await m.server.report()).connections).toBe(1)
  },
)

test.skipIf(original)('E-LIFE-2: a portal that answers on 443: nothing is asked, and the reason is told', async () => {
  await using m = await machine(stranger.certificate({ san: 'DNS:portal.test' }))
  const { rcode, text } = await m.lab.dig(fresh())
  expect([rcode, text.includes('by an authority that this system does not trust')]).toEqual(['SERVFAIL', true])
  expect(await m.server.asked()).toEqual([])
  expect(await m.counter.to(53)).toBe(0)
})

test.skipIf(original)(
  'E-DOH-5: a connection that the path has forgotten is found dead by a ping, and the question goes over another one',
  async () => {
    await using m = await machine()
    expect((await m.lab.dig(fresh())).data).toEqual([OVER_HTTPS])
    const [, port] = /:(\d+)\s+10\.53\.1\.1:443/.exec(await m.lab.run(['ss', '-tnH'])) ?? []
    await m.lab.links.lan.start([
      'ip',
      'rule',
      'add',
      'pref',
      '10',
      'ipproto',
      'tcp',
      'dport',
      String(port),
      'blackhole',
    ])
    await pause(LONG_IDLE)
    const said = await m.lab.tsresolvectl('query', '--explain', '--json=short', '--type=A', fresh())
    const results = [...said.matchAll(/"result":"([^"]*)"/g)].map(([, result]) => result)
    expect([said.includes(OVER_HTTPS) || said.includes('192,0,2,77'), results]).toEqual([true, ['closed', 'NOERROR']])
    expect((await m.server.report()).connections).toBe(2)
    expect(await m.counter.to(53)).toBe(0)
  },
  30_000,
)
