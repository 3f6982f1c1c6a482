import type { Name } from '../wire/index.ts'
import { isWithin, nameOf, reverseNameOf, TYPE } from '../wire/index.ts'
import { IpAddress } from '../base/index.ts'

/** Names this machine answers itself, whatever is configured (R-ROUTE-4, RFC 6761, RFC 6303). */
const NEVER_ASKED: readonly Name[] = [
  nameOf('localhost'),
  nameOf('localhost.localdomain'),
  nameOf('127.in-addr.arpa'),
  nameOf('0.in-addr.arpa'),
  nameOf('255.255.255.255.in-addr.arpa'),
  nameOf('invalid'),
  nameOf('alt'),
  reverseOf('::'),
  reverseOf('::1'),
]

const NEVER_ASKED_EXACTLY: ReadonlySet<Name> = new Set(
  ['_gateway', '_outbound', '_localdnsstub', '_localdnsproxy'].map(nameOf),
)

const RESOLVER_ARPA = nameOf('resolver.arpa')
const DNS_RESOLVER_ARPA = nameOf('_dns.resolver.arpa')

/** True for names that no scope is ever asked for; `ownNames` are those of this host. */
export function isLocalOnly(name: Name, types: readonly number[], ownNames: readonly Name[]): boolean {
  if (NEVER_ASKED_EXACTLY.has(name) || ownNames.includes(name)) return true
  if (NEVER_ASKED.some((domain) => isWithin(name, domain))) return true
  if (!isWithin(name, RESOLVER_ARPA)) return false
  return !(name === DNS_RESOLVER_ARPA && types.every((type) => type === TYPE.SVCB))
}

function reverseOf(text: string): Name {
  return reverseNameOf(IpAddress.of(text))
}
