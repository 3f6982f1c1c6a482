import { setTimeout as pause } from 'node:timers/promises'
import { SeededRandom } from '../kit/seeded-random.ts'
import { Lab } from '../lab/kit/lab.ts'
import type { Program } from '../lab/kit/program.ts'
import { inside } from '../lab/kit/world.ts'
import type { Situation, Tally } from './clients.ts'
import { scriptOf } from './script.ts'
import type { Mode } from './server.ts'
import type { Claimant } from './truth.ts'

export interface SoakOptions {
  readonly seconds: number
  readonly seed: number
  readonly onLine?: (line: string) => void
}

export interface SoakReport {
  readonly good: number
  readonly failed: number
  readonly failures: Tally['failures']
  readonly wrong: readonly string[]
  /** Settings that show something else than was acknowledged. */
  readonly lost: readonly string[]
  /** Answers and failures in the quiet at the end. */
  readonly quiet: { readonly good: number; readonly failed: number }
  /** Resident memory of the daemon in MiB, the least of some minutes: after a third of the time, and at the end. */
  readonly memory: { readonly warm: number; readonly end: number }
  readonly events: Readonly<Record<string, number>>
}

type LinkName = 'lan' | Claimant
type Event = keyof Soak['events']

const LINKS = { lan: { zone: false, defaultRoute: true }, vpn: { zone: false }, wifi: { zone: false } } as const
/** Until a change of links has reached the daemon, on a busy machine. */
const SETTLING = 3000
/** Servers that fail are out for so long; they are taken back within five seconds. */
const OUTAGE = 4000
const TAKEN_BACK = 8000
const QUIET = 5000
const CONFIGS = ['Cache=yes', 'Cache=no-negative', 'ReadEtcHosts=no']

