import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { Lab, original } from './kit/lab.ts'
import { inside, testUser } from './kit/world.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1', '1.2.0.192.in-addr.arpa': 'PTR www.test' }, domains: ['~corp.test'] }
const CTL = [inside.node, `${inside.repo}/dist/cli/main.js`]

function ctl(lab: Lab, ...words: readonly string[]) {
  return lab.tryRun([...CTL, ...words])
}

test.skipIf(original)('without a bus, lookups, status and flush-caches go over varlink', async () => {
  await using lab = await Lab.open({ links: { lan: { ...lan, defaultRoute: true } } })
  await lab.bus.stop()
  const shown = async (...words: readonly string[]) => (await ctl(lab, ...words)).stdout
  expect(await shown('query', '-4', '--legend=no', 'www.test')).toMatch(/^www\.test: 192\.0\.2\.1 +-- link: lan\n$/)
  expect(await shown('query', '192.0.2.1')).toMatch(/^192\.0\.2\.1: www\.test/)
  expect(await shown('query', '-t', 'A', 'www.test')).toMatch(/^www\.test IN A 192\.0\.2\.1/)
  expect(await ctl(lab, 'query', 'none.test')).toMatchObject({
    code: 1,
    stderr: "none.test: resolve call failed: Name 'none.test' not found\n",
  })
  expect(await shown('status', 'lan')).toMatch(/ DNS Servers: 10\.53\.1\.1\n {8}DNS Domain: ~corp\.test\n/)
  expect(await shown('dns', 'lan')).toBe('Link 2 (lan): 10.53.1.1\n')
  expect(await ctl(lab, 'flush-caches')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(await ctl(lab, 'dns', 'lan', '10.53.1.2')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/system bus: .*\nTry 'tsresolvectl doctor': it says what is wrong\.\n$/),
  })
})

const TELL_LOADED = `
  import { writeSync } from 'node:fs'
  process.on('exit', () => writeSync(2, process.moduleLoadList.includes('NativeModule net') ? 'with sockets' : 'without'))`

test.skipIf(original)("a lookup took a fifth longer: it loads none of Node's sockets and streams", async () => {
  await using lab = await Lab.open({ links: { lan: { ...lan, defaultRoute: true } } })
  await lab.bus.stop()
  const [node, program] = CTL as [string, string]
  const loader = ['--import', `data:text/javascript,${encodeURIComponent(TELL_LOADED)}`]
  const loaded = async (...words: string[]) => (await lab.tryRun([node, ...loader, program, ...words])).stderr
  expect(await loaded('query', '-4', 'www.test')).toBe('without')
  expect(await loaded('query', '192.0.2.1')).toBe('without')
  expect(await loaded('statistics')).toBe('with sockets')
})

test.skipIf(original)('without a bus, services, keys and records are told as with one', async () => {
  const zone = {
    'www.test': ['A 192.0.2.1', 'AAAA fe80::1'],
    'cn.test': 'CNAME www.test',
    'web._http._tcp.test': ['SRV 0 5 80 cn.test', 'TYPE16 0570613d2f22 03c3bc0a', 'TXT path=/'],
    '_http._tcp.test': ['SRV 1 2 80 www.test', 'SRV 0 0 81 none.test'],
    '_none._tcp.test': 'SRV 0 0 0 .',
    '_443._tcp.test': 'TYPE52 030101aabbcc',
    [`${sha224('old')}._openpgpkey.test`]: 'TYPE61 aabbcc',
  }
  await using lab = await Lab.open({ links: { lan: { zone, defaultRoute: true } } })
  await lab.links.lan.upstream.on({ name: '_bad._tcp.test' }, { rcode: 'REFUSED' })
  const commands = [
    'service web _http._tcp test',
    'service _http._tcp test',
    'service _http._tcp.test',
    'service --service-address=no web _http._tcp test',
    'service _none._tcp test',
    'service _nope._tcp test',
    'service _bad._tcp test',
    'service www.test',
    'service _http test',
    'service -p llmnr _http._tcp test',
    'tlsa test',
    'tlsa udp test:25 test',
    'openpgp old@test',
    'openpgp nobody@test',
    'openpgp nobody',
    'query -t SRV _http._tcp.test',
    'query -t A --raw www.test',
    '--json=short query -t A www.test none.test',
  ]
  const all = async () => {
    const said = []
    for (const words of commands) said.push([words, await ctl(lab, '--legend=no', ...words.split(' '))])
    return said
  }
  const withBus = await all()
  expect(withBus[0]).toMatchObject([commands[0], { code: 0 }])
  expect(await ctl(lab, 'log-level', 'debug')).toMatchObject({ code: 0 })
  await lab.bus.stop()
  expect(await all()).toEqual(withBus)
  expect(await ctl(lab, 'log-level', 'info')).toEqual({ code: 0, stdout: '', stderr: '' })
})

