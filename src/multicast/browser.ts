import type { Family, IfIndex } from '../base/index.ts'
import type { Name } from '../wire/index.ts'

/** An instance of a service (RFC 6763 §4.1); or a type of services alone, where types were asked for (§9). */
export interface BrowsedService {
  readonly ifindex: IfIndex
  readonly family: Family
  /** The instance, one label as its owner wrote it; undefined for a type alone. */
  readonly name: string | undefined
  /** Such as `_ipp._tcp`. */
  readonly type: string
  /** Such as `local`. */
  readonly domain: string
}

export interface ServiceChange extends BrowsedService {
  readonly isGone: boolean
}

export interface BrowseRequest {
  /** Whose PTR records are followed, such as `_ipp._tcp.local`. */
  readonly name: Name
  /** 0: all links that multicast DNS is asked on. */
  readonly ifindex: IfIndex
}

/** Follows what services neighbours offer, for others. */
export interface Browser {
  /**
   * Tells what is known at once, and every change after that, until disposed; links may come and go meanwhile. Undefined where too
   * many follow already.
   */
  browse(request: BrowseRequest, onChange: (changes: readonly ServiceChange[]) => void): Disposable | undefined
}
