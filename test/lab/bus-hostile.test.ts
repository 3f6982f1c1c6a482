import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { inside } from './kit/world.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1' } }
/** Takes names that nobody answers. */
const hole = { domains: ['~silent.test'], defaultRoute: false }
const both = { links: { lan, hole } }
type Machine = Lab<'lan' | 'hole'>

const MANAGER = ['org.freedesktop.resolve1', '/org/freedesktop/resolve1', 'org.freedesktop.resolve1.Manager']

/** A bus that lets more through than usual, so that it is us who must cope. */
const generous = `<limit name="max_message_size">134217728</limit>
  <limit name="max_incoming_bytes">268435456</limit>
  <limit name="max_outgoing_bytes">268435456</limit>
  <limit name="max_completed_connections">4096</limit>
  <limit name="max_incomplete_connections">4096</limit>
  <limit name="max_connections_per_user">4096</limit>
  <limit name="max_match_rules_per_connection">4096</limit>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>`

async function open(): Promise<Machine> {
  const lab = await Lab.open({ ...both, bus: false, start: false })
  await lab.bus.start(generous)
  await lab.daemon.start()
  await lab.configureLinks()
  return lab
}

/** What all scripts begin with. */
const client = `
const { createRequire } = require('node:module')
const { systemBus, Message, Variant } = createRequire('${inside.repo}/')('dbus-next')
const index = Number(process.argv[1])
const message = (member, signature, body, more) => new Message({
  destination: 'org.freedesktop.resolve1', path: '/org/freedesktop/resolve1',
  interface: 'org.freedesktop.resolve1.Manager', member, signature, body, ...more,
})
const outcome = (bus, ...words) => bus.call(message(...words)).then(() => 'ok', (error) => error.type ?? String(error))
const connected = (bus) => new Promise((resolve) => bus.once('connect', resolve))
`

/** Runs a script with one connection in hand, \`bus\`; gives what it printed. */
async function hostile(lab: Machine, body: string, patience = 120): Promise<string[]> {
  const script = `${client}\nasync function main() {\n${body}\n}\nmain().then(() => process.exit())`
  const argv = [inside.node, '-e', script, String(await lab.links.lan.index())]
  return (await lab.run(argv, { patience })).trim().split('\n')
}

/** Asks for new names until told to stop; gives what came of them, and the seconds of CPU that the daemon had meanwhile. */
function keepAsking(lab: Machine): () => Promise<{ rcodes: ReadonlySet<string>; seconds: number }> {
  const over = new AbortController()
  const rcodes = new Set<string>()
  const asking = (async () => {
    const before = await cpuSeconds(lab)
    for (let i = 0; !over.signal.aborted; i++) rcodes.add((await lab.dig(`n${i}.test`)).rcode)
    return (await cpuSeconds(lab)) - before
  })()
  return async () => {
    over.abort()
    return { seconds: await asking, rcodes }
  }
}

/** In hundredths: how much the daemon had to do does not depend on what else this machine does. */
async function cpuSeconds(lab: Machine): Promise<number> {
  const text = await lab.run(['cat', `/proc/${lab.daemon.program.pid}/stat`])
  const [user, system] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) / 100
}

async function expectUnharmed(lab: Machine): Promise<void> {
  expect(await lab.resolvectl('dns', 'lan')).toContain(`: ${lab.links.lan.server}\n`)
  expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
  expect(lab.world.log.filter((line) => /\[daemon\].*(error|bug|    at )/i.test(line))).toEqual([])
}

test.skipIf(original)('every method with every wrong signature: an error each, and nothing happens', async () => {
  await using lab = await open()
  const said = await hostile(
    lab,
    `const bus = systemBus()
    const link = ['/org/freedesktop/resolve1/link/_3' + index, 'org.freedesktop.resolve1.Link']
    const setters = ['DNS', 'DNSEx', 'Domains', 'DefaultRoute', 'LLMNR', 'MulticastDNS', 'DNSOverTLS', 'DNSSEC', 'DNSSECNegativeTrustAnchors']
    const lookups = ['ResolveHostname', 'ResolveAddress', 'ResolveRecord', 'ResolveService', 'GetLink', 'RevertLink', 'RegisterService', 'UnregisterService']
    let nested = new Variant('s', 'x')
    for (let i = 0; i < 20; i++) nested = new Variant('v', nested)
    const junk = [['', []], ['s', ['x']], ['v', [nested]], ['a{sv}', [{ a: nested }]], ['aay', [[Buffer.from('x')]]], ['(i(s(t)))', [[1, ['x', [1n]]]]]]
    const seen = new Set()
    for (const [signature, body] of junk) {
      for (const member of lookups.concat(setters.map((name) => 'SetLink' + name))) seen.add(await outcome(bus, member, signature, body))
      for (const name of setters.filter((name) => signature !== 's' || !/^(LLMNR|M|DNSS|DNSO)/.test(name)))
        seen.add(await outcome(bus, 'Set' + name, signature, body, { path: link[0], interface: link[1] }))
    }
    console.log([...seen].join())`,
  )
  expect(said).toEqual(['org.freedesktop.DBus.Error.InvalidArgs'])
  await expectUnharmed(lab)
})

