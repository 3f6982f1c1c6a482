import { afterAll, expect, test } from 'vitest'
import { TestAuthority } from '../kit/certificates.ts'
import { startDnsmasq } from './kit/dnsmasq.ts'
import { type EncryptedServer, startEncryptedServer } from './kit/encrypted-servers.ts'
import { Lab, original } from './kit/lab.ts'
import { PacketCounter } from './kit/packet-counter.ts'

const authority = new TestAuthority()
afterAll(() => authority[Symbol.dispose]())
const CREDENTIALS = authority.certificate({ san: 'DNS:dns.test,IP:10.53.1.9' })
const ANSWER = '192.0.2.77'
const lan = { zone: { '*.test': `A ${ANSWER}` }, dns: ['10.53.1.9'] }

interface Learnt {
  readonly LetterCase: string
  readonly Cookies: string
  readonly Sent: number
  readonly Probes: number
  readonly Hedges: number
  readonly Mismatches: number
  readonly Doubts: readonly string[]
}

async function learntOf(lab: Lab): Promise<Learnt> {
  const dump = JSON.parse(await lab.tsresolvectl('show-server-state', '--json=short')) as {
    Server: string
    Learnt: Learnt
  }[]
  return dump.find(({ Server }) => Server.startsWith('10.53.1.9'))?.Learnt as Learnt
}

/** Twenty names, with what clients like: capital letters, signatures, several at once. */
async function askMany(lab: Lab, prefix: string): Promise<string[]> {
  const one = async (i: number) => {
    const name = i % 2 === 0 ? `${prefix}${i}.test` : `${prefix.toUpperCase()}${i}.Test`
    const { data } = await lab.dig(name, 'A', ...(i % 5 === 0 ? ['+dnssec'] : []))
    return data.join()
  }
  const first: string[] = []
  for (let i = 0; i < 10; i++) first.push(await one(i))
  return [...first, ...(await Promise.all([10, 11, 12, 13, 14, 15, 16, 17, 18, 19].map(one)))]
}

/** What each server is known by at last. unbound gives cookies from 1.18 on, when `answer-cookie` is set. */
const SERVERS: readonly (readonly [server: EncryptedServer | 'dnsmasq', letterCase: string, cookies: string])[] = [
  ['bind9', 'proven', 'proven'],
  ['unbound', 'proven', 'missing'],
  ['dnsdist', 'proven', 'missing'],
  ['dnsmasq', 'proven', 'missing'],
]

test.skipIf(original)(
  'RFC 7873 §5.3: dnsmasq before BIND passes cookies on, and answers without from its cache: nothing fails, little is asked twice',
  async () => {
    await using lab = await Lab.open({ links: { lan }, start: false })
    const { lan: link } = lab.links
    await startEncryptedServer(lab, link, 'bind9', CREDENTIALS)
    await startDnsmasq(link, [`--server=${link.realServer}`, '--port=5353'])
    await lab.daemon.start()
    await lab.configureLinks()
    await lab.tsresolvectl('dns', 'lan', `${link.realServer}:5353`)
    for (let round = 0; round < 4; round++) {
      expect(await askMany(lab, `name${round >> 1}`)).toEqual(Array.from({ length: 20 }, () => ANSWER))
      await lab.tsresolvectl('flush-caches') // so that every second round is answered from the cache of dnsmasq
    }
    // Two before each is doubted, and two more once it is proven anew; where the machine is busy dnsmasq gives a question asked
    // again the letters of the first as well.
    expect((await learntOf(lab)).Mismatches).toBeLessThanOrEqual(8)
  },
  120_000,
)

test.skipIf(original).each(SERVERS)(
  'RFC 7873, dns0x20: %s is asked with guards that it knows, in one message for each question',
  async (kind, letterCase, cookies) => {
    await using lab = await Lab.open({ links: { lan }, start: false })
    const { lan: link } = lab.links
    if (kind === 'dnsmasq') await startDnsmasq(link, [`--server=${link.server}`])
    else await startEncryptedServer(lab, link, kind, CREDENTIALS)
    await lab.daemon.start()
    await lab.configureLinks()
    const counter = await PacketCounter.open(lab.world)
    expect(await askMany(lab, 'name')).toEqual(Array.from({ length: 20 }, () => ANSWER))
    const learnt = await learntOf(lab)
    expect(learnt).toMatchObject({ LetterCase: letterCase, Cookies: cookies, Mismatches: 0, Doubts: [] })
    expect(learnt.Sent - learnt.Probes - learnt.Hedges).toBe(20) // hedges: where the machine is busy
    expect(await counter.to(53)).toBe(learnt.Sent)
    const shown = await lab.tsresolvectl('show-server-state')
    expect(shown).toMatch(/Letter case: always repeated/)
    expect(shown).toMatch(cookies === 'proven' ? /Cookies: always sent/ : /Cookies: not sent/)
  },
  120_000,
)
