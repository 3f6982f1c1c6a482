import { eventually } from './eventually.ts'
import { serveHostileZones } from './hostile-zones.ts'
import { Lab } from './lab.ts'
import { withPriority } from './priority.ts'
import { inside } from './world.ts'

/** What a client saw who asks for names that are cached, twenty times as often as people do. */
export interface Polite {
  readonly lost: number
  readonly failed: number
  /** Milliseconds until the answer, at most for half of them, and for 99 %. */
  readonly p50: number
  readonly p99: number
  /** How much of that the daemon can be blamed for: the CPU time that it took meanwhile. */
  readonly work99: number
}

const NAMES = 50
const RATE = 200
const ZONE = 'polite.zz'
const helpers = `${inside.repo}/bench/c`

/** What else the machine does is no part of a test: the daemon has the cores first, and then who attacks it. */
const FIRST = withPriority(-20)
const SECOND = withPriority(-15)

/** A machine with ours, a fast upstream that knows every name, 50 names in the cache, and the programs of the bench. */
export class Siege implements AsyncDisposable {
  readonly lab: Lab<'lan'>

  private constructor(lab: Lab<'lan'>) {
    this.lab = lab
  }

  static async open(): Promise<Siege> {
    return Siege.#begin('', (lab) =>
      lab.links.lan.start([...FIRST, program('responder'), '10.53.1.1', '192.0.2.1'], { until: /ready/ }),
    )
  }

  /** The same, which validates; its upstream has the zones of `hostile-zones-process.ts`. */
  static async openValidating(): Promise<Siege> {
    return Siege.#begin('DNSSEC=yes', async (lab) => {
      const anchor = await serveHostileZones(lab, lab.links.lan)
      await lab.write('/etc/dnssec-trust-anchors.d/lab.positive', `${anchor}\n`)
    })
  }

  static async #begin(config: string, serve: (lab: Lab<'lan'>) => Promise<unknown>): Promise<Siege> {
    const links = { lan: { zone: false, dns: ['10.53.1.1'] } } as const
    const lab = await Lab.open({ links, config, start: false })
    for (const name of ['responder', 'steady', 'flood']) {
      await lab.run(['cc', '-O2', '-o', program(name), `${helpers}/${name}.c`, '-pthread'])
    }
    await serve(lab)
    lab.daemon.launcher = FIRST
    await lab.daemon.start()
    await lab.configureLinks()
    const siege = new Siege(lab)
    await eventually(async () => {
      if ((await lab.dig(`n0.${ZONE}`)).data.length === 0) throw new Error('the upstream does not answer')
    })
    // Compiled by then, and everything is in the cache.
    await siege.polite(2)
    await siege.flood({ rate: 5000, seconds: 3 })
    await siege.polite(1)
    await lab.tsresolvectl('reset-statistics')
    return siege
  }

  /** Asks for cached names at an even rate. */
  async polite(seconds: number): Promise<Polite> {
    const words = ['127.0.0.53', RATE, seconds, NAMES, ZONE, this.lab.daemon.program.pid]
    const text = await this.lab.run([...FIRST, program('steady'), ...words.map(String)])
    const { lost = NaN, failed = NaN, p50 = NaN, p99 = NaN, work99 = NaN } = JSON.parse(text) as Record<string, number>
    return { lost, failed, p50: p50 / 1000, p99: p99 / 1000, work99: work99 / 1000 }
  }

  /** New names as nobody, from several sockets; gives how many were sent, and answered with NOERROR or SERVFAIL. */
  async flood({ rate, seconds, sockets = 8, outstanding = 0, zone = 'flood.test' }: FloodSpec): Promise<Flood> {
    const words = ['127.0.0.53', rate, seconds, sockets, zone, outstanding]
    const text = await this.lab.run([...SECOND, ...asNobody, program('flood'), ...words.map(String)])
    return JSON.parse(text.split('\n')[1] ?? '') as Flood
  }

  /** What `attacker.py` can do, as nobody; gives what it counted. */
  async attack(what: string, seconds: number, count: number): Promise<{ opened: number; sent: number }> {
    const script = `${inside.repo}/test/lab/kit/attacker.py`
    const words = ['python3', script, what, String(seconds), String(count)]
    const text = await this.lab.run([...SECOND, 'prlimit', '--nofile=20000', ...asNobody, ...words], {
      patience: seconds + 60,
    })
    return JSON.parse(text.split('\n')[1] ?? '') as { opened: number; sent: number }
  }

  /** Keeps so many calls for all properties of the manager in flight on the bus; gives how many were answered. */
  async dumpProperties(seconds: number, inFlight: number): Promise<number> {
    const text = await this.lab.run([
      ...SECOND,
      ...asNobody,
      inside.node,
      '-e',
      dump,
      String(seconds),
      String(inFlight),
    ])
    return Number(text)
  }

  /** KiB. */
  async rss(): Promise<number> {
    return Number.parseInt(await this.lab.daemon.status('VmRSS'), 10)
  }

  /** The most that `rss` was since `forgetPeak`. */
  async peakRss(): Promise<number> {
    return Number.parseInt(await this.lab.daemon.status('VmHWM'), 10)
  }

  async forgetPeak(): Promise<void> {
    await this.lab.run(['sh', '-c', `echo 5 >/proc/${this.lab.daemon.program.pid}/clear_refs`])
  }

  /** The longest time, in milliseconds of CPU, for which the daemon did not come to read its sockets, and with what most of it. */
  async longestTurn(): Promise<{ what: string; took: number }> {
    const { longestTurns } = JSON.parse(await this.lab.run(varlinkCall('DescribeLoad'))) as {
      longestTurns: { what: string; tookUSec: number }[]
    }
    const [longest] = longestTurns
    return { what: longest?.what ?? 'nothing', took: (longest?.tookUSec ?? 0) / 1000 }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab[Symbol.asyncDispose]()
  }
}

interface FloodSpec {
  readonly rate: number
  readonly seconds: number
  readonly sockets?: number
  readonly outstanding?: number
  readonly zone?: string
}

interface Flood {
  readonly sent: number
  readonly noerror: number
  readonly servfail: number
}

/** An ordinary user; where there is only one, that one. */
export const asNobody = process.getuid?.() === 0 ? ['setpriv', '--reuid', '65534', '--clear-groups'] : []

const dump = `
const { createRequire } = require('node:module')
const { systemBus, Message } = createRequire('${inside.repo}/')('dbus-next')
const [seconds, inFlight] = process.argv.slice(1).map(Number)
const bus = systemBus()
const end = Date.now() + seconds * 1000
let answered = 0
const get = () => bus.call(new Message({
  destination: 'org.freedesktop.resolve1', path: '/org/freedesktop/resolve1',
  interface: 'org.freedesktop.DBus.Properties', member: 'GetAll',
  signature: 's', body: ['org.freedesktop.resolve1.Manager'],
})).then(() => answered++, () => undefined)
async function keepAsking() { while (Date.now() < end) await get() }
Promise.all(Array.from({ length: inFlight }, keepAsking)).then(() => { console.log(answered); process.exit() })`

function program(name: string): string {
  return `/run/lab/${name}`
}

function varlinkCall(method: string): string[] {
  const script = `
    const socket = require('node:net').connect('/run/systemd/resolve/io.systemd.Resolve')
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes
      if (!text.includes('\\0')) return
      console.log(JSON.stringify(JSON.parse(text.split('\\0')[0]).parameters))
      process.exit()
    })
    socket.write('{"method":"io.tsresolved.Observe.${method}"}\\0')`
  return [inside.node, '-e', script]
}
