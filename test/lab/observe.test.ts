import { expect, test } from 'vitest'
import { debianExtra } from './kit/debian.ts'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { inside, type World } from './kit/world.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1', 'a.example': 'A 192.0.2.9' } }

/** What `tsresolvectl monitor` prints while it runs, line by line. */
async function monitorLines({ world }: { world: World }, ...words: readonly string[]): Promise<string[]> {
  const lines: string[] = []
  const argv = [inside.node, `${inside.repo}/dist/cli/main.js`, 'monitor', ...words]
  await world.start('monitor', argv, { onLine: (line) => void lines.push(line) })
  return lines
}

/** Asks until the monitor has seen it: it takes a moment to subscribe. */
async function askUntilSeen(lab: Lab, lines: readonly string[], name: string): Promise<void> {
  await eventually(async () => {
    await lab.dig(name)
    if (!lines.some((line) => line.includes(name))) throw new Error(`no line about ${name}`)
  })
}

test.skipIf(original)(
  'monitor --clients: who asked, from which source, link and server, how long it took',
  async () => {
    await using lab = await Lab.open({ links: { lan } })
    const lines = await monitorLines(lab, '--clients')
    await askUntilSeen(lab, lines, 'www.test')
    for (const name of ['a.example', 'a.example']) await lab.dig(name)
    await eventually(() => expect(lines.filter((line) => line.includes('a.example')).length).toBe(2))
    expect(lines.join('\n')).toMatch(
      /uid 0 \(udp\) +a\.example A +1 record +network link \d+ \(lan\) 10\.53\.1\.1%lan\/udp/,
    )
    expect(lines.join('\n')).toMatch(/uid 0 \(udp\) +a\.example A +1 record +cache link \d+ \(lan\)/)
  },
)

test.skipIf(original)('monitor: filters, JSON lines, and callers of bus and varlink by their credentials', async () => {
  await using lab = await Lab.open({ links: { lan } })
  const lines = await monitorLines(lab, '--name=test', '--json=short')
  await askUntilSeen(lab, lines, 'www.test')
  await lab.dig('a.example')
  await lab.dig('none.test', 'A', '+tcp')
  await lab.resolvectl('query', '-4', 'www.test')
  await lab.tsresolvectl('query', '--explain', '-4', 'www.test')
  await eventually(() => expect(lines.join('\n')).toContain('"varlink"'))
  const seen = lines.map((line) => JSON.parse(line))
  expect(seen.filter(({ client }) => client === undefined)).toEqual([])
  expect(seen.some(({ name }) => name === 'a.example')).toBe(false)
  expect(seen.find(({ name }) => name === 'none.test')).toMatchObject({
    state: 'rcode-failure',
    rcode: 3,
    client: { via: 'tcp', uid: 0 },
  })
  expect(seen.find(({ client }) => client?.via === 'varlink')).toMatchObject({ client: { uid: 0 }, source: 'cache' })
})

test.skipIf(original)('monitor: plain output keeps its layout, and others may not watch', async () => {
  await using lab = await Lab.open({ links: { lan } })
  const lines = await monitorLines(lab)
  await askUntilSeen(lab, lines, 'www.test')
  await eventually(() =>
    expect(lines.slice(0, 3)).toEqual(['→ Q: www.test IN A', '← S: success', '← A: www.test IN A 192.0.2.1']),
  )
  if (!lab.world.isRoot) return
  const stranger = ['setpriv', '--reuid', '65534', '--clear-groups', inside.node, `${inside.repo}/dist/cli/main.js`]
  const refused = await lab.tryRun([...stranger, 'monitor', '--clients'])
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('access denied') })
  expect((await lab.tryRun([...stranger, 'why', 'www.test'])).code).toBe(0)
})

test.skipIf(original)('MetricsListen=yes: OpenMetrics on a Unix socket, moved and closed by a reload', async () => {
  await using lab = await Lab.open({ links: { lan }, config: 'MetricsListen=yes' })
  await lab.dig('www.test')
  const fetch = (...where: readonly string[]) => lab.tryRun(['python3', '-c', fetchMetrics, ...where])
  const socket = '/run/systemd/resolve/metrics'
  const { stdout } = await fetch(socket)
  expect(stdout).toMatch(/tsresolved_server_messages_total\{server="10\.53\.1\.1%lan"\} [1-9]/)
  expect(stdout).toMatch(/# EOF\n$/)
  expect(await lab.run(['stat', '-c', '%a', socket])).toBe('660\n')
  await lab.write('/etc/systemd/resolved.conf', '[Resolve]\nMetricsListen=127.0.0.1:9153\n')
  await lab.daemon.signal('SIGHUP')
  await eventually(async () => expect((await fetch('127.0.0.1', '9153')).stdout).toContain('# EOF'))
  expect((await lab.tryRun(['test', '-e', socket])).code).toBe(1)
  await lab.write('/etc/systemd/resolved.conf', '[Resolve]\n')
  await lab.daemon.signal('SIGHUP')
  await eventually(async () => expect((await fetch('127.0.0.1', '9153')).code).not.toBe(0))
})

test.skipIf(original)(
  "OpenMetrics 1.0 as Prometheus' own strict parser reads it, before and after questions",
  async () => {
    const extra = await debianExtra('prometheus')
    const vpn = { zone: { 'www.corp.test': 'A 192.0.2.2' }, domains: ['~corp.test'], dns: ['10.53.2.9', '10.53.2.1'] }
    await using lab = await Lab.open({ links: { lan, vpn }, config: 'MetricsListen=yes' })
    const families = async () => {
      const text = await lab.run(['python3', '-c', fetchMetrics, '/run/systemd/resolve/metrics'])
      const path = `PYTHONPATH=${extra}/usr/lib/python3/dist-packages`
      return JSON.parse(await lab.run(['env', path, 'python3', '-c', parseMetrics], { input: text })) as Families
    }
    expect(Object.keys(await families())).toContain('tsresolved_cache_entries')
    for (const name of ['www.test', 'www.test', 'none.test', 'www.corp.test', 'localhost']) await lab.dig(name)
    const parsed = await families()
    expect(parsed).toMatchObject({
      tsresolved_questions: 'counter',
      tsresolved_scope_resolve_seconds: 'histogram',
      tsresolved_server_round_trip_seconds: 'histogram',
      tsresolved_cache_entries: 'gauge',
    })
    expect(Object.keys(parsed)).toHaveLength(16)
  },
)

type Families = Readonly<Record<string, string>>

const parseMetrics = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
print(json.dumps({family.name: family.type for family in text_string_to_metric_families(sys.stdin.read())}))
`

const fetchMetrics = `
import http.client, socket, sys
c = http.client.HTTPConnection(sys.argv[1] if len(sys.argv) > 2 else 'localhost', int(sys.argv[2]) if len(sys.argv) > 2 else 80, timeout=5)
if len(sys.argv) == 2:
    c.sock = socket.socket(socket.AF_UNIX)
    c.sock.connect(sys.argv[1])
c.request('GET', '/metrics')
print(c.getresponse().read().decode(), end='')
`
