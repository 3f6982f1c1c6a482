import type { IfIndex } from '../base/index.ts'
import {
  type GatewayRoute,
  IFA_F_DEPRECATED,
  IFA_F_TENTATIVE,
  IFF_DORMANT,
  IFF_LOWER_UP,
  IFF_RUNNING,
  IFF_UP,
  type LinkAddress,
  type LinkFacts,
  type NetworkFacts,
  OPERSTATE_UNKNOWN,
  OPERSTATE_UP,
} from '../scope/index.ts'
import type { Change, LinkUpdate } from './decode.ts'

/** What an update did to the facts. After a `loss` a link or address may have stopped being usable, if only for a moment. */
export type Effect = 'none' | 'gain' | 'loss'

/** What updates of the link itself tell. */
type OwnFacts = Omit<LinkFacts, 'addresses'>

/** One link and its addresses, by ifindex. */
interface LinkEntry {
  /** Undefined while only addresses of this link have been told. */
  link: OwnFacts | undefined
  readonly addresses: Map<string, LinkAddress>
  /** The facts last made of this entry; undefined when they no longer hold. */
  made: LinkFacts | undefined
}

/**
 * The links, addresses and routes of the machine, put together from single updates (R-LINK-1). Losing the last usable address shows at once (R-LINK-8).
 *
 * Routes are never edited one by one: the kernel keeps silent about the IPv4 routes that go with a link or an address,
 * and an event does not say which of several equal routes it means. So a change only makes the known routes
 * questionable (`needsRoutes`), and a new dump replaces them all. Those of a lost link are left out without waiting.
 */
export class NetworkState {
  readonly #links = new Map<IfIndex, LinkEntry>()
  #routes: readonly GatewayRoute[] = []
  /** Undefined when they must be made anew. */
  #facts: NetworkFacts | undefined
  #needsRoutes = false

  /** True since something happened after which the routes should be read again. */
  get needsRoutes(): boolean {
    return this.#needsRoutes
  }

  /** Takes one change in. `beforeGain` is called first when it is one: `facts` are still those without it. */
  apply(change: Change, beforeGain: () => void = () => undefined): Effect {
    const effect = this.#take(change, beforeGain)
    if (effect !== 'none') this.#facts = undefined
    return effect
  }

  /** Reading the routes begins: changes from now on may be missing from what is read. */
  beginRoutes(): void {
    this.#needsRoutes = false
  }

  /** Replaces all routes, as a dump told them; true when the facts are different now. */
  setRoutes(routes: readonly GatewayRoute[]): boolean {
    if (sameRoutes(this.#routes, routes)) return false
    this.#routes = routes
    this.#facts = undefined
    return true
  }

  /** All facts: the same object, with the same `LinkFacts`, as long as nothing about them changed. */
  facts(): NetworkFacts {
    this.#facts ??= this.#make()
    return this.#facts
  }

  /** What is known of one link; undefined while it is not there. */
  link(ifindex: IfIndex): LinkFacts | undefined {
    const entry = this.#links.get(ifindex)
    return entry && made(entry)
  }

  #take(change: Change, beforeGain: () => void): Effect {
    switch (change.kind) {
      case 'link':
        return this.#setLink(change.link, beforeGain)
      case 'link-gone':
        return this.#removeLink(change.ifindex)
      case 'address':
        return this.#setAddress(change.ifindex, change.key, change.address, beforeGain)
      case 'address-gone':
        return this.#removeAddress(change.ifindex, change.key)
      case 'routes':
        this.#needsRoutes = true
    }
    return 'none'
  }

  #setLink(update: LinkUpdate, beforeGain: () => void): Effect {
    const entry = this.#entry(update.ifindex)
    const before = entry.link
    const link = {
      ifindex: update.ifindex,
      name: update.name ?? before?.name ?? String(update.ifindex),
      flags: update.flags,
      operState: update.operState ?? before?.operState ?? OPERSTATE_UNKNOWN,
      mtu: update.mtu ?? before?.mtu ?? 0,
      portOf: update.portOf ?? before?.portOf ?? '',
    }
    if (before !== undefined && sameLink(before, link)) return 'none'
    if (before !== undefined && before.flags !== link.flags) this.#needsRoutes = true
    const isLoss = before !== undefined && isWorseLink(before, link)
    if (!isLoss) beforeGain()
    entry.link = link
    entry.made = undefined
    return isLoss ? 'loss' : 'gain'
  }

