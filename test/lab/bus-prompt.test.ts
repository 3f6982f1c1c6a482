import { expect, test } from 'vitest'
import { eventually } from './kit/eventually.ts'
import { Lab, original } from './kit/lab.ts'
import { inside } from './kit/world.ts'

const lan = { zone: { 'www.test': 'A 192.0.2.1' } }
const vpn = { zone: { 'www.test': 'A 192.0.2.2' }, dns: [] }
const both = { links: { lan, vpn } }

/**
 * Changes the servers of a link again and again, and asks for a new name the moment the reply is there, each time by
 * another way, on connections that are open already. Prints which server each name should have come to.
 */
const hurried = `
const { createRequire } = require('node:module')
const dgram = require('node:dgram')
const net = require('node:net')
const { systemBus, Message } = createRequire('${inside.repo}/')('dbus-next')
const [index, isVarlink] = process.argv.slice(1).map(Number)
const bus = systemBus()
const stub = dgram.createSocket('udp4')
const varlink = net.connect('/run/systemd/resolve/io.systemd.Resolve')
const call = (member, signature, body) => bus.call(new Message({
  destination: 'org.freedesktop.resolve1', path: '/org/freedesktop/resolve1',
  interface: 'org.freedesktop.resolve1.Manager', member, signature, body,
}))
const heard = (emitter) => new Promise((resolve) => emitter.once(emitter === varlink ? 'data' : 'message', resolve))
const question = (name) => Buffer.concat([
  Buffer.from('123401000001000000000000', 'hex'),
  ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
  Buffer.from('0000010001', 'hex'),
])
const ways = [
  async (name) => { const reply = heard(stub); stub.send(question(name), 53, '127.0.0.53'); await reply },
  async (name) => { await call('ResolveHostname', 'isit', [0, name, 2, 0n]).catch(() => undefined) },
  async (name) => {
    const reply = heard(varlink)
    varlink.write(JSON.stringify({ method: 'io.systemd.Resolve.ResolveHostname', parameters: { name, family: 2 } }) + '\\0')
    await reply
  },
]
async function main() {
  const known = 'www.test'
  for (let i = 0; i < 100; i++) {
    const last = 1 + (i % 3)
    await call('SetLinkDNS', 'ia(iay)', [index, [[2, Buffer.from([10, 53, 1, last])]]])
    const way = ways[i % (isVarlink ? 3 : 2)]
    await way('n' + i + '.test')
    await way(known) // in the cache of the old servers: must be asked again
    console.log('n' + i + '.test 10.53.1.' + last)
  }
  console.log('done')
  process.exit()
}
main()
`

test.skipIf(original)(
  'the next question after the reply goes by the new servers, 100 times, and nothing comes from the old cache',
  async () => {
    await using lab = await Lab.open(both)
    const wanted: string[] = []
    const argv = [inside.node, '-e', hurried, String(await lab.links.lan.index()), '1']
    await lab.world.start('hurried', argv, { onLine: (line) => wanted.push(line) })
    await eventually(() => expect(wanted.at(-1)).toBe('done'), { within: 120_000 })
    const arrived = await lab.links.lan.upstream.questions()
    const questions = arrived.map(({ name, to }) => ({ name: name.toLowerCase(), to })) // letters are drawn (R-SRV-21)
    const asked = questions.filter(({ name }) => /^n\d/.test(name)).map(({ name, to }) => `${name} ${to}`)
    expect(asked).toEqual(wanted.slice(0, -1))
    expect(questions.filter(({ name }) => name === 'www.test').map(({ to }) => to)).toEqual(
      wanted.slice(0, -1).map((line) => line.split(' ')[1]),
    )
  },
)

test.skipIf(original)('a question that waits for the old server is asked anew at the new one', async () => {
  await using lab = await Lab.open(both)
  const { upstream, server, server2 } = lab.links.lan
  await upstream.on({ to: server }, { drop: true })
  const answer = lab.dig('www.test')
  const bus = lab.call('ResolveHostname', 'isit', '0', 'www.test', '2', '0')
  await eventually(async () => expect(await lab.links.lan.asked()).toContain('www.test A'))
  await lab.resolvectl('dns', 'lan', server2)
  expect((await answer).data).toEqual(['192.0.2.1']) // not SERVFAIL, as when the old server is waited for
  expect(await bus).toContain('192 0 2 1')
  expect((await upstream.questions()).some(({ to }) => to === server2)).toBe(true)
})

test.skipIf(original)('a question in flight follows its name to another link', async () => {
  await using lab = await Lab.open(both)
  await lab.links.lan.upstream.on({ name: 'www.test' }, { drop: true })
  await lab.resolvectl('dns', 'vpn', lab.links.vpn.server)
  await lab.resolvectl('default-route', 'vpn', 'no')
  const answer = lab.dig('www.test')
  await eventually(async () => expect(await lab.links.lan.asked()).toContain('www.test A'))
  await lab.resolvectl('domain', 'vpn', '~test')
  expect((await answer).data).toEqual(['192.0.2.2'])
})

/** Sixty lookups on one connection, then a setting is made and all are read on another. Tells what ends until then. */
const among = `
const { createRequire } = require('node:module')
const { systemBus, Message } = createRequire('${inside.repo}/')('dbus-next')
const index = Number(process.argv[1])
const message = (member, signature, body, more) => new Message({
  destination: 'org.freedesktop.resolve1', path: '/org/freedesktop/resolve1',
  interface: 'org.freedesktop.resolve1.Manager', member, signature, body, ...more,
})
const [bus, other] = [systemBus(), systemBus()]
async function main() {
  await Promise.all([bus, other].map((each) => new Promise((resolve) => each.once('connect', resolve))))
  const lookUp = (i) => bus.call(message('ResolveHostname', 'isit', [0, 'n' + i + '.test', 2, 0n]))
  for (let i = 0; i < 60; i++) void lookUp(i).catch(() => console.log('nothing found'))
  await other.call(message('SetLinkDNS', 'ia(iay)', [index, [[2, Buffer.from([10, 53, 2, 1])]]]))
  const properties = { interface: 'org.freedesktop.DBus.Properties' }
  await other.call(message('GetAll', 's', ['org.freedesktop.resolve1.Manager'], properties))
  console.log('set and read')
  process.exit()
}
main()
`

test('a bus call does not wait behind lookups that get no answer', async () => {
  await using lab = await Lab.open(both)
  await lab.links.lan.upstream.on({}, { drop: true })
  const said = await lab.run([inside.node, '-e', among, String(await lab.links.vpn.index())])
  expect(said).toBe('set and read\n')
  const asked = (await lab.links.lan.asked()).filter((each) => each.startsWith('n'))
  expect(new Set(asked).size).toBeGreaterThan(0) // calls take turns: not all of them have begun by then
})
