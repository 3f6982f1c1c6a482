import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, type LabSpec, original } from './kit/lab.ts'
import type { RunOptions } from './kit/world.ts'
import { inside, World } from './kit/world.ts'

// Programs that know nothing of us, through `hosts: resolve`: our module, with the daemon under test behind it.

const modules = {
  ours: `${inside.repo}/nss/build/libnss_resolve.so.2`,
  real: `${inside.debian}/usr/lib/x86_64-linux-gnu/libnss_resolve.so.2`,
}
const lan = {
  zone: {
    'www.test': ['A 192.0.2.1', 'AAAA 2001:db8::1'],
    'only4.test': 'A 192.0.2.4',
    'near.test': 'AAAA fe80::1234',
  },
  gateway: true,
}
const vpn = {
  zone: {
    'www.corp.test': ['A 192.0.2.2', 'AAAA 2001:db8::2'],
    'alias.corp.test': 'CNAME www.corp.test',
    'here.corp.test': 'A 127.0.0.1',
    '2.2.0.192.in-addr.arpa': 'PTR www.corp.test',
  },
  domains: ['corp.test', '~2.0.192.in-addr.arpa'],
  defaultRoute: false,
}

beforeAll(async () => {
  await promisify(execFile)('make', ['-C', fileURLToPath(new URL('../../nss', import.meta.url))])
})

class NssLab<Name extends string> {
  readonly lab: Lab<Name>
  constructor(lab: Lab<Name>) {
    this.lab = lab
  }

  static async open<Name extends string>(spec: LabSpec<Name>): Promise<NssLab<Name>> {
    const lab = await Lab.open(spec)
    await lab.write('/etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: resolve [!UNAVAIL=return] dns\n')
    return new NssLab(lab)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab[Symbol.asyncDispose]()
  }

  through(argv: readonly string[], options?: RunOptions) {
    return this.lab.tryRun(['env', `LD_LIBRARY_PATH=${inside.repo}/nss/build`, ...argv], options)
  }

  /** The words of the first line, or the exit code. */
  async getent(...words: readonly string[]): Promise<string[] | number> {
    const { code, stdout } = await this.through(['getent', ...words])
    return code === 0 ? (stdout.split('\n')[0] ?? '').trim().split(/ +/) : code
  }

  /** All that `socket.getaddrinfo` gives, or the name of its error; and how many milliseconds it took. */
  async getaddrinfo(name: string): Promise<{ found: readonly unknown[][] | string; took: number }> {
    const { stdout } = await this.through(['python3', '-c', PROGRAM, name])
    return JSON.parse(stdout) as { found: unknown[][]; took: number }
  }
}

const PROGRAM = `
import json, socket, sys, time
socket.getaddrinfo('127.0.0.1', 0) # what is loaded for the first call is not what we measure
start = time.monotonic()
try: found = sorted({a[4] for a in socket.getaddrinfo(sys.argv[1], 80)}, key=str)
except OSError as error: found = [k for k in dir(socket) if k.startswith('EAI_') and getattr(socket, k) == error.errno][0]
print(json.dumps({'found': found, 'took': (time.monotonic() - start) * 1000}))
`

const both = { links: { lan, vpn } }

test('getent: split DNS, each database', async () => {
  await using nss = await NssLab.open(both)
  expect(await nss.getent('hosts', 'www.corp.test')).toEqual(['2001:db8::2', 'www.corp.test'])
  expect(await nss.getent('ahostsv4', 'www.corp.test')).toEqual(['192.0.2.2', 'STREAM', 'www.corp.test'])
  expect(await nss.getent('ahostsv6', 'www.corp.test')).toEqual(['2001:db8::2', 'STREAM', 'www.corp.test'])
  const { stdout } = await nss.through(['getent', 'ahosts', 'alias.corp.test'])
  expect(stdout).toMatch(/^192\.0\.2\.2 +STREAM *(www\.corp\.test)?$/m)
  expect(stdout).toMatch(/^2001:db8::2 +STREAM *(www\.corp\.test)?$/m)
  expect(stdout.match(/www\.corp\.test/g)).toHaveLength(1) // the canonical name, with the first address
  expect(await nss.getent('hosts', '192.0.2.2')).toEqual(['192.0.2.2', 'www.corp.test'])
  expect(await nss.getent('ahostsv6', 'only4.test')).toEqual(['::ffff:192.0.2.4', 'STREAM', 'only4.test'])
  expect(await nss.lab.links.lan.asked()).not.toContain('www.corp.test A')
  expect(await nss.lab.links.vpn.asked()).not.toContain('only4.test A')
})

