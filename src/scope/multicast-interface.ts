import type { Family, Millis } from '../base/index.ts'
import {
  LlmnrQuerier,
  LlmnrResponder,
  MdnsQuerier,
  MdnsResponder,
  MULTICAST_PORTS,
  type MulticastDatagram,
  type MulticastLink,
  type MulticastSocket,
  type Querier,
  type QuerierParts,
} from '../multicast/index.ts'
import type { Question, ResourceRecord } from '../wire/index.ts'
import type { MulticastPlan } from './multicast-plan.ts'
import { MulticastScope } from './multicast-scope.ts'
import type { Neighbours, ScopeServices } from './services.ts'

/** How often the port is looked at while another program has it, and at most when one is heard on this machine. */
const LOOK_AGAIN: Millis = 30_000
const LOOK_AT_MOST: Millis = 5000

type Services = Pick<ScopeServices, 'clock' | 'random' | 'log'>

/** What is open for one IP version. */
interface Open {
  readonly scope: MulticastScope
  readonly querier: Querier
  /** Undefined where nobody browses by the protocol. */
  readonly browsing: Disposable | undefined
}

/** Whoever answers for this machine, by either protocol. */
interface Responder {
  apply(link: MulticastLink, yields: boolean): void
  onDatagram(family: Family, datagram: MulticastDatagram): void
  /** Makes sure anew that names are this machine's. */
  verify(): void
  /** What it tells of a name that is this machine's alone; undefined for others. */
  recordsFor(question: Question): readonly ResourceRecord[] | undefined
  close(): void
}

/** One protocol on one link: its sockets, a scope for each IP version, and whoever answers for this machine. */
export class MulticastInterface {
  readonly #services: Services
  readonly #neighbours: Neighbours
  readonly #onOther: () => void
  readonly #open = new Map<Family, Open>()
  readonly #sockets = new Map<Family, MulticastSocket>()
  #responder: Responder | undefined
  /** Where it answers; undefined where nobody does. */
  #answering: MulticastPlan | undefined
  #yields = false
  #lookedAt: Millis = Number.NEGATIVE_INFINITY
  #lookAgain: Disposable | undefined

  /** `onOther`: called where another program of this machine seems to answer; to look is up to the caller. */
  constructor(services: Services, neighbours: Neighbours, onOther: () => void) {
    this.#onOther = onOther
    this.#services = services
    this.#neighbours = neighbours
  }

  get scopes(): readonly MulticastScope[] {
    return [...this.#open.values()].map(({ scope }) => scope)
  }

  /** Whether answering neighbours is left to another program of this machine (MC-AV-3). */
  get yields(): boolean {
    return this.#yields
  }

  /** Of one protocol and link, never empty. @throws what the system says where a socket cannot be had; what is open stays open */
  follow(plans: readonly MulticastPlan[]): void {
    const wanted = new Map(plans.map((plan) => [plan.protocol.family, plan]))
    for (const [family, { scope }] of this.#open) {
      if (wanted.get(family)?.fingerprint !== scope.plan.fingerprint) this.#end(family)
    }
    try {
      for (const [family, plan] of wanted) {
        const open = this.#open.get(family)
        if (open === undefined) this.#begin(plan)
        else open.scope.follow(plan)
      }
    } finally {
      this.#respond(plans)
    }
  }

  /** After suspend others may have taken what was ours (MD-P-1, LL-R-5). */
  verify(): void {
    this.#responder?.verify()
  }

  close(): void {
    this.#stopAnswering()
    for (const family of this.#open.keys()) this.#end(family)
  }

  #begin(plan: MulticastPlan): void {
    const { clock, random, log } = this.#services
    const { network } = this.#neighbours
    const { protocol, ifindex } = plan
    const { family } = protocol
    const place = { protocol: protocol.name, family, ifindex }
    const socket = network.open(place, (datagram) => this.#onDatagram(family, datagram))
    const link = () => this.#open.get(family)?.scope.plan.link ?? plan.link
    const querier = makeQuerier({ place, socket, network, link, clock, random, log, maxEntries: plan.maxEntries })
    const browsing = querier instanceof MdnsQuerier ? this.#neighbours.browser.attach(place, querier) : undefined
    const zone = (question: Question) => this.#responder?.recordsFor(question)
    const scope = new MulticastScope(plan, { querier, zone, wall: () => clock.wall() })
    this.#open.set(family, { scope, querier, browsing })
    this.#sockets.set(family, socket)
  }

  #end(family: Family): void {
    const open = this.#open.get(family)
    this.#open.delete(family)
    open?.browsing?.[Symbol.dispose]()
    open?.scope.close()
    this.#sockets.get(family)?.close()
    this.#sockets.delete(family)
  }

  /** In the mode `yes`, and as long as anything is open. */
  #respond(plans: readonly MulticastPlan[]): void {
    const plan = plans.find(({ mode }) => mode === 'yes')
    if (plan === undefined || this.#open.size === 0) return this.#stopAnswering()
    this.#responder ??= this.#makeResponder(plan)
    this.#answering = plan
    this.#look()
    this.#responder.apply(plan.link, this.#yields)
  }

  #stopAnswering(): void {
    this.#responder?.close()
    this.#responder = undefined
    this.#answering = undefined
    this.#yields = false
    this.#lookAgain?.[Symbol.dispose]()
    this.#lookAgain = undefined
  }

