import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { debianExtra } from './kit/debian.ts'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { inside, testUser } from './kit/world.ts'
import {
  type Fault,
  keyAnchor,
  serveZones,
  type SignedZones,
  type SignedZoneSpec,
  signZones,
  startValidator,
} from './kit/signed-zones.ts'

type Verdict = 'secure' | 'insecure' | 'bogus'

const WWW = ['www 300 A 192.0.2.1', '*.wild 300 A 192.0.2.2', 'a.ent 300 A 192.0.2.3', 'alias 300 CNAME www']

/** Zones below `zz`, with what is wrong with them. */
const FAULTS: readonly (readonly [string, Fault, Verdict])[] = [
  ['expired', 'expired', 'bogus'],
  ['future', 'future', 'bogus'],
  ['stripped', 'stripped', 'bogus'],
  ['forged', 'forged', 'bogus'],
  ['wrong-signer', 'wrong signer', 'bogus'],
  ['revoked', 'revoked', 'bogus'],
  ['island', 'no DS', 'insecure'],
  ['unknown-algorithm', 'unknown algorithm', 'insecure'],
  ['unsigned', 'unsigned', 'bogus'],
]
const ALGORITHMS = [
  'RSASHA1',
  'NSEC3RSASHA1',
  'RSASHA256',
  'RSASHA512',
  'ECDSAP256SHA256',
  'ECDSAP384SHA384',
  'ED25519',
  'ED448',
]

const ZONES: readonly SignedZoneSpec[] = [
  { apex: '.' },
  {
    apex: 'zz',
    records: [
      'ns 300 A 192.0.2.53',
      'to-bogus 300 CNAME www.forged.zz.',
      'to-unsigned 300 CNAME www.cut.zz.',
      'moved 300 DNAME nsec.zz.',
    ],
  },
  { apex: 'cut.zz', fault: 'plain', records: WWW },
  ...ALGORITHMS.map((algorithm) => {
    const zone = { apex: `${algorithm.toLowerCase()}.zz`, algorithm, records: WWW }
    return algorithm === 'NSEC3RSASHA1' ? { ...zone, nsec3: { iterations: 0 } } : zone
  }),
  ...FAULTS.map(([label, fault]) => ({ apex: `${label}.zz`, fault, records: WWW })),
  { apex: 'nsec.zz', records: WWW },
  { apex: 'nsec3.zz', nsec3: { iterations: 0 }, records: WWW },
  { apex: 'opt-out.zz', nsec3: { iterations: 0, isOptOut: true }, records: WWW },
  { apex: 'child.opt-out.zz', fault: 'plain', records: WWW },
  { apex: 'iterations51.zz', nsec3: { iterations: 51 }, records: WWW },
  { apex: 'iterations150.zz', nsec3: { iterations: 150 }, records: WWW },
  { apex: 'iterations151.zz', nsec3: { iterations: 151 }, records: WWW },
]

/** What a validator says of a question; `theirs` where unbound says something else, and why. */
interface Case {
  readonly name: string
  readonly type?: string
  readonly verdict: Verdict
  readonly theirs?: Verdict
}

