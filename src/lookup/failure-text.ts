import type { ExtendedError } from '../wire/index.ts'
import { extendedErrorName, RCODE, rcodeText } from '../wire/index.ts'
import type { LookupFailure } from './lookup-types.ts'

/** Sentences that clients print as they are (resolvectl.md §3.8). */
const SENTENCES: Partial<Record<LookupFailure['kind'], string>> = {
  'no-servers': 'No appropriate name servers or networks for name found',
  timeout: 'Query timed out',
  'attempts-max-reached': 'All attempts to contact name servers or networks failed',
  'invalid-reply': 'Received invalid reply',
  aborted: 'Query aborted',
  'query-refused': 'DNS query type refused',
  'no-trust-anchor': 'No suitable trust anchor known',
  'rr-type-unsupported': 'Server does not support requested resource record type',
  'network-down': 'Network is down',
  'no-source': 'All suitable resolution sources turned off',
  'stub-loop': 'Configured DNS server loops back to us',
  'zone-transfer': 'Zone transfers not permitted via this programming interface.',
}

/** Linux, asm-generic/errno-base.h and errno.h. */
const EBUSY = 16
const EOPNOTSUPP = 95
/** Why the resolver itself did not ask. */
const ERRNO_REASONS: ReadonlyMap<number, string> = new Map([
  [EBUSY, 'too many questions are under way'],
  [EOPNOTSUPP, 'the settings demand FirewallMark=, which is not available'],
])

/** What the sentence is made of, beside the kind of the failure. */
type FailureFacts = Partial<Pick<LookupFailure, 'rcode' | 'extendedError' | 'errno' | 'dnssecResult'>>

/** `name` is what the client asked for, `queried` the last name of the chain. */
export function failureText(
  kind: LookupFailure['kind'],
  name: string,
  queried: string,
  { rcode, extendedError, errno, dnssecResult }: FailureFacts = {},
): string {
  switch (kind) {
    case 'not-found':
      return `Name '${queried}' not found`
    case 'rcode-failure':
      return rcode === RCODE.NXDOMAIN
        ? `Name '${queried}' not found${suffix(extendedError, ': ')}`
        : `Could not resolve '${queried}', server or network returned error: ${rcodeText(rcode ?? RCODE.SERVFAIL)}${suffix(extendedError, ' ')}`
    case 'dnssec-failed':
      return `DNSSEC validation failed: ${dnssecResult ?? 'invalid'}${suffix(extendedError, ' ')}`
    case 'no-such-rr':
      return `'${name}' does not have any RR of the requested type${suffix(extendedError, ': ')}`
    case 'cname-loop':
      return `CNAME loop detected, or CNAME resolving disabled on '${name}'`
    case 'no-such-service':
      return `'${name}' does not provide the requested service`
    case 'inconsistent-service':
      return `'${name}' does not provide a consistent set of service resource records`
    case 'errno':
      return `Cannot look up '${name}': ${ERRNO_REASONS.get(errno ?? 0) ?? `error ${errno} of this machine`}`
    default: {
      const reason = extendedError === undefined || extendedError.text === '' ? '' : `: ${extendedError.text}`
      return `${SENTENCES[kind] ?? `Lookup of '${name}' failed: ${kind}`}${reason}`
    }
  }
}

/** `(CODE-NAME: extra text)`, the text only where there is some (RFC 8914). */
function suffix(error: ExtendedError | undefined, before: string): string {
  if (error === undefined) return ''
  const name = extendedErrorName(error.code)
  return `${before}(${name}${error.text === '' ? '' : `: ${error.text}`})`
}