function sha224(local: string): string {
  return createHash('sha224').update(local).digest('hex')
}

test.skipIf(original).each([
  ['hangs up at once', 'c.close()'],
  ['hangs up when it has read the call', 'c.recv(9999); c.close()'],
  ['hangs up in the middle of its reply', `c.recv(9999); c.send(b'{"para'); c.close()`],
  ['resets the connection', `c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\\1\\0\\0\\0' * 2); c.close()`],
  ['says what is no JSON', `c.recv(9999); c.send(b'hello\\0'); c.close()`],
])('EPIPE and its like: a resolver that %s gives a sentence, no stack', async (_what, act) => {
  await using lab = await Lab.open({ bus: false, start: false })
  await lab.run(['mkdir', '-p', '/run/systemd/resolve'])
  await lab.world.start('impostor', ['python3', '-uc', impostor(act)], { until: /listening/ })
  for (const words of ['why www.test', 'query --explain www.test', 'monitor --clients', 'doctor']) {
    const { stderr } = await ctl(lab, ...words.split(' '))
    expect(stderr, words).not.toMatch(/^ +at |node:|Error:/m)
  }
  expect((await ctl(lab, 'why', 'www.test')).code).toBe(1)
})

const impostor = (act: string) => `
import socket
s = socket.socket(socket.AF_UNIX)
s.bind('/run/systemd/resolve/io.systemd.Resolve')
s.listen()
print('listening')
while True:
    c, _ = s.accept()
    try:
        ${act}
    except OSError: pass
`

test.skipIf(original)('what others ask is shown to root, the daemon, and members of its group', async () => {
  await using lab = await Lab.open({ links: { lan } })
  const as = (...groups: readonly string[]) => {
    return async (words: string) => {
      const rights = lab.world.isRoot ? ['setpriv', '--reuid', '65534', ...groups] : []
      return (await lab.tryRun([...rights, ...CTL, ...words.split(' ')])).code
    }
  }
  const group = String(testUser.uid)
  const inIt = as('--regid', '65534', '--groups', group)
  const itsOwn = as('--regid', group, '--clear-groups')
  for (const member of [inIt, itsOwn]) {
    for (const verb of ['show-cache', 'show-server-state', 'statistics']) expect(await member(verb), verb).toBe(0)
  }
  if (!lab.world.isRoot) return
  expect(await as('--regid', '65534', '--clear-groups')('show-cache')).toBe(1)
  expect(await inIt('flush-caches')).toBe(1)
})

test.skipIf(original)(
  'names of other scripts: typed as they are written, and shown so on a terminal only',
  async () => {
    const zone = { 'xn--bcher-kva.test': 'A 192.0.2.7', '7.2.0.192.in-addr.arpa': 'PTR xn--bcher-kva.test' }
    await using lab = await Lab.open({ links: { lan: { zone, defaultRoute: true } } })
    await lab.run([...CTL, 'domain', 'lan', '~bücher.test'])
    expect(await lab.run([...CTL, 'domain', 'lan'])).toBe('Link 2 (lan): ~xn--bcher-kva.test\n')
    const onTerminal = (words: string) =>
      lab.run(['env', 'NO_COLOR=1', 'script', '-qec', `${CTL.join(' ')} --no-pager ${words}`, '/dev/null'])
    expect(await onTerminal('domain lan')).toContain('Link 2 (lan): ~bücher.test')
    expect(await onTerminal('status lan')).toContain('DNS Domain: ~bücher.test')
    expect(await onTerminal('query 192.0.2.7')).toContain('192.0.2.7: bücher.test')
    expect(await onTerminal('query bücher.test')).not.toContain('(xn--')
    expect(await lab.run([...CTL, 'query', '192.0.2.7'])).toContain('192.0.2.7: xn--bcher-kva.test')
  },
)