test.skipIf(original)(
  'too many servers, domains and trust anchors; own stub addresses; nothing of it is stored',
  async () => {
    await using lab = await open()
    const said = await hostile(
      lab,
      `const bus = systemBus()
    const server = (i) => [2, Buffer.from([10, 53, i >> 8, i & 255])]
    const many = (count, make) => Array.from({ length: count }, (_, i) => make(i))
    console.log(await outcome(bus, 'SetLinkDNS', 'ia(iay)', [index, many(257, (i) => server(i + 1))]))
    console.log(await outcome(bus, 'SetLinkDomains', 'ia(sb)', [index, many(1025, (i) => ['d' + i + '.test', false])]))
    console.log(await outcome(bus, 'SetLinkDNSSECNegativeTrustAnchors', 'ias', [index, many(2049, (i) => 'd' + i + '.test')]))
    for (const bytes of [[127, 0, 0, 53], [127, 0, 0, 54], [0, 0, 0, 0]])
      console.log(await outcome(bus, 'SetLinkDNS', 'ia(iay)', [index, [server(1), [2, Buffer.from(bytes)]]]))`,
    )
    expect(said.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => 'org.freedesktop.DBus.Error.LimitsExceeded'))
    expect(said.slice(3)).toEqual(Array.from({ length: 3 }, () => 'org.freedesktop.DBus.Error.InvalidArgs'))
    await expectUnharmed(lab)
  },
)

// 252 takes fewer domains.
test.skipIf(original)('the most that is allowed is taken', async () => {
  await using lab = await open()
  const said = await hostile(
    lab,
    `const bus = systemBus()
    const many = (count, make) => Array.from({ length: count }, (_, i) => make(i))
    console.log(await outcome(bus, 'SetLinkDomains', 'ia(sb)', [index, many(1024, (i) => ['d' + i + '.example', true])]))
    console.log(await outcome(bus, 'SetLinkDNSSECNegativeTrustAnchors', 'ias', [index, many(2048, (i) => 'd' + i + '.example')]))
    const rest = many(255, (i) => [2, Buffer.from([10, 54, 0, i + 1])])
    console.log(await outcome(bus, 'SetLinkDNS', 'ia(iay)', [index, [[2, Buffer.from([10, 53, 1, 1])], ...rest]]))`,
  )
  expect(said).toEqual(['ok', 'ok', 'ok'])
  expect((await lab.dig('www.d1.example', 'A', '@127.0.0.53')).rcode).toBe('NXDOMAIN')
  await lab.daemon.restart('SIGKILL')
  await lab.onBus()
  expect((await lab.resolvectl('dns', 'lan')).trim().split(/\s+/)).toHaveLength(3 + 256)
})

test.skipIf(original)('arrays and texts of 64 MiB: refused unread, while questions go on', async () => {
  await using lab = await open()
  const stop = keepAsking(lab)
  const said = await hostile(
    lab,
    `const huge = 'x'.repeat((64 << 20) - 64)
    for (const [signature, body] of [['is', [index, huge]], ['ias', [index, [huge]]]]) {
      const bus = systemBus()
      console.log(await outcome(bus, signature === 'is' ? 'SetLinkLLMNR' : 'SetLinkDNSSECNegativeTrustAnchors', signature, body))
    }`,
  )
  expect(said).toEqual(Array.from({ length: 2 }, () => 'org.freedesktop.DBus.Error.LimitsExceeded'))
  const { rcodes, seconds } = await stop()
  expect(rcodes).toEqual(new Set(['NXDOMAIN']))
  expect(seconds).toBeLessThan(4)
  expect(Number.parseInt(await lab.daemon.status('VmRSS'), 10)).toBeLessThan(300_000)
  await expectUnharmed(lab)
})

test.skipIf(original)('a thousand connections with calls in the air that all leave at once', async () => {
  await using lab = await open()
  await lab.links.hole.upstream.on({}, { drop: true })
  const stop = keepAsking(lab)
  await hostile(
    lab,
    `const all = []
    for (let i = 0; i < 1000; i++) {
      const bus = systemBus()
      bus.on('error', () => undefined)
      all.push(bus)
      if (i % 100 === 99) await connected(bus)
      void outcome(bus, 'ResolveHostname', 'isit', [0, 'c' + i + '.silent.test', 2, 0n])
      void outcome(bus, 'SetLinkDNS', 'ia(iay)', [index, [[2, Buffer.from([127, 0, 0, 53])]]])
      void outcome(bus, 'SetLinkDNS', 's', ['x'])
    }`,
  )
  const { rcodes, seconds } = await stop()
  expect(rcodes).toEqual(new Set(['NXDOMAIN']))
  expect(seconds).toBeLessThan(6)
  await eventually(async () => {
    const words = ['busctl', 'get-property', ...MANAGER, 'TransactionStatistics']
    expect(await lab.run(words)).toMatch(/^\(tt\) 0 /)
  })
  await expectUnharmed(lab)
})
