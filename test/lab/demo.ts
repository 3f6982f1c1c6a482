import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './kit/eventually.ts'
import { Bus } from './kit/bus.ts'
import { Link } from './kit/link.ts'
import { inside, World } from './kit/world.ts'

/**
 * `npm run demo`: the main job, shown in a private world of namespaces that is gone when this ends, however it ends.
 * Every step says what it shows and looks whether it does; the first that does not ends the demo with exit code 1.
 */
let steps = 0

const ZONES = {
  lan: { 'www.example.test': 'A 192.0.2.10', 'intranet.corp.test': 'A 192.0.2.66' },
  wifi: { 'printer.home.test': 'A 192.0.2.20' },
  vpn: { 'intranet.corp.test': 'A 198.51.100.30' },
}

const PROGRAMS = { ip: 'iproute2', unshare: 'util-linux', nsenter: 'util-linux', mount: 'mount', hostname: 'hostname' }
const NEEDS: Readonly<Record<string, string>> = { ...PROGRAMS, 'dbus-daemon': 'dbus-daemon', getent: 'libc-bin' }

type Links = Readonly<Record<string, Link>>

try {
  const began = performance.now()
  checkNeeds()
  await using world = await World.open('demo', { debian: false })
  process.once('SIGINT', () => void world[Symbol.asyncDispose]())
  await show(world).catch((error: unknown) => {
    say(world.log.filter((line) => line.includes('[daemon]')).join('\n'))
    throw error
  })
  say(`\nAll of it held, in ${((performance.now() - began) / 1000).toFixed(1)} s. The private world is gone again.`)
} catch (error) {
  console.error(`\nThe demo FAILED: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

async function show(world: World): Promise<void> {
  step('A machine of its own: two links, each to a network with a DNS server, and a system bus')
  const lan = await Link.open(world, 'lan', { zone: ZONES.lan }, 1)
  const wifi = await Link.open(world, 'wifi', { zone: ZONES.wifi }, 2)
  await new Bus(world).start()
  say(`  lan  ${lan.address}  server ${lan.server}  knows ${Object.keys(ZONES.lan).join(', ')}`)
  say(`  wifi ${wifi.address}  server ${wifi.server}  knows ${Object.keys(ZONES.wifi).join(', ')}`)

  step('tsresolved starts and finds the links by itself')
  await startDaemon(world)
  say('  It answers on 127.0.0.53; /etc/resolv.conf points there.')
  await control(world, 'dns', 'lan', lan.server)
  await control(world, 'dns', 'wifi', wifi.server)
  await control(world, 'domain', 'wifi', '~home.test')

  step('Each name is asked on its own link: home.test was given to wifi, the rest goes to lan')
  await expectAnswer(world, 'www.example.test', '192.0.2.10')
  await expectAnswer(world, 'printer.home.test', '192.0.2.20')
  await expectAsked({ lan, wifi }, { lan: ['www.example.test A'], wifi: ['printer.home.test A'] })

  step('Asked again: from the cache of the link, no server hears of it')
  await expectAnswer(world, 'printer.home.test', '192.0.2.20')
  await expectAsked({ lan, wifi }, { lan: [], wifi: [] })

  step('Before the VPN: corp.test belongs to nobody, so lan is asked, and its answer cached')
  await expectAnswer(world, 'intranet.corp.test', '192.0.2.66')
  await expectAsked({ lan, wifi }, { lan: ['intranet.corp.test A'], wifi: [] })

  step('A VPN comes up, and its client claims corp.test over the bus')
  const vpn = await Link.open(world, 'vpn', { zone: ZONES.vpn }, 3)
  say(`  vpn  ${vpn.address}  server ${vpn.server}  knows ${Object.keys(ZONES.vpn).join(', ')}`)
  await control(world, 'dns', 'vpn', vpn.server)
  await control(world, 'domain', 'vpn', '~corp.test')

  step('The name is asked on the VPN and nowhere else; what lan said about it is forgotten')
  await expectAnswer(world, 'intranet.corp.test', '198.51.100.30')
  await expectAsked({ lan, wifi, vpn }, { lan: [], wifi: [], vpn: ['intranet.corp.test A'] })
  await control(world, 'query', 'intranet.corp.test')

  step('The VPN goes down: its answer is gone with it, although it had minutes to live')
  await vpn.delete()
  say('  $ ip link delete vpn')
  await control(world, 'domain')
  await expectAnswer(world, 'intranet.corp.test', '192.0.2.66')
  await expectAsked({ lan, wifi }, { lan: ['intranet.corp.test A'], wifi: [] })

  step('lan goes down too: no link is left for the name, and nothing old is served')
  await lan.down()
  say('  $ ip link set lan down')
  await control(world, 'dns')
  await expectAnswer(world, 'intranet.corp.test', undefined)
  await expectAnswer(world, 'printer.home.test', '192.0.2.20')
}

async function startDaemon(world: World): Promise<void> {
  const argv = ['sh', '-c', 'exec "$0" "$1" 2>&1', inside.node, `${inside.repo}/dist/main.js`]
  await world.start('daemon', argv, { until: /is ready/ })
  await eventually(() => world.run([inside.node, `${inside.repo}/dist/cli/main.js`, 'dns'])) // on the bus
}

/** tsresolvectl, as an administrator or VPN client would call it. */
async function control(world: World, ...words: readonly string[]): Promise<void> {
  say(`  $ tsresolvectl ${words.join(' ')}`)
  const output = await world.run([inside.node, `${inside.repo}/dist/cli/main.js`, ...words])
  if (output !== '') say(output.trimEnd().replaceAll(/^/gm, '    '))
}

/** Asks as any program does, through the C library and /etc/resolv.conf. `undefined`: there must be no answer. */
async function expectAnswer(world: World, name: string, address: string | undefined): Promise<void> {
  const { stdout } = await world.tryRun(['getent', 'ahostsv4', name])
  const answer = stdout.split(/\s/)[0] || undefined
  say(`  $ getent ahostsv4 ${name}  →  ${answer ?? 'no answer'}`)
  if (answer !== address) throw new Error(`${name} should have given ${address ?? 'no answer'}`)
}

/** What reached the servers since the last look, by their own records. */
async function expectAsked(links: Links, expected: Readonly<Record<string, readonly string[]>>): Promise<void> {
  for (const [name, link] of Object.entries(links)) {
    const asked = await link.asked()
    await link.upstream.forget()
    say(`  server of ${name.padEnd(4)} was asked: ${asked.join(', ') || 'nothing'}`)
    const wanted = expected[name]?.join(', ')
    if (asked.join(', ') !== wanted)
      throw new Error(`the server of ${name} should have been asked: ${wanted || 'nothing'}`)
  }
}

function checkNeeds(): void {
  const places = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
  const isThere = (program: string) => places.some((place) => existsSync(join(place, program)))
  const missing = new Set(Object.keys(NEEDS).flatMap((program) => (isThere(program) ? [] : [NEEDS[program]])))
  if (missing.size > 0)
    throw new Error(`it needs these Debian packages:  sudo apt-get install ${[...missing].join(' ')}`)
  // `config/start.mjs` has built elsewhere what the private world does not see.
  if (!existsSync(join(import.meta.dirname, '../../dist/main.js')))
    throw new Error(
      'there is no folder dist, and it is not yours to make: let the owner of this clone run  npm run build',
    )
}

function step(text: string): void {
  say(`\n${++steps}. ${text}`)
}

function say(text: string): void {
  console.log(text)
}
