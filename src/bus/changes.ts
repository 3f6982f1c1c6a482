import type { Clock, IfIndex } from '../base/index.ts'
import { type Authority, type Caller, type Control, isTrusted, type Operation, type Origin } from '../control/index.ts'
import type { LinkSettings } from '../settings/index.ts'
import { linkIndexOf } from './arguments.ts'
import { BusError, ERROR } from './errors.ts'
import type { BusCall } from './interface.ts'

/** Everything callers change goes through here: one order of checks for all (dbus.md §5, §9). */
export class Changes {
  readonly #control: Control
  readonly #authority: Authority
  readonly #clock: Clock
  readonly #daemonUid: number

  constructor(control: Control, authority: Authority, clock: Clock, daemonUid: number) {
    this.#control = control
    this.#authority = authority
    this.#clock = clock
    this.#daemonUid = daemonUid
  }

  /**
   * Changes settings of one link: is it there and ours to change, then the arguments, then the caller's right, then the
   * change; resolves when it is in force. `read` must throw for bad arguments.
   */
  async setLink(
    call: BusCall,
    link: number,
    operation: Operation,
    read: () => Partial<LinkSettings>,
  ): Promise<readonly []> {
    const ifindex = this.#changeable(link)
    const settings = read()
    using slot = call.client.enter('change')
    const caller = await this.#authorize(call, operation, ifindex, slot.signal)
    await this.#control.change(ifindex, settings, this.#originOf(caller))
    return []
  }

  /** As `setLink`, for all settings of the link at once. */
  async revertLink(call: BusCall, link: number): Promise<readonly []> {
    const ifindex = this.#changeable(link)
    using slot = call.client.enter('change')
    const caller = await this.#authorize(call, 'revert', ifindex, slot.signal)
    await this.#control.revert(ifindex, this.#originOf(caller))
    return []
  }

  /** Runs `act` for whoever may. */
  async ofDaemon(call: BusCall, operation: Operation, act: () => void): Promise<readonly []> {
    await this.authorized(call, operation, act)
    return []
  }

  /** The same, told who it is; the user `owner` may without a question, as it is its own. */
  async authorized(call: BusCall, operation: Operation, act: (caller: Caller) => void, owner?: number): Promise<void> {
    using slot = call.client.enter('change')
    const caller = owner === undefined ? undefined : await call.client.identify()
    slot.signal.throwIfAborted()
    const isOwner = owner !== undefined && caller?.uid === owner
    act(isOwner ? caller : await this.#authorize(call, operation, undefined, slot.signal))
  }

  /** Before anything else, as the original answers NoSuchLink and LinkBusy to callers without rights too. */
  #changeable(link: number): IfIndex {
    const ifindex = linkIndexOf(link)
    this.#control.assertChangeable(ifindex)
    return ifindex
  }

  /**
   * Calls of one trusted client pass in the order they came: nothing here waits for anything of their own.
   * @throws {BusError} when the caller may not, ClientGone when it left before the answer: then nothing happens
   */
  async #authorize(
    call: BusCall,
    operation: Operation,
    link: IfIndex | undefined,
    signal: AbortSignal,
  ): Promise<Caller> {
    const caller = await call.client.identify()
    using _question = isTrusted(caller, this.#daemonUid) ? undefined : call.client.enter('authorization')
    const interfaceName = link === undefined ? undefined : this.#control.link(link)?.name
    const verdict = await this.#authority.authorize(operation, caller, interfaceName, call.isInteractive, signal)
    signal.throwIfAborted()
    if (verdict === 'denied') throw new BusError(ERROR.accessDenied, 'Access denied')
    if (verdict === 'needs-interaction') {
      throw new BusError(ERROR.interactionRequired, 'Interactive authentication required.')
    }
    return caller
  }

  #originOf({ busName, uid, process }: Caller): Origin {
    return { source: 'bus', busName, uid, process, at: this.#clock.wall() }
  }
}