const CASES: readonly Case[] = [
  ...ALGORITHMS.flatMap((algorithm): Case[] => [
    { name: `www.${algorithm.toLowerCase()}.zz`, verdict: 'secure' },
    { name: `none.${algorithm.toLowerCase()}.zz`, verdict: 'secure' },
  ]),
  ...FAULTS.map(([label, , verdict]): Case => ({ name: `www.${label}.zz`, verdict })),
  ...['nsec', 'nsec3'].flatMap((label): Case[] => [
    { name: `x.wild.${label}.zz`, verdict: 'secure' },
    { name: `x.wild.${label}.zz`, type: 'TXT', verdict: 'secure' },
    { name: `ent.${label}.zz`, verdict: 'secure' },
    { name: `alias.${label}.zz`, verdict: 'secure' },
    { name: `www.${label}.zz`, type: 'TXT', verdict: 'secure' },
    { name: `${label}.zz`, type: 'DS', verdict: 'secure' },
    { name: `${label}.zz`, type: 'DNSKEY', verdict: 'secure' },
    { name: `${label}.zz`, type: 'SOA', verdict: 'secure' },
  ]),
  { name: 'www.cut.zz', verdict: 'insecure' },
  { name: 'none.cut.zz', verdict: 'insecure' },
  { name: 'cut.zz', type: 'DS', verdict: 'secure' },
  { name: 'to-bogus.zz', verdict: 'bogus' },
  { name: 'to-unsigned.zz', verdict: 'insecure' },
  { name: 'www.moved.zz', verdict: 'secure' },
  { name: 'none.moved.zz', verdict: 'secure' },
  { name: 'www.opt-out.zz', verdict: 'secure' },
  { name: 'www.child.opt-out.zz', verdict: 'insecure' },
  { name: 'none.opt-out.zz', verdict: 'insecure' },
  // S-DEN-13: we stop at 50, they at 150.
  { name: 'none.iterations51.zz', verdict: 'insecure', theirs: 'secure' },
  { name: 'none.iterations150.zz', verdict: 'insecure', theirs: 'secure' },
  { name: 'www.iterations150.zz', verdict: 'secure' },
  { name: 'none.iterations151.zz', verdict: 'insecure' },
  { name: 'www.iterations151.zz', type: 'TXT', verdict: 'insecure' },
  { name: 'www.iterations151.zz', verdict: 'secure' },
  { name: 'www.none', verdict: 'secure' },
]

/** RFC 8914: why a bogus answer is SERVFAIL. */
const REASONS: readonly (readonly [string, number])[] = [
  ['expired', 7],
  ['future', 8],
  ['forged', 6],
  ['stripped', 10],
  ['unsigned', 10],
]

const OURS = '127.0.0.53'
const POSITIVE = '/etc/dnssec-trust-anchors.d/lab.positive'

let zones: SignedZones
beforeAll(async () => {
  zones = await signZones(ZONES)
}, 300_000)

/** A machine that validates, with BIND as its server; all servers of `extra` are set before. */
async function validating(mode = 'yes', config = ''): Promise<Lab<'lan'>> {
  const spec = {
    links: { lan: { zone: false, dns: ['10.53.1.9'] } },
    config: `DNSSEC=${mode}\n${config}`,
    start: false,
  } as const
  const lab = await Lab.open(spec)
  await lab.write(POSITIVE, zones.anchor)
  await serveZones(lab, lab.links.lan, zones)
  await lab.daemon.start()
  await lab.configureLinks()
  return lab
}

/** Gives it a state directory, as its unit does. */
async function keepKeys(lab: Lab): Promise<string> {
  const directory = '/run/lab/keys'
  await lab.run(['install', '-d', '-o', testUser.name, directory])
  lab.daemon.environment.push(`STATE_DIRECTORY=${directory}`)
  await lab.daemon.restart()
  await lab.configureLinks()
  return directory
}

async function verdictOf(lab: Lab, { name, type = 'A' }: Case, server: string): Promise<Verdict> {
  const { rcode, flags } = await lab.dig(name, type, `@${server}`, '+adflag')
  if (rcode === 'SERVFAIL') return 'bogus'
  return flags.includes('ad') ? 'secure' : 'insecure'
}

function caseText({ name, type = 'A' }: Case): string {
  return `${name} ${type}`
}

/** What clients of the bus and of glibc get to see. */
const RESOLVECTL = ['resolvectl', '--no-pager'] as const

