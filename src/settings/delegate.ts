import type { Domain } from './link-settings.ts'
import { extendDomains, extendServers } from './lists.ts'
import type { ConfigWarning, SourceFile } from './config-warning.ts'
import type { Draft } from './resolved-conf.ts'
import type { IfIndexOf, ServerSpec } from './server-spec.ts'
import { type ApplyKey, readUnit } from './unit-reader.ts'
import { parseBoolean, parseCount } from './values.ts'

/** A `*.dns-delegate` file (R-DELEG): servers for some domains that belong to no link. */
export interface Delegate {
  /** File name without suffix. */
  readonly id: string
  readonly servers: readonly ServerSpec[]
  readonly domains: readonly Domain[]
  readonly defaultRoute: boolean
  /** SO_MARK for packets to its servers, which are not asked then (CAP_NET_ADMIN would be needed); undefined: none. */
  readonly firewallMark: number | undefined
}

/** Files read; those after them by name are left out. */
export const MAX_DELEGATES = 4096

/** Reads a delegate and its drop-ins, in the order in which they count. Never fails. */
export function readDelegate(
  id: string,
  files: readonly SourceFile[],
  ifindexOf: IfIndexOf,
): { delegate: Delegate; warnings: readonly ConfigWarning[] } {
  const draft: Draft<Delegate> = { id, servers: [], domains: [], defaultRoute: false, firewallMark: undefined }
  const keys: Readonly<Record<string, ApplyKey<Draft<Delegate>>>> = {
    DNS: (delegate, value, report) => {
      delegate.servers = extendServers(delegate.servers, value, ifindexOf, report)
    },
    Domains: (delegate, value, report) => {
      delegate.domains = extendDomains(delegate.domains, value, report)
    },
    DefaultRoute: (delegate, value) => {
      delegate.defaultRoute = parseBoolean(value)
    },
    FirewallMark: (delegate, value, report) => {
      delegate.firewallMark = parseCount(value, 0xffff_ffff)
      // Unmarked packets might take another way than the one asked for.
      report(
        'Marking packets is not available, and they are not sent unmarked: NO SERVER OF THIS DELEGATE IS ASKED. Remove it to allow that.',
      )
    },
  }
  const { warnings } = readUnit(files, 'Delegate', keys, draft)
  return { delegate: draft, warnings }
}
