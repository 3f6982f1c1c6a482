import type { IfIndex } from '../base/index.ts'
import type { ConfiguredLink } from '../scope/index.ts'
import type { LinkSettings, NetworkdLink, Origins, SavedLink } from '../settings/index.ts'
import { DEFAULT_LINK_SETTINGS } from '../settings/index.ts'

/** What is configured for one link, and by whom. */
export interface LinkRecord {
  readonly isManaged: boolean
  readonly operState: string | undefined
  readonly settings: LinkSettings
  readonly origins: Origins
}

const UNCONFIGURED: LinkRecord = {
  isManaged: false,
  operState: undefined,
  settings: DEFAULT_LINK_SETTINGS,
  origins: {},
}

/**
 * Settings of all links. What systemd-networkd sets takes precedence over what clients push: a link it manages takes
 * nothing from the bus (R-NETD-6).
 */
export class LinkTable {
  readonly #pushed = new Map<IfIndex, SavedLink>()
  #networkd: ReadonlyMap<IfIndex, NetworkdLink> = new Map()
  /** Undefined when it must be made anew: changes of the kernel's links, which are many, do not change it. */
  #configured: ReadonlyMap<IfIndex, ConfiguredLink> | undefined

  record(ifindex: IfIndex): LinkRecord {
    const managed = this.#networkd.get(ifindex)
    if (managed?.isManaged === true) return { ...managed, origins: UNCONFIGURED.origins }
    const pushed = this.#pushed.get(ifindex)
    return pushed === undefined ? UNCONFIGURED : { ...UNCONFIGURED, ...pushed }
  }

  /** What clients pushed for a link; undefined when nobody did. */
  pushed(ifindex: IfIndex): SavedLink | undefined {
    return this.#pushed.get(ifindex)
  }

  push(ifindex: IfIndex, link: SavedLink): void {
    this.#configured = undefined
    this.#pushed.set(ifindex, link)
  }

  /** Forgets what clients pushed; true when there was something. */
  forget(ifindex: IfIndex): boolean {
    this.#configured = undefined
    return this.#pushed.delete(ifindex)
  }

  /**
   * Takes over networkd's settings. Returns the links that it manages now though clients had pushed settings for them.
   */
  follow(networkd: ReadonlyMap<IfIndex, NetworkdLink>): IfIndex[] {
    this.#configured = undefined
    this.#networkd = networkd
    return [...this.#pushed.keys()].filter((ifindex) => networkd.get(ifindex)?.isManaged === true)
  }

  /** Links with pushed settings. */
  pushedLinks(): IfIndex[] {
    return [...this.#pushed.keys()]
  }

  /** As the scopes need it: the same object as long as nothing about it changes. */
  configured(): ReadonlyMap<IfIndex, ConfiguredLink> {
    this.#configured ??= this.#make()
    return this.#configured
  }

  #make(): ReadonlyMap<IfIndex, ConfiguredLink> {
    const links = new Set([...this.#networkd.keys(), ...this.#pushed.keys()])
    const configured = new Map<IfIndex, ConfiguredLink>()
    for (const ifindex of links) {
      const { settings, isManaged, operState } = this.record(ifindex)
      configured.set(ifindex, { settings, networkdState: isManaged ? (operState ?? '') : undefined })
    }
    return configured
  }
}