describe.skipIf(original)('DNSSEC=yes', () => {
  test('answer by answer beside unbound, on the same zones', async () => {
    await using lab = await validating()
    await startValidator(lab, lab.links.lan, zones)
    const found: Record<string, unknown> = {}
    const expected: Record<string, unknown> = {}
    for (const each of CASES) {
      found[caseText(each)] = [await verdictOf(lab, each, OURS), await verdictOf(lab, each, lab.links.lan.server2)]
      expected[caseText(each)] = [each.verdict, each.theirs ?? each.verdict]
    }
    expect(found).toEqual(expected)
  })

  test('S-RES-2: SERVFAIL tells why, and no record', async () => {
    await using lab = await validating()
    for (const [label, code] of REASONS) {
      for (const words of [[], ['+dnssec'], ['@127.0.0.54']]) {
        const { rcode, answer, text } = await lab.dig(`www.${label}.zz`, 'A', ...words)
        expect([label, words, rcode, answer, /EDE: (\d+)/.exec(text)?.[1]]).toEqual([
          label,
          words,
          'SERVFAIL',
          [],
          String(code),
        ])
      }
    }
  })

  test('S-RES-1, S-RES-5: what resolvectl, varlink and glibc are told', async () => {
    await using lab = await validating()
    expect(await lab.resolvectl('query', 'www.nsec.zz')).toContain('Data is authenticated: yes')
    expect(await lab.resolvectl('query', 'www.cut.zz')).toContain('Data is authenticated: no')
    const bogus = await lab.tryRun([...RESOLVECTL, 'query', 'www.forged.zz'])
    expect(bogus.stderr).toMatch(/^www\.forged\.zz: resolve call failed: DNSSEC validation failed: invalid/)
    expect(await lab.resolvectl('query', '--validate=no', 'www.forged.zz')).toContain('192.0.2.1')
    expect((await lab.tryRun([...RESOLVECTL, 'query', 'www.forged.zz'])).code).not.toBe(0)
    const ours = await lab.tryRun([inside.node, `${inside.repo}/dist/cli/main.js`, 'query', 'www.stripped.zz'])
    expect(ours.stderr).toContain('DNSSEC validation failed: no-signature')
    const why = await lab.tsresolvectl('why', 'www.stripped.zz')
    expect(why).toContain('does not stand up to DNSSEC: www.stripped.zz A is not signed, but its zone is signed')
    const statistics = await lab.resolvectl('statistics')
    expect(statistics).toMatch(/Secure: +[1-9]/)
    expect(statistics).toMatch(/Bogus: +[1-9]/)
    expect(await lab.resolvectl('status', 'lan')).toContain('DNSSEC=yes/supported')
  })

  test('S-MODE-1, S-NTA-3, S-TA-3: modes and anchors of links and files, in force at once', async () => {
    await using lab = await validating()
    const rcode = async (name: string) => (await lab.dig(name)).rcode
    expect(await rcode('www.forged.zz')).toBe('SERVFAIL')
    await lab.resolvectl('nta', 'lan', 'forged.zz')
    expect(await rcode('www.forged.zz')).toBe('NOERROR')
    expect(await rcode('www.stripped.zz')).toBe('SERVFAIL')
    await lab.resolvectl('nta', 'lan', '')
    expect(await rcode('www.forged.zz')).toBe('SERVFAIL')
    await lab.resolvectl('dnssec', 'lan', 'no')
    expect(await rcode('www.forged.zz')).toBe('NOERROR')
    expect(await lab.resolvectl('status', 'lan')).toContain('DNSSEC=no/unsupported')
    await lab.resolvectl('dnssec', 'lan', 'yes')
    expect(await rcode('www.forged.zz')).toBe('SERVFAIL')
    await lab.write('/etc/dnssec-trust-anchors.d/lab.negative', 'forged.zz\n')
    await lab.daemon.signal('SIGHUP')
    await eventually(async () => expect(await rcode('www.forged.zz')).toBe('NOERROR'))
    expect((await lab.dig('www.nsec.zz', 'A', '+adflag')).flags).toContain('ad')
    await lab.write(POSITIVE, zones.anchor.replace(/.{8}$/m, '00000000'))
    await lab.daemon.signal('SIGHUP')
    await eventually(async () => expect(await rcode('www.nsec.zz')).toBe('SERVFAIL'))
  })
})

test.skipIf(original)('S-TA-4, S-TA-7, S-TA-9: an anchor that is a key, of the root and of an island', async () => {
  await using lab = await validating()
  const verdicts = async () => {
    const names = ['www.nsec.zz', 'www.island.zz', 'www.forged.zz']
    return Promise.all(names.map((name) => verdictOf(lab, { name, verdict: 'secure' }, OURS)))
  }
  const become = async (anchors: string, expected: readonly Verdict[]) => {
    await lab.write(POSITIVE, anchors)
    await lab.daemon.signal('SIGHUP')
    await eventually(async () => expect(await verdicts()).toEqual(expected))
  }
  expect(await verdicts()).toEqual(['secure', 'insecure', 'bogus'])
  const island = keyAnchor(zones, 'island.zz')
  await become(keyAnchor(zones, '.') + island, ['secure', 'secure', 'bogus'])
  await become(island.replace('island.zz', '.') + island, ['bogus', 'secure', 'bogus'])
})

