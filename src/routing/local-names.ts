import type { Name } from '../wire/index.ts'
import { addressOfReverseName, isWithin, nameOf, reverseNameOf } from '../wire/index.ts'
import { IpAddress } from '../base/index.ts'

/** Names this machine answers itself, whatever is configured (R-ROUTE-4, RFC 6761, RFC 6303). */
const NEVER_ASKED: readonly Name[] = [
  nameOf('localhost'),
  nameOf('localhost.localdomain'),
  nameOf('127.in-addr.arpa'),
  nameOf('0.in-addr.arpa'),
  nameOf('255.255.255.255.in-addr.arpa'),
  reverseOf('::'),
  reverseOf('::1'),
]

const NEVER_ASKED_EXACTLY: ReadonlySet<Name> = new Set(
  ['_gateway', '_outbound', '_localdnsstub', '_localdnsproxy'].map(nameOf),
)

/** What is this host's own: nobody else is asked about it. */
export interface OwnIdentity {
  /** None where they are left to DNS (R-SYNTH-9), the reverse names of the addresses with them. */
  readonly ownNames: readonly Name[]
  readonly addresses: readonly { readonly address: IpAddress }[]
}

/** True for names that no scope is ever asked for. */
export function isLocalOnly(name: Name, own: OwnIdentity): boolean {
  if (NEVER_ASKED_EXACTLY.has(name) || own.ownNames.includes(name) || isOwnReverse(name, own)) return true
  return NEVER_ASKED.some((domain) => isWithin(name, domain))
}

/** The machine's addresses are nobody else's business (R-ORDER-4). */
function isOwnReverse(name: Name, { ownNames, addresses }: OwnIdentity): boolean {
  const reverse = ownNames.length > 0 && name.endsWith('.arpa') ? addressOfReverseName(name) : undefined
  return reverse !== undefined && addresses.some(({ address }) => address.equals(reverse))
}

function reverseOf(text: string): Name {
  return reverseNameOf(IpAddress.of(text))
}
