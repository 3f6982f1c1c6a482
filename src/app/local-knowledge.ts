import type { Clock, Dependency, Log, Millis, Random } from '../base/index.ts'
import { AF_INET6, Validity } from '../base/index.ts'
import { isTurnedOff } from './environment.ts'
import { hostName, hostsFile, type Polled, staticRecordFiles } from '../files/index.ts'
import { HostLabel } from '../multicast/index.ts'
import type { LocalSources } from '../resolve/index.ts'
import type { NetworkFacts } from '../scope/index.ts'
import type { ConfigWarnings, HostsTable, StaticRecords } from '../settings/index.ts'
import type { Name } from '../wire/index.ts'
import { type HostFacts, hostFactsOf, ownNamesOf } from '../synth/index.ts'

/** What this machine knows by itself, from its files, its name and its network. */
export class LocalKnowledge implements LocalSources {
  readonly #hosts: Polled<HostsTable>
  readonly #static: Polled<StaticRecords>
  readonly #hostName: Polled<string>
  /** What neighbours know this machine by. */
  readonly label: HostLabel
  readonly #labelValidity = new Validity()
  readonly #facts: () => NetworkFacts
  readonly #synthesizesHostName: boolean
  #made:
    | { readonly from: NetworkFacts; readonly name: string; readonly label: Name; readonly facts: HostFacts }
    | undefined
  #addresses = ''
  #addressesVersion = 0
  readonly #addressesValidity = new Validity()

  constructor(
    facts: () => NetworkFacts,
    environment: NodeJS.ProcessEnv,
    clock: Clock,
    random: Random,
    log: Log,
    warnings: ConfigWarnings,
  ) {
    this.#facts = facts
    this.#hosts = hostsFile('/etc/hosts', clock, log, warnings.of('hosts'))
    this.#static = staticRecordFiles('/', clock, log, warnings.of('static records'))
    this.#hostName = hostName(clock, log)
    this.label = new HostLabel(this.#hostName.value, { clock, random, log })
    this.#hostName.onChange((name) => this.label.follow(name))
    this.label.onChange(() => this.#labelValidity.invalidate())
    this.#synthesizesHostName = !isTurnedOff(environment.SYSTEMD_RESOLVED_SYNTHESIZE_HOSTNAME)
  }

  /** Reads everything once, so that the first question finds it. */
  async read(): Promise<void> {
    await Promise.all([this.#hosts.current(), this.#static.current(), this.#hostName.current()])
  }

  /** What local answers depend on: two files, the host name and what became of it among neighbours. */
  dependencies(): readonly Dependency[] {
    return [this.#hosts.dependency, this.#static.dependency, this.#hostName.dependency, this.#labelValidity.current]
  }

  /** Starts to look at what is due to be looked at; false when that has to be waited for. */
  revalidate(now: Millis): boolean {
    const isHostsKnown = this.#hosts.revalidate(now)
    const isStaticKnown = this.#static.revalidate(now)
    return this.#hostName.revalidate(now) && isHostsKnown && isStaticKnown
  }

  /** For a reload: all files are read anew, whatever their stamps say. */
  async reread(): Promise<void> {
    for (const polled of [this.#hosts, this.#static, this.#hostName]) polled.expire()
    await this.read()
  }

  hosts(): HostsTable | Promise<HostsTable> {
    return this.#hosts.current()
  }

  staticRecords(): StaticRecords | Promise<StaticRecords> {
    return this.#static.current()
  }

  /** As the kernel has it. Asking for it starts a look when one is due. */
  get hostName(): string {
    void this.#hostName.current()
    return this.#hostName.value
  }

  /** Made anew only when the network or the host name has changed. */
  host(): HostFacts {
    const from = this.#facts()
    const name = this.hostName
    const label = this.label.name
    if (this.#made?.from !== from || this.#made.name !== name || this.#made.label !== label) {
      const ownNames = this.#synthesizesHostName ? ownNamesOf(name, label) : []
      this.#made = { from, name, label, facts: hostFactsOf(from, ownNames) }
    }
    return this.#made.facts
  }

  /** Current until the addresses of this machine or of its gateways change: their reverse names are answered here. */
  get ownAddresses(): Dependency {
    return this.#addressesValidity.current
  }

  /** Counts those changes. */
  get addressesVersion(): number {
    return this.#addressesVersion
  }

  /** The kernel's facts have changed. */
  noteAddresses(): void {
    const { addresses, gateways } = this.host()
    const text = [this.hasIpv6, ...[...addresses, ...gateways].map(({ address }) => address.text)].join(' ')
    if (text === this.#addresses) return
    this.#addresses = text
    this.#addressesVersion++
    this.#addressesValidity.invalidate()
  }

  /** Whether any link has an IPv6 address: without, nobody could use one (dbus.md §3.1). */
  get hasIpv6(): boolean {
    const links = [...this.#facts().links.values()]
    return links.some(({ addresses }) => addresses.some(({ address }) => address.family === AF_INET6))
  }
}