test.skipIf(original)('S-MODE-8: NoTrustAnchor over the bus when the last key of the root is revoked', async () => {
  await using lab = await validating()
  const file = `${await keepKeys(lab)}/root-keys.json`
  const ask = ['gdbus', 'call', '--system', '-d', 'org.freedesktop.resolve1', '-o', '/org/freedesktop/resolve1']
  const method = 'org.freedesktop.resolve1.Manager.ResolveRecord'
  const call = () => lab.tryRun([...ask, '-m', method, '0', '.', '1', '43', '0'])
  expect((await call()).stderr).toContain('org.freedesktop.resolve1.NoSuchRR')
  await eventually(() => lab.run(['grep', '-q', '"valid"', file]))
  await lab.run(['sed', '-i', 's/"valid"/"revoked"/', file])
  await lab.daemon.restart()
  await lab.configureLinks()
  expect((await call()).stderr).toContain('org.freedesktop.resolve1.NoTrustAnchor: No suitable trust anchor known')
  expect((await lab.dig('.', 'DS')).rcode).toBe('SERVFAIL')
  expect((await lab.dig('.', 'DS', '+dnssec')).rcode).toBe('SERVFAIL')
  const { stderr } = await lab.tryRun([...RESOLVECTL, 'query', '--type=DS', '.'])
  expect(stderr).toContain('No suitable trust anchor known')
  await lab.resolvectl('dnssec', 'lan', 'allow-downgrade')
  expect(await lab.dig('.', 'DS', '+adflag')).toMatchObject({ rcode: 'NOERROR', data: [] })
  expect(await verdictOf(lab, { name: '.', type: 'DS', verdict: 'insecure' }, OURS)).toBe('insecure')
})

test.skipIf(original)('S-ROLL-1: the keys of the root are looked at, and kept where the unit says', async () => {
  await using lab = await validating('no')
  const directory = await keepKeys(lab)
  expect((await lab.dig('www.nsec.zz')).rcode).toBe('NOERROR')
  expect(await lab.run(['ls', directory])).toBe('') // nothing is validated
  await lab.resolvectl('dnssec', 'lan', 'yes')
  const tag = Number(zones.anchor.trim().split(/\s+/)[3])
  await eventually(async () => {
    const kept: unknown = JSON.parse(await lab.run(['cat', `${directory}/root-keys.json`]))
    expect(kept).toMatchObject({ name: '.', keys: [{ tag, state: 'valid' }] })
  })
  await lab.daemon.restart()
  expect((await lab.dig('www.nsec.zz', 'A', '+adflag')).flags).toContain('ad')
})

/** Addresses of a name, or what glibc says. */
const GETADDRINFO = `
import socket, sys
try: print(*{each[4][0] for each in socket.getaddrinfo(sys.argv[1], 80, socket.AF_INET)})
except OSError as error: print(error.strerror)
`

describe.skipIf(original)('R-NSS-3: glibc never gets the address of a bogus answer', () => {
  test.each(['resolve [!UNAVAIL=return] dns', 'dns'])('hosts: %s', async (hosts) => {
    const refusal = 'Temporary failure in name resolution'
    await promisify(execFile)('make', ['-C', fileURLToPath(new URL('../../nss', import.meta.url))])
    await using lab = await validating()
    await lab.write('/etc/nsswitch.conf', `passwd: files\ngroup: files\nhosts: ${hosts}\n`)
    const module = `LD_LIBRARY_PATH=${inside.repo}/nss/build`
    const addresses = async (name: string, ...environment: readonly string[]) =>
      (await lab.run(['env', module, ...environment, 'python3', '-c', GETADDRINFO, name])).trim()
    expect(await addresses('www.nsec.zz')).toBe('192.0.2.1')
    expect(await addresses('www.cut.zz')).toBe('192.0.2.1')
    for (const name of ['www.forged.zz', 'www.stripped.zz']) {
      expect(await addresses(name)).toBe(refusal)
      expect(await lab.tryRun(['env', module, 'getent', 'ahosts', name])).toMatchObject({ code: 2, stdout: '' })
    }
    const unchecked = await addresses('www.forged.zz', 'SYSTEMD_NSS_RESOLVE_VALIDATE=0')
    expect(unchecked).toBe(hosts === 'dns' ? refusal : '192.0.2.1')
  })
})

