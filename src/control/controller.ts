import type { Clock, IfIndex, Log } from '../base/index.ts'
import { reasonOf } from '../base/index.ts'
import type { LinkFacts, NetworkFacts, Scope, ScopeSet, TransactionCounts, UnicastScope } from '../scope/index.ts'
import { NO_NETWORK } from '../scope/index.ts'
import type {
  Delegate,
  ForeignDns,
  LinkSettings,
  NetworkdLink,
  Origin,
  ResolvedSettings,
  SavedLink,
} from '../settings/index.ts'
import { DEFAULT_LINK_SETTINGS } from '../settings/index.ts'
import { EventSubscribers } from './event-subscribers.ts'
import { LinkTable } from './link-table.ts'
import { changeText, originsFor, originText, restoredOrigins } from './origins.ts'
import type { ResolvConfFiles } from './resolv-conf.ts'
import { ResolvConf } from './resolv-conf.ts'
import { checkSettings } from './setting-limits.ts'
import { delegateStatus, isLoopback, linkStatus, scopesMaskOf, statisticsOf } from './status.ts'
import type {
  Control,
  ControlEvents,
  DelegateStatus,
  GlobalStatus,
  LinkStatus,
  ResolvConfMode,
  SettingOwner,
  Statistics,
} from './types.ts'
import { ControlError } from './types.ts'

/** Where settings that clients pushed outlive the daemon (R-LINK-9). */
export interface LinkStore {
  load(ifindex: IfIndex): Promise<SavedLink | undefined>
  save(ifindex: IfIndex, saved: SavedLink): Promise<void>
  remove(ifindex: IfIndex): Promise<void>
  removeStale(existing: ReadonlySet<IfIndex>): Promise<void>
}

export interface ControllerServices {
  readonly scopes: ScopeSet
  readonly counts: TransactionCounts
  /** Others that count begin anew too. */
  readonly onStatisticsReset?: () => void
  readonly store: LinkStore
  readonly files: ResolvConfFiles
  /** Whose /etc/resolv.conf is at this moment; undefined when it cannot be told. */
  readonly resolvConfMode: () => ResolvConfMode | undefined
  readonly clock: Clock
  readonly log: Log
}

/** Where nothing is validated, nothing is missing. */
const doesDnssec = ({ plan, supportsDnssec }: UnicastScope) => plan.dnssec === 'no' || supportsDnssec

const NO_FOREIGN: ForeignDns = { servers: [], domains: [] }

/**
 * Everything that is configured or known of the network comes together here, and goes into force as a whole: the
 * scopes, then resolv.conf, then whoever subscribed is told.
 */
export class Controller implements Control {
  readonly #services: ControllerServices
  readonly #table = new LinkTable()
  readonly #events = new EventSubscribers()
  readonly #resolvConf: ResolvConf
  #settings: ResolvedSettings
  #delegates: readonly Delegate[] = []
  #facts: NetworkFacts = NO_NETWORK
  #foreign: ForeignDns = NO_FOREIGN
  #hostLabel = ''

  constructor(settings: ResolvedSettings, delegates: readonly Delegate[], services: ControllerServices) {
    this.#settings = settings
    this.#delegates = delegates
    this.#services = services
    this.#resolvConf = new ResolvConf(services.files, services.clock, services.log)
    services.scopes.onCurrentServerChanged = () => this.#events.tell('currentServerChanged')
  }

  get settings(): ResolvedSettings {
    return this.#settings
  }

  get facts(): NetworkFacts {
    return this.#facts
  }

  /** Takes up, at start, what an earlier run of this daemon or of systemd-resolved saved; then all is in force. */
  async restore(facts: NetworkFacts, networkd: ReadonlyMap<IfIndex, NetworkdLink>): Promise<void> {
    const { store, clock } = this.#services
    this.#facts = facts
    this.#table.follow(networkd)
    await store.removeStale(new Set(facts.links.keys()))
    for (const ifindex of facts.links.keys()) {
      const saved = await store.load(ifindex)
      if (saved === undefined) continue
      if (networkd.get(ifindex)?.isManaged === true) await store.remove(ifindex)
      else this.#table.push(ifindex, { ...saved, origins: restoredOrigins(saved, clock.wall()) })
    }
    this.#apply()
  }

