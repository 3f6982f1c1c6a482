import type { Domain } from './link-settings.ts'
import { extendDomains, extendServers } from './lists.ts'
import type { ConfigWarning, SourceFile } from './config-warning.ts'
import type { IfIndexOf, ServerSpec } from './server-spec.ts'

/** What may come with the boot instead of from files (R-CONF-3). */
export interface BootSettings {
  /** Credential `network.dns`: servers. */
  readonly dns?: SourceFile | undefined
  /** Credential `network.search_domains`: domains. */
  readonly searchDomains?: SourceFile | undefined
  /** Kernel command line: `nameserver=` and `domain=`, repeatable. */
  readonly kernelCommandLine?: SourceFile | undefined
}

interface Lists {
  servers: readonly ServerSpec[]
  domains: readonly Domain[]
  configuresServersOrDomains: boolean
}

/** Adds what `boot` says to `lists`: credentials only where no file configured anything, the kernel's word always. */
export function withBootSettings(lists: Lists, boot: BootSettings, ifindexOf: IfIndexOf): ConfigWarning[] {
  const warnings: ConfigWarning[] = []
  const reportTo = (file: string, key?: string) => (message: string) =>
    warnings.push({ file, line: undefined, key, message })
  if (!lists.configuresServersOrDomains) applyCredentials(lists, boot, ifindexOf, reportTo)
  const { path, text } = boot.kernelCommandLine ?? { path: '', text: '' }
  const options = kernelOptions(text)
  const servers = options.filter(({ key }) => key === 'nameserver')
  const domains = options.filter(({ key }) => key === 'domain')
  if (servers.length > 0) lists.servers = [] // the first occurrence clears what was configured
  if (domains.length > 0) lists.domains = []
  for (const { key, value } of servers)
    lists.servers = extendServers(lists.servers, value, ifindexOf, reportTo(path, key))
  for (const { key, value } of domains) lists.domains = extendDomains(lists.domains, value, reportTo(path, key))
  lists.configuresServersOrDomains ||= servers.length + domains.length > 0
  return warnings
}

function applyCredentials(
  lists: Lists,
  { dns, searchDomains }: BootSettings,
  ifindexOf: IfIndexOf,
  reportTo: (file: string) => (message: string) => void,
): void {
  if (dns !== undefined) lists.servers = extendServers(lists.servers, dns.text.trim(), ifindexOf, reportTo(dns.path))
  if (searchDomains !== undefined)
    lists.domains = extendDomains(lists.domains, searchDomains.text.trim(), reportTo(searchDomains.path))
  lists.configuresServersOrDomains = dns !== undefined || searchDomains !== undefined
}

/** `key=value` words with a value; quotes may enclose a value or the whole word. */
function kernelOptions(text: string): { key: string; value: string }[] {
  const words = text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []
  return words
    .map((word) => /^([a-z]+)=(.+)$/.exec(word.replaceAll('"', '')))
    .filter((match) => match !== null)
    .map(([, key, value]) => ({ key: key as string, value: value as string }))
}
