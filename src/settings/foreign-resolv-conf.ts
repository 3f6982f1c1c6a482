import { ROOT } from '../wire/index.ts'
import type { Domain } from './link-settings.ts'
import { extendDomains, extendServers } from './lists.ts'
import type { ConfigWarning, SourceFile } from './config-warning.ts'
import type { IfIndexOf, ServerSpec } from './server-spec.ts'

/** What a resolv.conf(5) of somebody else configures. */
export interface ForeignDns {
  readonly servers: readonly ServerSpec[]
  readonly domains: readonly Domain[]
}

/**
 * Reads `nameserver`, `domain` and `search`, all of them adding up; everything else is not for us (R-RC-7).
 * The root in a search list is glibc's way to say "search nothing" (as in our own file); the original takes it for a
 * routing domain that draws every name, which nobody can have meant.
 */
export function readForeignResolvConf(
  { path, text }: SourceFile,
  ifindexOf: IfIndexOf,
): { dns: ForeignDns; warnings: readonly ConfigWarning[] } {
  const warnings: ConfigWarning[] = []
  let servers: readonly ServerSpec[] = []
  let domains: readonly Domain[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const [, key, value] = /^(nameserver|domain|search)\s+(.*)$/.exec(line.trim()) ?? []
    if (key === undefined || value === undefined) continue
    const report = (message: string) => warnings.push({ file: path, line: index + 1, key: undefined, message })
    if (key === 'nameserver') servers = extendServers(servers, value, ifindexOf, report)
    else domains = extendDomains(domains, value, report)
  }
  return { dns: { servers, domains: domains.filter(({ name }) => name !== ROOT) }, warnings }
}
