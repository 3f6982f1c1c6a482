import { type IfIndex, reasonOf } from '../base/index.ts'
import type { MulticastProtocol } from '../multicast/index.ts'
import { MulticastInterface } from './multicast-interface.ts'
import type { MulticastPlan } from './multicast-plan.ts'
import type { MulticastScope } from './multicast-scope.ts'
import type { ScopeServices } from './services.ts'

type MulticastServices = Pick<ScopeServices, 'clock' | 'random' | 'log' | 'multicast'>

/** The scopes of multicast DNS and LLMNR in force. */
export class MulticastScopes {
  readonly #services: MulticastServices
  readonly #interfaces = new Map<string, MulticastInterface>()
  #all: readonly MulticastScope[] = []
  /** Protocols whose port another program has for itself, until `retry` (MC-SOCK-2). */
  readonly #blocked = new Set<MulticastProtocol>()
  /** What was complained about, once each until it works. */
  readonly #complaints = new Set<string>()

  constructor(services: MulticastServices) {
    this.#services = services
  }

  /** Who has the port on one link has it on all. */
  readonly #lookAgain = (): void => {
    for (const open of this.#interfaces.values()) open.lookAgain()
  }

  get all(): readonly MulticastScope[] {
    return this.#all
  }

  /** Whether multicast DNS leaves answering on the link to another program. */
  yieldsOn(ifindex: IfIndex): boolean {
    return this.#interfaces.get(keyOf('mdns', ifindex))?.yields === true
  }

  /** Puts the plans in force; true when there are other scopes than before. */
  apply(plans: readonly MulticastPlan[]): boolean {
    const before = this.#all
    const groups = byInterface(plans)
    for (const [key, open] of this.#interfaces) {
      if (groups.has(key)) continue
      open.close()
      this.#interfaces.delete(key)
    }
    for (const [key, group] of groups) this.#follow(key, group)
    this.#all = [...this.#interfaces.values()].flatMap(({ scopes }) => scopes)
    return this.#all.length !== before.length || this.#all.some((scope, i) => scope !== before[i])
  }

  /** Ports that were taken are tried again with the next plans. */
  retry(): void {
    this.#blocked.clear()
    this.#complaints.clear()
  }

  /** The machine has slept. */
  verify(): void {
    for (const open of this.#interfaces.values()) open.verify()
  }

  close(): void {
    for (const open of this.#interfaces.values()) open.close()
    this.#interfaces.clear()
    this.#all = []
  }

  #follow(key: string, plans: readonly MulticastPlan[]): void {
    const [plan] = plans
    if (plan === undefined || this.#services.multicast === undefined || this.#blocked.has(plan.protocol.name)) return
    const open =
      this.#interfaces.get(key) ?? new MulticastInterface(this.#services, this.#services.multicast, this.#lookAgain)
    this.#interfaces.set(key, open)
    try {
      open.follow(plans)
      this.#complaints.delete(key)
    } catch (error) {
      this.#complain(key, plan, error)
    }
  }

  #complain(key: string, { protocol, linkName }: MulticastPlan, error: unknown): void {
    if (this.#complaints.has(key)) return
    this.#complaints.add(key)
    const title = protocol.name === 'mdns' ? 'Multicast DNS' : 'LLMNR'
    const { log } = this.#services
    if ((error as { code?: unknown }).code !== 'EADDRINUSE') {
      log.warning(`${title} cannot be used on ${linkName ?? 'a link'}: ${reasonOf(error)}`)
      return
    }
    this.#blocked.add(protocol.name)
    log.warning(
      `${title} is off: another program has its port for itself. Stop that program, then reload (SIGHUP or systemctl reload).`,
    )
  }
}

/** One protocol on one link each. */
function byInterface(plans: readonly MulticastPlan[]): Map<string, MulticastPlan[]> {
  const groups = new Map<string, MulticastPlan[]>()
  for (const plan of plans) {
    const key = keyOf(plan.protocol.name, plan.ifindex)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [plan])
    else group.push(plan)
  }
  return groups
}

function keyOf(protocol: MulticastProtocol, ifindex: IfIndex): string {
  return `${protocol} ${ifindex}`
}
