import type { Context } from '../command/context.ts'
import type { LinkState } from './link-state.ts'
import type { DnsConfiguration } from './dns-configuration.ts'
import { headingOf } from './configuration-text.ts'
import { type Encryption, encryptionText } from '../inspect/encryption-text.ts'
import { alignRows } from '../terminal/layout.ts'
import { isForPeople } from './origins.ts'
import { OBSERVE_INTERFACE, type Reply } from '../../varlink-idl/index.ts'
import { isUnavailable } from '../client/varlink-client.ts'

/** What `io.tsresolved.Observe` says of the servers of one scope. */
export type ScopeServers = Pick<
  Reply<typeof OBSERVE_INTERFACE, 'DescribeLinks'>['links'][number],
  'ifindex' | 'scope'
> & {
  readonly servers: readonly {
    readonly server: string
    readonly doubts: readonly string[]
    readonly encryption?: Encryption | undefined
  }[]
}

/** For `status` where a person watches; nothing where the output must be the original's, byte for byte. */
export async function readScopeServers(context: Context): Promise<readonly (ScopeServers & LinkState)[]> {
  if (!isForPeople(context)) return []
  try {
    return (await context.varlink.call(OBSERVE_INTERFACE, 'DescribeLinks', {})).links
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

/** `Encryption: 192.0.2.1: strict, over TLS, TLSv1.3 verified as dns.example, connected for 3s`; nothing in plaintext. */
export function encryptionLines(block: DnsConfiguration, all: readonly ScopeServers[], columns: number): string[] {
  const servers = all.filter(isOf(block)).flatMap((scope) => scope.servers)
  const rows = servers.flatMap(({ server, encryption }) =>
    encryption === undefined ? [] : [{ label: 'Encryption', value: `${server}: ${encryptionText(encryption)}` }],
  )
  return rows.length === 0 ? [] : alignRows(rows, columns, 'Current DNS Server:'.length)
}

function isOf(block: DnsConfiguration): (scope: ScopeServers) => boolean {
  const { ifindex } = block
  if (ifindex !== undefined) return (scope) => scope.ifindex === ifindex
  return ({ scope }) => scope === headingOf(block).replace(/^\w/, (letter) => letter.toLowerCase())
}

function doubtsOf({ server, doubts }: ScopeServers['servers'][number]): string[] {
  return doubts.length === 0 ? [] : [`${server}: ${doubts.join(', ')}`]
}