test('getent: search domains, /etc/hosts, synthesized names', async () => {
  await using nss = await NssLab.open({ ...both, hosts: '192.0.2.77 printer.example printer' })
  expect(await nss.getent('ahostsv4', 'www')).toEqual(['192.0.2.2', 'STREAM', 'www.corp.test'])
  expect(await nss.getent('hosts', 'printer')).toEqual(['192.0.2.77', 'printer.example'])
  expect(await nss.getent('hosts', '192.0.2.77')).toEqual(['192.0.2.77', 'printer.example', 'printer'])
  expect(await nss.getent('ahostsv4', 'localhost')).toEqual(['127.0.0.1', 'STREAM', 'localhost'])
  expect(await nss.getent('ahostsv4', '_gateway')).toEqual(['10.53.1.1', 'STREAM', '_gateway'])
  const own = await nss.through(['getent', 'ahostsv4', 'labhost'])
  expect(own.stdout).toContain('10.53.1.100')
  expect(own.stdout).toContain('10.53.2.100')
})

test('R-NSS-4: a link-local address comes with the link it is on', async () => {
  await using nss = await NssLab.open(both)
  const index = await nss.lab.links.lan.index()
  expect((await nss.getaddrinfo('near.test')).found).toEqual([['fe80::1234', 80, 0, index]])
  expect(await nss.getent('ahosts', 'near.test')).toEqual([`fe80::1234%${index}`, 'STREAM', 'near.test'])
})

test('python: all addresses, and the right error for a name and for a family that is not there', async () => {
  await using nss = await NssLab.open(both)
  const www = [
    ['192.0.2.1', 80],
    ['2001:db8::1', 80, 0, 0],
  ]
  for (let times = 0; times < 3; times++) expect((await nss.getaddrinfo('www.test')).found).toEqual(www)
  expect((await nss.getaddrinfo('none.test')).found).toBe('EAI_NONAME')
})

test('R-NSS-3: an outage read as a name that does not exist', async () => {
  await using nss = await NssLab.open(both)
  const { upstream } = nss.lab.links.lan
  await upstream.on({ name: 'servfail.test' }, { rcode: 'SERVFAIL' })
  await upstream.on({ name: 'refused.test' }, { rcode: 'REFUSED' })
  await upstream.on({ name: 'only4.test', type: 'A' }, { drop: true }) // and AAAA is NODATA
  const asked = ['servfail.test', 'refused.test', 'only4.test', 'none.test'].map((name) => nss.getaddrinfo(name))
  const found = (await Promise.all(asked)).map((answer) => answer.found)
  expect(found).toEqual(['EAI_AGAIN', 'EAI_AGAIN', 'EAI_AGAIN', 'EAI_NONAME'])
  const { stderr } = await nss.lab.tryRun(['resolvectl', 'query', 'only4.test']) // over the bus
  expect(stderr).toMatch(/only4\.test: resolve call failed: .*(?:timed out|All attempts)/)
})

test('curl and ping', async () => {
  await using nss = await NssLab.open(both)
  const server = ['python3', '-u', '-m', 'http.server', '--bind', '127.0.0.1', '--directory', '/tmp', '8080']
  await nss.lab.world.start('http', server, { until: /Serving/ })
  const told = ['curl', '-sS', '-o', '/dev/null', '-w', '%{remote_ip} %{http_code}']
  expect(await nss.through([...told, 'http://here.corp.test:8080/'])).toMatchObject({ stdout: '127.0.0.1 200' })
  expect((await nss.through([...told, 'http://none.corp.test:8080/'])).code).toBe(6) // could not resolve host
  const ping = await nss.through(['ping', '-c', '1', '-W', '2', 'here.corp.test'])
  expect(ping.stdout).toMatch(/^PING here\.corp\.test \(127\.0\.0\.1\)/)
})