/** A server that hands on what BIND says, less what its kind does not know. */
const PROXY = `
import socket, struct, sys
listen, backend, kind = sys.argv[1:]
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((listen, 53))
print('ready', flush=True)
seen = set()
while True:
    query, client = server.recvfrom(4096)
    end = query.index(0, 12) + 5
    question, kind_asked = query[12:end], struct.unpack('!H', query[end-4:end-2])[0]
    opt = bytes([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]) if kind == 'no-do' else b''
    head = query[:4] + struct.pack('!4H', 1, 0, 0, 1 if opt else 0)
    out = head + question + opt if kind in ('no-edns', 'no-do') else query
    refused = kind == 'no-ds' and kind_asked == 43 or kind == 'fails-once' and question.lower() not in seen
    seen.add(question.lower())
    if refused:
        flags = 0x8180 | (3 if kind == 'no-ds' else 2)
        reply = query[:2] + struct.pack('!5H', flags, 1, 0, 0, 1) + question + bytes([0, 0, 41, 4, 208, 0, 0, 128, 0, 0, 0])
    else:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
            up.settimeout(2)
            up.sendto(out, (backend, 53))
            reply = up.recv(4096)
    server.sendto(reply, client)
`
type ProxyKind = 'no-edns' | 'no-do' | 'no-ds' | 'fails-once'

async function startProxy(lab: Lab<'lan'>, kind: ProxyKind): Promise<void> {
  const { lan } = lab.links
  await lan.start(['python3', '-uc', PROXY, lan.server3, lan.realServer, kind], { until: /ready/ })
}

describe.skipIf(original)('servers that cannot do DNSSEC', () => {
  test.each(['no-edns', 'no-do', 'no-ds'] as const)('S-DOWN-3, S-DOWN-4: %s', async (kind) => {
    await using lab = await validating('allow-downgrade')
    const { lan } = lab.links
    await startProxy(lab, kind)
    const verdict = (name: string) => verdictOf(lab, { name, verdict: 'secure' }, OURS)
    await lab.resolvectl('dns', 'lan', lan.server3)
    expect(await verdict('www.nsec.zz')).toBe('insecure')
    expect(await lab.resolvectl('status', 'lan')).toContain('DNSSEC=allow-downgrade/unsupported')
    expect(await lab.tsresolvectl('show-server-state')).toContain('cannot do DNSSEC')
    await lab.resolvectl('dnssec', 'lan', 'yes')
    expect(await verdict('www.nsec.zz')).toBe('bogus')
    const { stderr } = await lab.tryRun([...RESOLVECTL, 'query', 'www.nsec.zz'])
    expect(stderr).toContain('DNSSEC validation failed: incompatible-server')
    expect(await lab.tsresolvectl('why', 'www.nsec.zz')).toContain('tsresolvectl dnssec lan allow-downgrade')
    await lab.resolvectl('dns', 'lan', lan.server3, lan.realServer)
    expect(await verdict('www.nsec.zz')).toBe('secure')
    expect(await verdict('www.forged.zz')).toBe('bogus')
  })

  test('S-DOWN-3: one that fails once is none of them', async () => {
    await using lab = await validating('allow-downgrade')
    await startProxy(lab, 'fails-once')
    await lab.resolvectl('dns', 'lan', lab.links.lan.server3)
    await eventually(async () => {
      expect(await verdictOf(lab, { name: 'www.nsec.zz', verdict: 'secure' }, OURS)).toBe('secure')
    })
    expect(await lab.resolvectl('status', 'lan')).toContain('DNSSEC=allow-downgrade/supported')
  })

  test('S-DOWN-7, S-MODE-6: a server that validates itself tells the same, and hands on what it refuses', async () => {
    await using lab = await validating()
    await startValidator(lab, lab.links.lan, zones)
    await lab.resolvectl('dns', 'lan', lab.links.lan.server2)
    expect(await verdictOf(lab, { name: 'www.nsec.zz', verdict: 'secure' }, OURS)).toBe('secure')
    expect(await verdictOf(lab, { name: 'www.forged.zz', verdict: 'bogus' }, OURS)).toBe('bogus')
    expect((await lab.dig('www.forged.zz', 'A', '+cdflag')).data).toEqual(['192.0.2.1'])
    await lab.resolvectl('dnssec', 'lan', 'no')
    const { stderr } = await lab.tryRun([...RESOLVECTL, 'query', 'www.forged.zz'])
    expect(stderr).toContain('DNSSEC validation failed: upstream-failure')
  })
})