  /** The kernel is silent about the routes that go with it. */
  #removeLink(ifindex: IfIndex): Effect {
    if (this.#routes.some((route) => route.ifindex === ifindex)) this.#needsRoutes = true
    return this.#links.delete(ifindex) ? 'loss' : 'none'
  }

  #setAddress(ifindex: IfIndex, key: string, address: LinkAddress, beforeGain: () => void): Effect {
    const entry = this.#entry(ifindex)
    const before = entry.addresses.get(key)
    if (before !== undefined && before.flags === address.flags && before.scope === address.scope) return 'none'
    const isLoss = before !== undefined && isWorseAddress(before, address)
    if (!isLoss) beforeGain()
    entry.addresses.set(key, address)
    entry.made = undefined
    return isLoss ? 'loss' : 'gain'
  }

  #removeAddress(ifindex: IfIndex, key: string): Effect {
    const entry = this.#links.get(ifindex)
    if (entry === undefined || !entry.addresses.delete(key)) return 'none'
    entry.made = undefined
    this.#needsRoutes = true
    return 'loss'
  }

  #entry(ifindex: IfIndex): LinkEntry {
    let entry = this.#links.get(ifindex)
    if (entry === undefined) {
      entry = { link: undefined, addresses: new Map(), made: undefined }
      this.#links.set(ifindex, entry)
    }
    return entry
  }

  /** Links of which only addresses are known so far, and routes of links that are down, are left out. */
  #make(): NetworkFacts {
    const links = new Map<IfIndex, LinkFacts>()
    for (const [ifindex, entry] of this.#links) {
      const link = made(entry)
      if (link !== undefined) links.set(ifindex, link)
    }
    const isUp = (route: GatewayRoute) => ((links.get(route.ifindex)?.flags ?? 0) & IFF_UP) !== 0
    return { links, gateways: this.#routes.filter(isUp) }
  }
}

function made(entry: LinkEntry): LinkFacts | undefined {
  if (entry.link === undefined) return undefined
  entry.made ??= { ...entry.link, addresses: [...entry.addresses.values()] }
  return entry.made
}

function sameLink(a: OwnFacts, b: OwnFacts): boolean {
  return (
    a.name === b.name && a.flags === b.flags && a.operState === b.operState && a.mtu === b.mtu && a.portOf === b.portOf
  )
}

/** Whether a link may have stopped being relevant (R-LINK-3). */
function isWorseLink(before: OwnFacts, after: OwnFacts): boolean {
  const lost = before.flags & ~after.flags & (IFF_UP | IFF_LOWER_UP | IFF_RUNNING)
  const gained = after.flags & ~before.flags & IFF_DORMANT
  const hadCarrier = before.operState === OPERSTATE_UP || before.operState === OPERSTATE_UNKNOWN
  return lost !== 0 || gained !== 0 || (hadCarrier && before.operState !== after.operState)
}

/** Whether an address may have stopped being usable (R-LINK-4). */
function isWorseAddress(before: LinkAddress, after: LinkAddress): boolean {
  const gained = after.flags & ~before.flags & (IFA_F_DEPRECATED | IFA_F_TENTATIVE)
  return gained !== 0 || before.scope !== after.scope
}

function sameRoutes(a: readonly GatewayRoute[], b: readonly GatewayRoute[]): boolean {
  return routesText(a) === routesText(b)
}

function routesText(routes: readonly GatewayRoute[]): string {
  return routes
    .map(({ gateway, ifindex, metric, source }) => [gateway.text, ifindex, metric, source?.text].join(' '))
    .join()
}
