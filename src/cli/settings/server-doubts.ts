import type { Context } from '../command/context.ts'
import type { DnsConfiguration } from './dns-configuration.ts'
import { headingOf } from './configuration-text.ts'
import { alignRows } from '../terminal/layout.ts'
import { isForPeople } from './origins.ts'
import { callObserve, isUnavailable } from '../client/varlink-client.ts'

/** What `io.tsresolved.Observe` says of the servers of one scope. */
export interface ScopeServers {
  /** 0 or absent for what is no link. */
  readonly ifindex?: number
  /** `global`, `delegate corp` or a link. */
  readonly scope: string
  readonly servers: readonly { readonly server: string; readonly doubts?: readonly string[] }[]
}

/** For `status` where a person watches; nothing where the output must be the original's, byte for byte. */
export async function readScopeServers(context: Context): Promise<readonly ScopeServers[]> {
  if (!isForPeople(context)) return []
  try {
    return (await callObserve('DescribeLinks'))['links'] as readonly ScopeServers[]
  } catch (cause) {
    if (!isUnavailable(cause)) throw cause
    return []
  }
}

/** `Server Doubts: 192.0.2.1: silent, messages get lost`; nothing while all are well. */
export function doubtLines(block: DnsConfiguration, all: readonly ScopeServers[], columns: number): string[] {
  const value = all.filter(isOf(block)).flatMap(({ servers }) => servers.flatMap(doubtsOf))
  return value.length === 0 ? [] : alignRows([{ label: 'Server Doubts', value }], columns, 'Current DNS Server:'.length)
}

function isOf(block: DnsConfiguration): (scope: ScopeServers) => boolean {
  const { ifindex } = block
  if (ifindex !== undefined) return (scope) => scope.ifindex === ifindex
  return ({ scope }) => scope === headingOf(block).replace(/^\w/, (letter) => letter.toLowerCase())
}

function doubtsOf({ server, doubts = [] }: ScopeServers['servers'][number]): string[] {
  return doubts.length === 0 ? [] : [`${server}: ${doubts.join(', ')}`]
}