describe.skipIf(original)('S-CLI-5: a client behind us that validates itself', () => {
  test.each(['yes', 'allow-downgrade', 'no'])('DNSSEC=%s', async (mode) => {
    await using lab = await validating(mode)
    await lab.write('/run/lab/anchors.conf', anchorsConf(zones.anchor))
    const said: Record<string, string> = {}
    for (const name of [
      'www.nsec.zz',
      'none.nsec3.zz',
      'alias.nsec.zz',
      'www.cut.zz',
      'www.child.opt-out.zz',
      'www.forged.zz',
    ]) {
      const argv = ['delv', '@127.0.0.53', '-a', '/run/lab/anchors.conf', '+root=.', name, 'A']
      const { stdout, stderr } = await lab.tryRun(argv)
      said[name] = /fully validated|unsigned answer|resolution failed: .*/.exec(`${stdout}${stderr}`)?.[0] ?? 'nothing'
    }
    expect(said).toEqual({
      'www.nsec.zz': 'fully validated',
      'none.nsec3.zz': 'fully validated',
      'alias.nsec.zz': 'fully validated',
      'www.cut.zz': 'unsigned answer',
      'www.child.opt-out.zz': 'unsigned answer',
      'www.forged.zz': expect.stringMatching(/^resolution failed: (RRSIG failed to verify|failure)$/),
    })
  })
})

test.skipIf(original).each(['yes', 'allow-downgrade', 'no'])(
  'S-CLI-5: unbound-host -D behind us, DNSSEC=%s',
  async (mode) => {
    await using lab = await validating(mode)
    const folder = await debianExtra('unbound-host')
    await lab.run(['mount', '-t', 'tmpfs', 'tmpfs', '/usr/share']) // inside alone; -D knows no other place
    await lab.write('/usr/share/dns/root.key', zones.anchor)
    const forward = 'forward-zone:\n  name: "."\n  forward-addr: 127.0.0.53\n'
    await lab.write('/run/lab/unbound.conf', `server:\n  do-not-query-localhost: no\n${forward}`)
    const words = ['-C', '/run/lab/unbound.conf', '-D', '-v', '-t', 'A']
    const argv = [
      'env',
      `LD_LIBRARY_PATH=${folder}/usr/lib/x86_64-linux-gnu`,
      `${folder}/usr/bin/unbound-host`,
      ...words,
    ]
    const said = async (name: string) => {
      const { stdout, stderr } = await lab.tryRun([...argv, name])
      return /\((?:secure|insecure|BOGUS)\b/.exec(`${stdout}${stderr}`)?.[0] ?? `${stdout}${stderr}`
    }
    expect(await said('www.nsec.zz')).toBe('(secure')
    expect(await said('none.nsec3.zz')).toBe('(secure')
    expect(await said('www.moved.zz')).toBe('(secure')
    expect(await said('www.cut.zz')).toBe('(insecure')
    expect(await said('www.forged.zz')).toBe('(BOGUS')
  },
)

/** For delv: `. IN DS TAG ALGORITHM DIGESTTYPE DIGEST` as BIND writes trust anchors. */
function anchorsConf(anchor: string): string {
  const [, , , tag, algorithm, digestType, ...digest] = anchor.trim().split(/\s+/)
  return `trust-anchors { . static-ds ${tag} ${algorithm} ${digestType} "${digest.join('')}"; };\n`
}