/** Runs the daemon under mixed and hostile load while links, servers, settings and clients come and go. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  await using lab = await Lab.open<LinkName>({
    links: {
      lan: { ...LINKS.lan, dns: ['10.53.1.1', '10.53.1.2'] },
      vpn: { ...LINKS.vpn, dns: ['10.53.2.1', '10.53.2.2'], domains: ['~corp.soak'], defaultRoute: false },
      wifi: { ...LINKS.wifi, dns: ['10.53.3.1', '10.53.3.2'], domains: ['~home.soak'], defaultRoute: false },
    },
  })
  return await new Soak(lab, options).run() // the machine goes when this returns
}

class Soak {
  readonly #lab: Lab<LinkName>
  readonly #options: SoakOptions
  readonly #random: SeededRandom
  readonly #servers = new Map<string, Program>()
  readonly #counts: Record<string, number> = {}
  readonly #memory: number[] = []
  readonly #lost: string[] = []
  readonly #settings = new Map<string, string>()
  #situation: Situation = { up: { vpn: true, wifi: true }, hostile: true }
  #tally: Tally = { good: 0, failed: 0, failures: {}, wrong: [], slowest: 0 }
  #clients: Program | undefined
  #victim: Program | undefined

  constructor(lab: Lab<LinkName>, options: SoakOptions) {
    this.#lab = lab
    this.#options = options
    this.#random = new SeededRandom(options.seed)
  }

  /** What happens, one after the other, in random order. */
  readonly events = {
    'link down and up': () => this.#flap(),
    'a server fails': () => this.#fail('one'),
    'all servers of a link fail': () => this.#fail('both'),
    reload: () => this.#reload(),
    flush: () => this.#lab.daemon.signal('SIGUSR2'),
    'kill -9 of clients': () => this.#killClients(),
    'settings are set': () => this.#set(),
    'settings are looked at': () => this.#check(),
    'bus calls that are refused': () => this.#refused(),
  }

  async run(): Promise<SoakReport> {
    await this.#open()
    const end = Date.now() + this.#options.seconds * 1000
    const sampling = this.#sample(end)
    const names = Object.keys(this.events) as Event[]
    while (Date.now() < end) {
      const name = names[this.#random.below(names.length)] as Event
      this.#counts[name] = (this.#counts[name] ?? 0) + 1
      await this.events[name]()
      if (this.#tally.wrong.length > 0) break
    }
    await sampling
    const quiet = await this.#quiet()
    await this.#check()
    const { good, failed, failures, wrong } = this.#tally
    return { good, failed, failures, wrong, lost: this.#lost, quiet, memory: this.#flatness(), events: this.#counts }
  }

  async #open(): Promise<void> {
    const server = await scriptOf('server')
    for (const [position, link] of (['lan', 'vpn', 'wifi'] as const).entries()) {
      for (const host of [1, 2]) {
        const address = `10.53.${position + 1}.${host}`
        const argv = [inside.node, '-e', server, String(position + 1), address]
        this.#servers.set(`${link} ${host}`, await this.#lab.links[link].start(argv, { until: /^serving$/ }))
      }
    }
    this.#victim = await this.#startClients('20', () => undefined)
    this.#clients = await this.#startClients('150', (line) => {
      if (line.startsWith('{')) this.#tally = JSON.parse(line) as Tally
    })
    this.#tell({})
    const { pid } = this.#lab.daemon.program
    await this.#lab.tryRun(['renice', '-n', '-10', '-p', String(pid)]) // what else the machine does is no part of the test
  }

  async #startClients(rate: string, onLine: (line: string) => void): Promise<Program> {
    const argv = [inside.node, '-e', await scriptOf('clients'), rate]
    return this.#lab.world.start('clients', argv, { until: /^asking$/, onLine })
  }

  #tell(change: Partial<Situation>): void {
    this.#situation = { ...this.#situation, ...change }
    for (const program of [this.#clients, this.#victim]) program?.send(JSON.stringify(this.#situation))
  }

  /** Resident memory and a line of progress, every second. */
  async #sample(end: number): Promise<void> {
    for (let second = 1; Date.now() < end; second++) {
      await pause(1000)
      const memory = Number.parseInt(await this.#lab.daemon.status('VmRSS').catch(() => ''), 10) / 1024
      if (Number.isNaN(memory)) return // it has ended: the test tells why
      this.#memory.push(memory)
      const { good, failed, wrong } = this.#tally
      if (second % 30 === 0) {
        this.#options.onLine?.(
          `${second} s: ${good} right, ${failed} failed, ${wrong.length} wrong, ${memory.toFixed(0)} MiB`,
        )
      }
    }
  }

  async #flap(): Promise<void> {
    const link: Claimant = this.#random.below(2) === 0 ? 'vpn' : 'wifi'
    const up = (isUp: boolean | undefined) => this.#tell({ up: { ...this.#situation.up, [link]: isUp } })
    up(undefined)
    await this.#lab.links[link].down()
    await pause(SETTLING)
    up(false)
    await pause(this.#random.below(2000))
    up(undefined)
    await this.#lab.links[link].up()
    await pause(SETTLING)
    up(true)
  }

  async #fail(which: 'one' | 'both'): Promise<void> {
    const link = (['lan', 'vpn', 'wifi'] as const)[this.#random.below(3)] as LinkName
    const mode = (['silent', 'servfail', 'refused'] as const)[this.#random.below(3)] as Mode
    const hosts = which === 'both' ? [1, 2] : [1 + this.#random.below(2)]
    for (const host of hosts) this.#servers.get(`${link} ${host}`)?.send(mode)
    await pause(OUTAGE)
    for (const host of hosts) this.#servers.get(`${link} ${host}`)?.send('well')
  }

  async #reload(): Promise<void> {
    const line = CONFIGS[this.#random.below(CONFIGS.length)] ?? ''
    const text = `[Resolve]\nLLMNR=no\nMulticastDNS=no\nDNSSEC=no\nFallbackDNS=\n${line}\n`
    await this.#lab.write('/etc/systemd/resolved.conf', text)
    await this.#lab.daemon.signal('SIGHUP')
  }

  async #killClients(): Promise<void> {
    await this.#victim?.stop('SIGKILL')
    this.#victim = await this.#startClients('20', () => undefined)
    this.#tell({})
  }

  /** Domains that nothing asks for, so that the truth stays what it is. */
  async #set(): Promise<void> {
    const link: Claimant = this.#random.below(2) === 0 ? 'vpn' : 'wifi'
    const claimed = link === 'vpn' ? '~corp.soak' : '~home.soak'
    const extra = `~d${this.#random.below(1000)}.soak.test`
    const { code } = await this.#lab.tryRun(['resolvectl', '--no-pager', 'domain', link, claimed, extra])
    if (code === 0) this.#settings.set(link, [claimed, extra].join(' '))
    else this.#settings.delete(link) // not acknowledged: the old or the new
  }

  async #check(): Promise<void> {
    for (const [link, expected] of this.#settings) {
      const { code, stdout: shown } = await this.#lab.tryRun(['resolvectl', '--no-pager', 'domain', link])
      if (code === 0 && !shown.trim().endsWith(`: ${expected}`))
        this.#lost.push(`${link}: '${shown.trim()}', not '${expected}'`)
    }
  }

  async #refused(): Promise<void> {
    await this.#lab.tryRun(['busctl', 'call', ...RESOLVER, 'SetLinkDNS', 'ia(iay)', '4711', '0'])
    await this.#lab.tryRun(['busctl', 'call', ...RESOLVER, 'ResolveHostname', 'isit', '0', 'a..b', '0', '0'])
    await this.#lab.tryRun(['busctl', 'get-property', ...RESOLVER, 'Nothing'])
  }

  /** Everything is well again, and nobody hostile any more: then all is answered. */
  async #quiet(): Promise<{ good: number; failed: number }> {
    this.#tell({ hostile: false })
    await pause(TAKEN_BACK + 12_000) // what was asked before fails within twelve seconds
    const { good, failed } = this.#tally
    await pause(QUIET)
    return { good: this.#tally.good - good, failed: this.#tally.failed - failed }
  }

  /** The least, which is what is left after a collection: when those come is chance, and garbage is half of the rest. */
  #flatness(): { warm: number; end: number } {
    const third = Math.ceil(this.#memory.length / 3)
    const width = Math.max(1, Math.floor(this.#memory.length / 6))
    return { warm: Math.min(...this.#memory.slice(third, third + width)), end: Math.min(...this.#memory.slice(-width)) }
  }
}

const RESOLVER = ['org.freedesktop.resolve1', '/org/freedesktop/resolve1', 'org.freedesktop.resolve1.Manager']
