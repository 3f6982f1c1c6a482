import type { Control } from '../control/index.ts'
import { LOG_CONTROL_PATH, MANAGER_PATH } from '../dbus/index.ts'
import type { Changes } from './changes.ts'
import type { DnssdServices } from './dnssd-services.ts'
import type { BusInterface } from './interface.ts'
import { delegateInterface } from './delegate-object.ts'
import { linkInterface } from './link-object.ts'
import {
  DELEGATES_PATH,
  delegatePath,
  DNSSD_PATH,
  dnssdPath,
  elementBelow,
  escapeElement,
  ifindexOfPath,
  LINKS_PATH,
  linkPath,
} from './path.ts'

/** An object, or a mere step on the way to one. */
export interface BusNode {
  /** Beyond the standard ones; empty for a mere step. */
  readonly interfaces: readonly BusInterface[]
  /** Last path elements of what lies right below. */
  readonly children: readonly string[]
  /** What its properties are made of: while each part is the very same, no property is different. Undefined: not known. */
  readonly basis?: readonly unknown[]
}

/** Which objects there are (dbus.md §2). Links are looked up when asked for: nothing here can be out of date. */
export class ObjectTree {
  readonly #fixed: ReadonlyMap<string, BusNode>
  readonly #control: Control
  readonly #changes: Changes
  readonly #services: DnssdServices

  constructor(
    manager: BusInterface,
    logControl: BusInterface,
    control: Control,
    changes: Changes,
    services: DnssdServices,
  ) {
    this.#services = services
    this.#control = control
    this.#changes = changes
    this.#fixed = new Map<string, BusNode>([
      ['/', step('org')],
      ['/org', step('freedesktop')],
      ['/org/freedesktop', step('LogControl1', 'resolve1')],
      [LOG_CONTROL_PATH, { interfaces: [logControl], children: [] }],
      [MANAGER_PATH, { interfaces: [manager], children: ['dns_delegate', 'dnssd', 'link'] }],
    ])
  }

  find(path: string): BusNode | undefined {
    if (path === LINKS_PATH) {
      return step(...this.#control.links().map(({ ifindex }) => escapeElement(String(ifindex))))
    }
    if (path === DNSSD_PATH) return step(...this.#services.ids.map(escapeElement))
    if (path === DELEGATES_PATH) return step(...this.#control.delegates().map(({ id }) => escapeElement(id)))
    const delegate = elementBelow(DELEGATES_PATH, path)
    if (delegate !== undefined) return this.#delegate(delegate)
    const service = elementBelow(DNSSD_PATH, path)
    if (service !== undefined) return objectOf(this.#services.interfaceOf(service))
    const ifindex = ifindexOfPath(path)
    if (ifindex === undefined) return this.#fixed.get(path)
    const status = this.#control.link(ifindex)
    if (status === undefined) return undefined
    const interfaces = [linkInterface(ifindex, this.#control, this.#changes)]
    return { interfaces, children: [], basis: Object.values(status) }
  }

  /** All objects, without the steps between them. */
  *objects(): Generator<readonly [path: string, node: BusNode]> {
    const paths = [
      ...this.#fixed.keys(),
      ...this.#control.links().map(({ ifindex }) => linkPath(ifindex)),
      ...this.#control.delegates().map(({ id }) => delegatePath(id)),
      ...this.#services.ids.map(dnssdPath),
    ]
    for (const path of paths) {
      const node = this.find(path)
      if (node !== undefined && node.interfaces.length > 0) yield [path, node]
    }
  }

  #delegate(id: string): BusNode | undefined {
    const isKnown = this.#control.delegates().some((delegate) => delegate.id === id)
    return isKnown ? { interfaces: [delegateInterface(id, this.#control)], children: [] } : undefined
  }
}

function objectOf(found: BusInterface | undefined): BusNode | undefined {
  return found && { interfaces: [found], children: [] }
}

function step(...children: readonly string[]): BusNode {
  return { interfaces: [], children }
}
