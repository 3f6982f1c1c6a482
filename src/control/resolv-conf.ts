import type { Clock, Log, Millis } from '../base/index.ts'
import { reasonOf } from '../base/index.ts'
import type { UnicastScope } from '../scope/index.ts'
import type { ResolvConfServer, ResolvedSettings, ServerSpec } from '../settings/index.ts'
import { stubResolvConf, uplinkResolvConf } from '../settings/index.ts'

/** Where the two files go; `stub` undefined stands for "same as uplink" (R-RC-3). */
export interface ResolvConfFiles {
  readonly uplinkPath: string
  readonly stubPath: string
  /** @throws what cannot be written, and why */
  write(uplink: string, stub: string | undefined): void
}

/** Of many changes so close together the last counts: with a thousand links the texts take a millisecond each time. */
const PAUSE: Millis = 20

/** Keeps `resolv.conf` and `stub-resolv.conf` in step with the scopes in force (R-RC-1…4). */
export class ResolvConf {
  readonly #files: ResolvConfFiles
  readonly #clock: Clock
  readonly #log: Log
  /** Both texts as they were written last; empty when they were not, so that the next update writes. */
  #last = ''
  /** What is to be written when the pause is over, and that pause. */
  #due: (() => void) | undefined
  #pause: Disposable | undefined

  constructor(files: ResolvConfFiles, clock: Clock, log: Log) {
    this.#files = files
    this.#clock = clock
    this.#log = log
  }

  /**
   * Writes only what differs from the last time, after a pause in which more changes may come. What could not be written is
   * tried again at the next change.
   */
  update(scopes: readonly UnicastScope[], globalServers: readonly ServerSpec[], settings: ResolvedSettings): void {
    this.#pause ??= this.#clock.after(PAUSE, () => this.writeDue())
    this.#due = () => this.#write(scopes, globalServers, settings)
  }

  /** What is due is written at once, without the pause. */
  writeDue(): void {
    this.#pause?.[Symbol.dispose]()
    this.#pause = undefined
    const due = this.#due
    this.#due = undefined
    due?.()
  }

  #write(scopes: readonly UnicastScope[], globalServers: readonly ServerSpec[], settings: ResolvedSettings): void {
    const { uplinkPath, stubPath } = this.#files
    const domains = scopes.flatMap((scope) => scope.plan.domains)
    const uplink = uplinkResolvConf(uplinkPath, serversOf(scopes, globalServers), domains)
    const stub = settings.stubListener === 'no' ? undefined : stubResolvConf(stubPath, domains)
    const all = JSON.stringify([uplink, stub])
    if (all === this.#last) return
    try {
      this.#files.write(uplink, stub)
      this.#last = all
    } catch (error) {
      this.#last = ''
      this.#log.warning(`Cannot write ${uplinkPath}: ${reasonOf(error)}`)
    }
  }
}

/** Global servers first, then those of links; fallback ones only when there is no other (R-RC-2). */
function serversOf(scopes: readonly UnicastScope[], globalServers: readonly ServerSpec[]): ResolvConfServer[] {
  const isFallback = globalServers.length === 0
  const others = scopes.filter((scope) => scope.plan.kind !== 'global').flatMap(listed)
  const global = scopes.filter((scope) => scope.plan.kind === 'global').flatMap(listed)
  return isFallback && others.length > 0 ? others : [...global, ...others]
}

function listed({ plan }: UnicastScope): ResolvConfServer[] {
  const { isDefaultRoute } = plan.route
  return plan.servers.map(({ spec }) => ({
    address: spec.address,
    port: spec.port,
    linkName: plan.linkName,
    isDefaultRoute,
  }))
}
