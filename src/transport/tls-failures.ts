import { reasonOf } from '../base/index.ts'
import { type Endpoint, TransportError } from '../upstream/index.ts'
import { nameOf, transportError } from './transport-errors.ts'

/** Of the certificate that a server has shown. */
export interface ShownCertificate {
  /** As Node writes dates: `Nov 29 23:43:43 2026 GMT`. */
  readonly validFrom: string
  readonly validTo: string
}

type Explain = (certificate: ShownCertificate) => string

/** What OpenSSL's verdicts on a chain mean, and what to look at (E-NODE-12). */
const CHAIN_PROBLEMS: Readonly<Record<string, Explain>> = {
  CERT_HAS_EXPIRED: ({ validTo }) => `expired on ${validTo}, or the clock of this machine is ahead`,
  CERT_NOT_YET_VALID: ({ validFrom }) => `is not valid before ${validFrom}, or the clock of this machine is behind`,
  DEPTH_ZERO_SELF_SIGNED_CERT: () => 'is signed by nobody but itself',
  SELF_SIGNED_CERT_IN_CHAIN: () => 'is signed by an authority that this system does not trust',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: () => 'is signed by an authority that this system does not trust',
  UNABLE_TO_GET_ISSUER_CERT: () => 'is signed by an authority that this system does not trust',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: () =>
    'is signed by an authority that this system does not trust, or the server leaves out a certificate in between',
  CERT_REVOKED: () => 'was revoked',
  INVALID_PURPOSE: () => 'is not one for servers',
}

/** A certificate that is not accepted: `certificate of 192.0.2.1 is for a.example, not for b.example`. */
export function untrusted({ address }: Endpoint, problem: string): TransportError {
  return new TransportError('untrusted', `certificate of ${address.text} ${problem}`)
}

/** What is wrong with a chain; `verdict` is OpenSSL's. */
export function chainProblem(verdict: unknown, certificate: ShownCertificate): string {
  // Node gives the code as text, and in some versions as an error.
  const code = String(verdict instanceof Error && 'code' in verdict ? verdict.code : verdict)
  return CHAIN_PROBLEMS[code]?.(certificate) ?? `cannot be verified (${code})`
}

/**
 * Why a connection did not come about. What failed before the server had accepted it is the network's; after that it
 * did not come to terms about TLS: something else listens there, or somebody cuts in.
 */
export function handshakeFailure(error: Error | undefined, endpoint: Endpoint, isAccepted: boolean): TransportError {
  if (error === undefined) {
    return new TransportError('handshake', `${nameOf(endpoint)}: closed the connection during the TLS handshake`)
  }
  const network = transportError(error, endpoint)
  if (network.code === 'closed') {
    if (!isAccepted) return new TransportError('refused', network.message, error)
    return new TransportError('handshake', `${nameOf(endpoint)}: reset the connection during the TLS handshake`, error)
  }
  if (network.code !== 'io') return network
  return new TransportError('handshake', `${nameOf(endpoint)}: TLS handshake failed: ${opensslReason(error)}`, error)
}

/** `C0A…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/…` → `wrong version number`. */
function opensslReason(error: Error): string {
  const { reason, code } = error as { reason?: unknown; code?: unknown }
  if (reason === 'wrong version number') return 'what listens there does not speak TLS'
  return typeof reason === 'string' ? reason : typeof code === 'string' ? code : reasonOf(error)
}