  /** New facts of the kernel. Settings of links that are gone go with them (R-LINK-7). */
  followKernel(facts: NetworkFacts): void {
    this.#facts = facts
    const gone = this.#table.pushedLinks().filter((ifindex) => !facts.links.has(ifindex))
    for (const ifindex of gone) this.#drop(ifindex)
    this.#apply()
    if (gone.length > 0) this.#events.tell('serversChanged')
  }

  /** New settings of networkd (R-NETD-2). */
  followNetworkd(links: ReadonlyMap<IfIndex, NetworkdLink>): void {
    for (const ifindex of this.#table.follow(links)) this.#drop(ifindex)
    this.#apply()
    this.#events.tell('serversChanged')
  }

  /** New global settings: everything learnt is forgotten, pushed link settings stay (R-PROC-1). */
  reload(settings: ResolvedSettings, delegates: readonly Delegate[]): void {
    this.#settings = settings
    this.#delegates = delegates
    this.#apply()
    this.flushCaches()
    this.#services.scopes.resetServers()
    this.#events.tell('serversChanged')
  }

  /** Keys of a zone have been replaced (RFC 5011): scopes that validate begin anew with these. */
  followTrustAnchors(trustAnchors: ResolvedSettings['trustAnchors']): void {
    this.#settings = { ...this.#settings, trustAnchors }
    this.#apply()
  }

  /** What an /etc/resolv.conf of somebody else says (R-RC-7). */
  followResolvConf(foreign: ForeignDns): void {
    this.#foreign = foreign
    this.#apply()
    this.#services.scopes.global?.flush() // R-CACHE-21
    this.#events.tell('serversChanged')
  }

  /** What neighbours know this machine by (LL-R-7). */
  followHostLabel(label: string): void {
    if (label === this.#hostLabel) return
    this.#hostLabel = label
    this.#events.tell('configurationChanged')
  }

  /** `scopesMask` is 0 while there are no servers to ask: the scope exists, but nobody is asked through it. */
  global(): GlobalStatus {
    const scope = this.#services.scopes.global
    const { servers, domains } = this.#globalDns()
    const isAsked = scope !== undefined && scope.plan.servers.length > 0
    return {
      settings: this.#settings,
      servers,
      domains,
      currentServer: scope?.upstreams.current?.spec,
      scopesMask: isAsked ? scopesMaskOf(scope) : 0,
      dnssecSupported: this.#settings.dnssec !== 'no' && this.#services.scopes.unicast.every(doesDnssec),
      negativeTrustAnchors: this.#settings.negativeTrustAnchors,
      resolvConfMode: this.#services.resolvConfMode(),
      llmnrHostname: this.#hostLabel,
    }
  }

  links(): LinkStatus[] {
    const links = [...this.#facts.links.values()].toSorted((a, b) => a.ifindex - b.ifindex)
    return links.map((link) => this.#status(link, this.#services.scopes.onLink(link.ifindex)))
  }

  delegates(): DelegateStatus[] {
    const { scopes } = this.#services
    return this.#delegates.map((delegate) => delegateStatus(delegate, scopes.ofDelegate(delegate.id)))
  }

  link(ifindex: IfIndex): LinkStatus | undefined {
    const link = this.#facts.links.get(ifindex)
    return link && this.#status(link, this.#services.scopes.onLink(ifindex))
  }

  /** @throws {ControlError} for a link that is not there, for loopback, and for one that networkd manages (R-NETD-6) */
  assertChangeable(ifindex: IfIndex): void {
    const link = this.#facts.links.get(ifindex)
    if (link === undefined) throw new ControlError('no-such-link', `Link ${ifindex} not known`)
    if (isLoopback(link)) throw new ControlError('link-is-loopback', `Link ${link.name} is loopback device.`)
    if (this.#table.record(ifindex).isManaged) {
      throw new ControlError('link-is-managed', `Link ${link.name} is managed.`)
    }
  }

  /** What the patch does not name stays as it was, with its origin. Resolves when it is in force and saved. */
  async change(ifindex: IfIndex, patch: Partial<LinkSettings>, origin: Origin): Promise<void> {
    this.assertChangeable(ifindex)
    checkSettings(patch)
    const before = this.#table.pushed(ifindex) ?? { settings: DEFAULT_LINK_SETTINGS, origins: {} }
    const settings = { ...before.settings, ...patch }
    await this.#push(ifindex, { settings, origins: { ...before.origins, ...originsFor(patch, origin) } })
    this.#services.log.info(() => `${this.#name(ifindex)}: ${changeText(patch, origin)}`)
    if (patch.servers !== undefined) this.#events.tell('serversChanged')
  }

  /** Back to what the domains of the link say; no patch can express that, as an absent member means no change. */
  async unsetDefaultRoute(ifindex: IfIndex, by: SettingOwner): Promise<void> {
    this.assertChangeable(ifindex)
    const { settings, origins } = this.#table.pushed(ifindex) ?? { settings: DEFAULT_LINK_SETTINGS, origins: {} }
    const { defaultRoute: _, ...rest } = origins
    await this.#push(ifindex, { settings: { ...settings, defaultRoute: undefined }, origins: rest })
    this.#services.log.info(() => `${this.#name(ifindex)}: default route as its domains say, by ${originText(by)}`)
  }

  /** All settings of the link at once; saved state goes with them. */
  async revert(ifindex: IfIndex, origin: Origin): Promise<void> {
    this.assertChangeable(ifindex)
    await this.#push(ifindex, { settings: DEFAULT_LINK_SETTINGS, origins: {} })
    this.#services.log.info(() => `${this.#name(ifindex)}: reverted to defaults, by ${originText(origin)}`)
    this.#events.tell('serversChanged')
  }

  flushCaches(): void {
    this.#services.scopes.flush()
    this.#events.tell('flushed')
    this.#services.log.info('Flushed all caches.')
  }

  resetServerFeatures(): void {
    this.#services.scopes.resetServers()
    this.#services.log.info('Forgot what was learnt of all servers.')
  }

  statistics(): Statistics {
    return statisticsOf(this.#services.scopes, this.#services.counts)
  }

  /** Counters start over; what is cached, learnt or under way stays. */
  resetStatistics(): void {
    this.#services.counts.reset()
    this.#services.onStatisticsReset?.()
    for (const { cache } of this.#services.scopes.all) cache.resetCounts()
  }

  subscribe(events: Partial<ControlEvents>): Disposable {
    return this.#events.subscribe(events)
  }

  /** What is in force now is in the files of the runtime directory as well from here on. */
  settle(): void {
    this.#resolvConf.writeDue()
  }

  /** In force first, then saved, then acknowledged: who gets a reply loses nothing any more, kill -9 included. */
  async #push(ifindex: IfIndex, link: SavedLink): Promise<void> {
    this.#table.push(ifindex, link)
    this.#apply()
    try {
      await this.#services.store.save(ifindex, link)
    } catch (error) {
      this.#services.log.error(`${this.#name(ifindex)}: settings are in force but not saved: ${reasonOf(error)}`)
    }
    this.#resolvConf.writeDue()
  }

  /** Nobody waits for the file to go: a stale one is removed at the next start too. */
  #drop(ifindex: IfIndex): void {
    if (!this.#table.forget(ifindex)) return
    const complain = (error: unknown) =>
      this.#services.log.warning(`Cannot remove the saved settings of link ${ifindex}: ${reasonOf(error)}`)
    this.#services.store.remove(ifindex).catch(complain)
  }

  /**
   * The one way into force, whatever has changed: scopes are planned anew from everything together. Those whose plan is
   * the same keep their cache and what they know of servers (`ScopeSet.apply`).
   */
  #apply(): void {
    const { servers: globalServers, domains: globalDomains } = this.#globalDns()
    const { scopes } = this.#services
    const links = this.#table.configured()
    const { facts, settings, delegates } = { facts: this.#facts, settings: this.#settings, delegates: this.#delegates }
    scopes.apply({ facts, settings, globalServers, globalDomains, links, delegates })
    this.#resolvConf.update(scopes.unicast, globalServers, this.#settings)
    this.#events.tell('configurationChanged')
  }

  /** Configured, or else read from a resolv.conf of somebody else (R-RC-7). */
  #globalDns(): ForeignDns {
    return this.#settings.configuresServersOrDomains ? this.#settings : this.#foreign
  }

  #status(link: LinkFacts, scopes: readonly Scope[]): LinkStatus {
    return linkStatus(link, this.#table.record(link.ifindex), scopes, this.#settings)
  }

  #name(ifindex: IfIndex): string {
    return `link ${ifindex} (${this.#facts.links.get(ifindex)?.name ?? '?'})`
  }
}