  /** Whether another program has come or gone. Two that answer for one machine would withdraw each other's names (MC-AV-3). */
  #look(): void {
    const plan = this.#answering
    if (plan === undefined || plan.protocol.name !== 'mdns') return
    const { clock, log } = this.#services
    const before = this.#yields
    this.#lookedAt = clock.now()
    this.#yields = !plan.publishesBesideOthers && this.#isShared(plan)
    this.#lookAgain?.[Symbol.dispose]()
    this.#lookAgain = this.#yields ? clock.after(LOOK_AGAIN, () => this.lookAgain()) : undefined
    if (this.#yields === before) return
    const where = plan.linkName ?? 'a link'
    log.info(
      this.#yields
        ? `${where}: another program has the port of multicast DNS, and answers neighbours alone`
        : `${where}: neighbours are answered by multicast DNS again`,
    )
  }

  /** The same, and what follows from it. */
  lookAgain(): void {
    const before = this.#yields
    this.#look()
    if (this.#yields !== before && this.#answering !== undefined)
      this.#responder?.apply(this.#answering.link, this.#yields)
  }

  /** Of this machine and from the port: our own, or those of another program. */
  #isOfThisMachine({ source, port }: MulticastDatagram): boolean {
    const link = this.#answering?.link
    return link !== undefined && port === MULTICAST_PORTS.mdns && link.own.has(source.text)
  }

  #isShared({ protocol, ifindex }: MulticastPlan): boolean {
    const places = [...this.#open.keys()].map((family) => ({ protocol: protocol.name, family, ifindex }))
    return places.some((place) => this.#neighbours.network.isShared(place))
  }

  #makeResponder({ protocol, ifindex, linkName = '' }: MulticastPlan): Responder {
    const parts = { ...this.#services, ...this.#neighbours, sockets: this.#sockets, ifindex, linkName }
    return protocol.name === 'mdns'
      ? mdnsResponder(new MdnsResponder(parts))
      : llmnrResponder(new LlmnrResponder(parts))
  }

  #onDatagram(family: Family, datagram: MulticastDatagram): void {
    const isDue = this.#services.clock.now() >= this.#lookedAt + LOOK_AT_MOST
    if (isDue && !this.#yields && this.#isOfThisMachine(datagram)) this.#onOther()
    this.#open.get(family)?.querier.onDatagram(datagram)
    this.#responder?.onDatagram(family, datagram)
  }
}

function makeQuerier(parts: QuerierParts): Querier {
  return parts.place.protocol === 'mdns' ? new MdnsQuerier(parts) : new LlmnrQuerier(parts)
}

function mdnsResponder(responder: MdnsResponder): Responder {
  return {
    apply: (link, yields) => responder.apply({ link, yields }),
    onDatagram: (family, datagram) => responder.onDatagram(family, datagram),
    verify: () => responder.verifyAll(),
    recordsFor: (question) => responder.recordsFor(question),
    close: () => responder.close(),
  }
}

/** Several stacks on one machine answer by LLMNR with the same, and withdraw nothing. */
function llmnrResponder(responder: LlmnrResponder): Responder {
  return {
    apply: (link) => responder.apply(link),
    onDatagram: (family, datagram) => responder.onDatagram(family, datagram),
    verify: () => responder.verify(),
    recordsFor: () => undefined, // own names never come so far (R-ROUTE-4)
    close: () => responder.close(),
  }
}
