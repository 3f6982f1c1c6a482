import { constants } from 'node:os'
import type { ControlError, ControlErrorKind } from '../control/index.ts'
import type { LookupFailure } from '../lookup/index.ts'
import { RCODE } from '../wire/index.ts'
import type { JsonObject } from '../varlink-idl/index.ts'

/** An error as the client sees it (V-5): its full name and its fields. */
export class VarlinkError extends Error {
  readonly error: string
  readonly parameters: JsonObject

  constructor(error: string, parameters: JsonObject = {}) {
    super(error)
    this.name = 'VarlinkError'
    this.error = error
    this.parameters = parameters
  }
}

/** A field is missing, wrong or unknown (V-8). */
export function invalidParameter(parameter: string): VarlinkError {
  return new VarlinkError('org.varlink.service.InvalidParameter', { parameter })
}

/** No such method in any interface of this socket. */
export function methodNotFound(method: string): VarlinkError {
  return new VarlinkError('org.varlink.service.MethodNotFound', { method })
}

/** A subscription was called without `more` (V-9). */
export function expectedMore(): VarlinkError {
  return new VarlinkError('org.varlink.service.ExpectedMore')
}

/** Neither the caller's identity nor polkit allows it. */
export function permissionDenied(): VarlinkError {
  return new VarlinkError('org.varlink.service.PermissionDenied')
}

/** The caller may be allowed after a dialog, but did not ask for one. */
export function interactionRequired(): VarlinkError {
  return new VarlinkError('io.systemd.InteractiveAuthenticationRequired')
}

/** A system error by its number (V-11). */
export function systemError(errno: number): VarlinkError {
  const errnoName = ERRNO_NAMES.get(errno)
  return new VarlinkError('io.systemd.System', { origin: 'linux', errno, ...(errnoName && { errnoName }) })
}

/** What an IPC lookup failed with, as its varlink error (varlink.md §3.1). */
export function errorOfFailure(failure: LookupFailure): VarlinkError {
  switch (failure.kind) {
    case 'rcode-failure':
      return dnsError(failure, failure.rcode ?? RCODE.SERVFAIL)
    case 'not-found':
      return dnsError(failure, RCODE.NXDOMAIN)
    case 'dnssec-failed':
      return new VarlinkError('io.systemd.Resolve.DNSSECValidationFailed', {
        result: failure.dnssecResult ?? 'invalid',
        ...extendedErrorFields(failure),
      })
    case 'errno':
      return systemError(failure.errno ?? constants.errno.EIO)
    case 'invalid-argument':
      return invalidParameter(failure.parameter ?? 'name')
    default:
      return new VarlinkError(`io.systemd.Resolve.${PLAIN[failure.kind]}`)
  }
}

/** A success without any record: an empty list would abort old clients (varlink.md §2). */
export function noSuchRecord(): VarlinkError {
  return new VarlinkError(`io.systemd.Resolve.${PLAIN['no-such-rr']}`)
}

/** A change that `control` refuses: by errno, or for a link that does not exist as a wrong parameter. */
export function errorOfControl(error: ControlError): VarlinkError {
  const errno = CONTROL_ERRNO[error.kind]
  return errno === undefined ? invalidParameter('ifindex') : systemError(errno)
}

/** Failures that need no fields. */
type PlainKind = Exclude<
  LookupFailure['kind'],
  'rcode-failure' | 'not-found' | 'dnssec-failed' | 'errno' | 'invalid-argument'
>
const PLAIN: Readonly<Record<PlainKind, string>> = {
  'no-servers': 'NoNameServers',
  'no-such-rr': 'NoSuchResourceRecord',
  timeout: 'QueryTimedOut',
  'attempts-max-reached': 'MaxAttemptsReached',
  'invalid-reply': 'InvalidReply',
  aborted: 'QueryAborted',
  'query-refused': 'QueryRefused',
  'no-trust-anchor': 'NoTrustAnchor',
  'rr-type-unsupported': 'ResourceRecordTypeUnsupported',
  'network-down': 'NetworkDown',
  'no-source': 'NoSource',
  'stub-loop': 'StubLoop',
  'cname-loop': 'CNAMELoop',
  'bad-address-size': 'BadAddressSize',
  'type-invalid': 'ResourceRecordTypeInvalidForQuery',
  'zone-transfer': 'ZoneTransfersNotPermitted',
  'type-obsolete': 'ResourceRecordTypeObsolete',
  'no-such-service': 'ServiceNotProvided',
  'inconsistent-service': 'InconsistentServiceRecords',
}

const CONTROL_ERRNO: Readonly<Record<ControlErrorKind, number | undefined>> = {
  'no-such-link': undefined,
  'link-is-loopback': constants.errno.EBUSY,
  'link-is-managed': constants.errno.EBUSY,
  'invalid-argument': constants.errno.EINVAL,
  'limit-exceeded': constants.errno.E2BIG,
}

/** EWOULDBLOCK and ENOTSUP are second names of EAGAIN and EOPNOTSUPP. */
const ERRNO_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    .filter(([name]) => name !== 'EWOULDBLOCK' && name !== 'ENOTSUP')
    .map(([name, number]) => [number, name]),
)

/** The response code as a number; `queryString` is the last name of the chain. */
function dnsError(failure: LookupFailure, rcode: number): VarlinkError {
  const queryString = failure.queryString === '' ? undefined : failure.queryString
  return new VarlinkError('io.systemd.Resolve.DNSError', { rcode, queryString, ...extendedErrorFields(failure) })
}

/** The fields an extended DNS error (RFC 8914) adds; none without one. */
export function extendedErrorFields({ extendedError }: Pick<LookupFailure, 'extendedError'>): JsonObject {
  if (extendedError === undefined) return {}
  const extendedDNSErrorMessage = extendedError.text === '' ? undefined : extendedError.text
  return { extendedDNSErrorCode: extendedError.code, extendedDNSErrorMessage }
}