async function askedByDns({ lab }: NssLab<'lan'>): Promise<number> {
  return (await lab.links.lan.upstream.questions()).filter(({ to }) => to === '10.53.1.2').length
}

test('many programs at once: nobody is turned away', async () => {
  await using nss = await NssLab.open(both)
  const { stdout } = await nss.through(['python3', '-c', CROWD, '8', '400'], { patience: 200 })
  expect(JSON.parse(stdout)).toEqual({ failures: 0 })
})

const CROWD = `
import json, multiprocessing, socket, sys
def look_up(count):
    failures = 0
    for i in range(count):
        try: socket.getaddrinfo(('www.test', 'www.corp.test', 'only4.test')[i % 3], 80, (0, socket.AF_INET)[i % 2])
        except OSError: failures += 1
    return failures
programs, count = map(int, sys.argv[1:])
with multiprocessing.Pool(programs) as pool:
    print(json.dumps({'failures': sum(pool.map(look_up, [count] * programs, chunksize=1))}))
`

describe('with a server for `dns` of its own', () => {
  // `dns` asks 10.53.1.2; the daemon has servers configured, and so leaves /etc/resolv.conf alone (R-RC-7).
  const apart = { links: { lan: { zone: { 'www.test': 'A 192.0.2.1' } } }, config: 'DNS=10.53.1.1\n' }
  const open = async () => {
    const nss = await NssLab.open(apart)
    await nss.lab.run(['rm', '-f', '/etc/resolv.conf'])
    await nss.lab.write('/etc/resolv.conf', 'nameserver 10.53.1.2\n')
    return nss
  }
  const www = [['192.0.2.1', 80]]

  test('a negative answer is final', async () => {
    await using nss = await open()
    expect((await nss.getaddrinfo('none.test')).found).toBe('EAI_NONAME')
    expect(await nss.getent('ahostsv6', 'www.test')).toEqual(['::ffff:192.0.2.1', 'STREAM', 'www.test'])
    expect(await nss.getent('hosts', '192.0.2.99')).toBe(2)
    expect(await askedByDns(nss)).toBe(0)
  })

  test('with the daemon stopped, `dns` answers within milliseconds', async () => {
    await using nss = await open()
    await nss.lab.daemon.stop()
    const took: number[] = []
    for (let times = 0; times < 5; times++) {
      const answer = await nss.getaddrinfo('www.test')
      expect(answer.found).toEqual(www)
      took.push(answer.took)
    }
    expect(Math.min(...took)).toBeLessThan(200) // the quickest: a busy machine is no fault of the module
    expect(await askedByDns(nss)).toBeGreaterThan(0)
  })

  test('with the daemon killed in mid-request, `dns` answers', async () => {
    await using nss = await open()
    await nss.lab.links.lan.upstream.on({ name: 'www.test', to: '10.53.1.1' }, { hold: true })
    const waiting = nss.getaddrinfo('www.test')
    await eventually(async () => expect(await nss.lab.links.lan.asked()).toContain('www.test A'))
    await nss.lab.daemon.stop('SIGKILL')
    expect((await waiting).found).toEqual(www)
  })
})

describe.skipIf(process.getuid?.() !== 0)('both modules, every function and outcome, compared on', () => {
  const daemons = {
    'the original': [`${inside.debian}/daemons/systemd-resolved`],
    ours: [inside.node, `${inside.repo}/dist/main.js`],
  }
  test.skipIf(original).each(Object.entries(daemons))('%s', { timeout: 600_000 }, async (_name, daemon) => {
    await using world = await World.open('interop')
    await world.run(['sh', '-c', 'rm /etc/resolv.conf; touch /etc/resolv.conf']) // for the script to cover
    const script = `${inside.repo}/test/lab/nss/interop.py`
    const libraries = Object.entries(modules).map(([name, path]) => `${name}=${path}`)
    const argv = ['python3', script, ...libraries, '--', ...daemon]
    const { code, stdout, stderr } = await world.tryRun(argv, { patience: 580 })
    const said = stdout.split('\n').filter((line) => /^(?:FAILED|interop)/.test(line))
    expect({ code, said, stderr }).toMatchObject({
      code: 0,
      said: [expect.stringMatching(/^interop: [1-9]\d{2,} cases, 0 failed$/)],
    })
  })
})
