import { afterAll, expect, test } from 'vitest'
import { type Credentials, TestAuthority } from '../kit/certificates.ts'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { TlsServer } from './kit/tls-server.ts'
import type { TlsBehaviour } from './kit/tls-server-process.ts'
import { inside } from './kit/world.ts'

const authority = new TestAuthority()
const stranger = new TestAuthority('stranger')
afterAll(() => {
  authority[Symbol.dispose]()
  stranger[Symbol.dispose]()
})
const NAMED = '10.53.1.1#dns.test'
const URL = '10.53.1.1#https://dns.test/dns-query'
const san = 'DNS:dns.test'
const good = authority.certificate({ san })

interface Situation {
  readonly fault: string
  readonly server?: string
  readonly credentials?: Credentials
  readonly behaviour?: TlsBehaviour
  /** Where the server listens; the usual port if not given. */
  readonly port?: number
  readonly says: string
  readonly repair: string
}

const SITUATIONS: readonly Situation[] = [
  {
    fault: 'the server has no TLS',
    behaviour: 'no-tls',
    says: 'what listens there does not speak TLS',
    repair: 'tsresolvectl dnsovertls lan no',
  },
  { fault: 'port 853 is closed', port: 8853, says: 'ECONNREFUSED', repair: 'tsresolvectl dnsovertls lan no' },
  {
    fault: 'port 853 is blocked',
    behaviour: 'never-handshake',
    says: 'no connection comes about: 10.53.1.1:853',
    repair: 'tsresolvectl dnsovertls lan no',
  },
  {
    fault: 'the certificate is for another name',
    credentials: authority.certificate({ san: 'DNS:other.test' }),
    says: 'certificate of 10.53.1.1 is for other.test, not for dns.test',
    repair: 'tsresolvectl dns lan 10.53.1.1#ITS-NAME',
  },
  {
    fault: 'it has expired, or the clock is ahead',
    credentials: authority.certificate({ san, from: -9, to: -2 }),
    says: 'or the clock of this machine is ahead',
    repair: 'timedatectl status',
  },
  {
    fault: 'it is not yet valid, or the clock is behind',
    credentials: authority.certificate({ san, from: 2, to: 9 }),
    says: 'or the clock of this machine is behind',
    repair: 'timedatectl status',
  },
  {
    fault: 'its authority is not known',
    credentials: stranger.certificate({ san }),
    says: 'is signed by an authority that this system does not trust',
    repair: 'update-ca-certificates',
  },
  {
    fault: 'a portal answers on 443',
    server: URL,
    credentials: authority.certificate({ san: 'DNS:portal.test' }),
    says: 'certificate of 10.53.1.1 is for portal.test, not for dns.test',
    repair: 'tsresolvectl dns lan 10.53.1.1#https://ITS-NAME/dns-query',
  },
]

test.skipIf(original).each(SITUATIONS)(
  'doctor knows: $fault',
  async ({ server = NAMED, credentials = good, behaviour = 'answer', port, says, repair }) => {
    const lan = { zone: { '*.test': 'A 192.0.2.53' }, dns: [server] }
    await using lab = await Lab.open({ links: { lan }, config: 'DNSOverTLS=yes', start: false })
    await lab.write('/etc/ssl/certs/ca-certificates.crt', authority.ca)
    const protocol = server === URL ? 'https' : 'tls'
    await TlsServer.open(lab.links.lan, { credentials, behaviour, protocol, ...(port !== undefined && { port }) })
    await lab.daemon.start()
    await lab.configureLinks()
    await eventually(
      async () => {
        await lab.dig('a.test')
        expect(await findings(lab)).toContainEqual({
          check: 'encryption',
          level: 'problem',
          fixable: false,
          what: expect.stringContaining(says) as string,
          repair: expect.stringContaining(repair) as string,
        })
      },
      { within: 30_000 },
    )
    expect(await lab.links.lan.asked()).toEqual([])
  },
  60_000,
)

async function findings(lab: Lab): Promise<unknown[]> {
  const { stdout } = await lab.tryRun([inside.node, `${inside.repo}/dist/cli/main.js`, 'doctor', '--json=short'])
  return JSON.parse(stdout) as unknown[]
}
