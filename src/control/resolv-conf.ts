import type { Log } from '../base/index.ts'
import { reasonOf } from '../base/index.ts'
import type { UnicastScope } from '../scope/index.ts'
import type { ResolvConfServer, ResolvedSettings, ServerSpec } from '../settings/index.ts'
import { stubResolvConf, uplinkResolvConf } from '../settings/index.ts'

/** Where the two files go; `stub` undefined stands for "same as uplink" (R-RC-3). */
export interface ResolvConfFiles {
  readonly uplinkPath: string
  readonly stubPath: string
  write(uplink: string, stub: string | undefined): Promise<void>
}

/** Keeps `resolv.conf` and `stub-resolv.conf` in step with the scopes in force (R-RC-1…4). */
export class ResolvConf {
  readonly #files: ResolvConfFiles
  readonly #log: Log
  /** Both texts as they were written last; empty when they were not, so that the next update writes. */
  #last = ''
  #written: Promise<void> = Promise.resolve()

  constructor(files: ResolvConfFiles, log: Log) {
    this.#files = files
    this.#log = log
  }

  /** Settles when the last update is on disk; never rejects. */
  get written(): Promise<void> {
    return this.#written
  }

  /** Writes only what differs from the last time; what could not be written is tried again at the next change. */
  update(scopes: readonly UnicastScope[], globalServers: readonly ServerSpec[], settings: ResolvedSettings): void {
    const { uplinkPath, stubPath } = this.#files
    const domains = scopes.flatMap((scope) => scope.plan.domains)
    const uplink = uplinkResolvConf(uplinkPath, serversOf(scopes, globalServers), domains)
    const stub = settings.stubListener === 'no' ? undefined : stubResolvConf(stubPath, domains)
    const all = JSON.stringify([uplink, stub])
    if (all === this.#last) return
    this.#last = all
    this.#written = this.#files.write(uplink, stub).catch((error: unknown) => {
      this.#last = ''
      this.#log.warning(`Cannot write ${uplinkPath}: ${reasonOf(error)}`)
    })
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
