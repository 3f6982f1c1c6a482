import { expect, test } from 'vitest'
import type { ControlErrorKind } from '../../../src/control/index.ts'
import { ControlError } from '../../../src/control/index.ts'
import type { LookupFailure } from '../../../src/lookup/index.ts'
import { errorOfControl, errorOfFailure } from '../../../src/varlink/errors.ts'
import { RESOLVE_INTERFACE } from '../../../src/varlink-idl/resolve-interface.ts'
import { firstMisfit } from '../../../src/varlink-idl/idl.ts'
import { failure } from './support.ts'

const R = 'io.systemd.Resolve.'
const EDE = { extendedError: { code: 22, text: 'no reach' } }
const EDE_FIELDS = { extendedDNSErrorCode: 22, extendedDNSErrorMessage: 'no reach' }

const FAILURES: [LookupFailure['kind'], Partial<LookupFailure>, string, object][] = [
  ['no-servers', {}, `${R}NoNameServers`, {}],
  ['no-such-rr', {}, `${R}NoSuchResourceRecord`, {}],
  ['timeout', {}, `${R}QueryTimedOut`, {}],
  ['attempts-max-reached', {}, `${R}MaxAttemptsReached`, {}],
  ['invalid-reply', {}, `${R}InvalidReply`, {}],
  ['aborted', {}, `${R}QueryAborted`, {}],
  ['query-refused', {}, `${R}QueryRefused`, {}],
  ['no-trust-anchor', {}, `${R}NoTrustAnchor`, {}],
  ['rr-type-unsupported', {}, `${R}ResourceRecordTypeUnsupported`, {}],
  ['network-down', {}, `${R}NetworkDown`, {}],
  ['no-source', {}, `${R}NoSource`, {}],
  ['stub-loop', {}, `${R}StubLoop`, {}],
  ['cname-loop', {}, `${R}CNAMELoop`, {}],
  ['bad-address-size', {}, `${R}BadAddressSize`, {}],
  ['type-invalid', {}, `${R}ResourceRecordTypeInvalidForQuery`, {}],
  ['zone-transfer', {}, `${R}ZoneTransfersNotPermitted`, {}],
  ['type-obsolete', {}, `${R}ResourceRecordTypeObsolete`, {}],
  ['no-such-service', {}, `${R}ServiceNotProvided`, {}],
  ['inconsistent-service', {}, `${R}InconsistentServiceRecords`, {}],
  ['not-found', {}, `${R}DNSError`, { rcode: 3, queryString: 'example.com' }],
  ['rcode-failure', { rcode: 2, ...EDE }, `${R}DNSError`, { rcode: 2, queryString: 'example.com', ...EDE_FIELDS }],
  ['rcode-failure', { rcode: 5, queryString: '' }, `${R}DNSError`, { rcode: 5 }],
  ['errno', { errno: 101 }, 'io.systemd.System', { origin: 'linux', errno: 101, errnoName: 'ENETUNREACH' }],
  ['errno', { errno: 95 }, 'io.systemd.System', { origin: 'linux', errno: 95, errnoName: 'EOPNOTSUPP' }],
  ['errno', { errno: 9999 }, 'io.systemd.System', { origin: 'linux', errno: 9999 }],
  ['invalid-argument', { parameter: 'flags' }, 'org.varlink.service.InvalidParameter', { parameter: 'flags' }],
  ['invalid-argument', {}, 'org.varlink.service.InvalidParameter', { parameter: 'name' }],
]
test.each(FAILURES)('varlink.md §3.1: %s %o', (kind, extra, error, parameters) => {
  const got = errorOfFailure(failure(kind, extra))
  const sent = JSON.parse(JSON.stringify(got.parameters)) as Record<string, unknown>
  expect([got.error, sent]).toEqual([error, parameters])
  expect(misfitOf(got.error, sent)).toBeUndefined()
})

/** What the description of the interface does not allow about an error of its own. */
function misfitOf(error: string, parameters: Record<string, unknown>): string | undefined {
  if (!error.startsWith(R)) return undefined
  const described = RESOLVE_INTERFACE.errors[error.slice(R.length)]
  return described === undefined ? error : firstMisfit(described, parameters)
}

test('S-RES-1: dnssec-failed carries the result and the extended error', () => {
  const got = errorOfFailure(failure('dnssec-failed', { ...EDE, dnssecResult: 'no-signature' }))
  const parameters = { result: 'no-signature', ...EDE_FIELDS }
  expect(got).toMatchObject({ error: `${R}DNSSECValidationFailed`, parameters })
})

const CONTROL: [ControlErrorKind, object][] = [
  ['no-such-link', { parameter: 'ifindex' }],
  ['link-is-loopback', { errnoName: 'EBUSY' }],
  ['link-is-managed', { errnoName: 'EBUSY' }],
  ['invalid-argument', { errnoName: 'EINVAL' }],
  ['limit-exceeded', { errnoName: 'E2BIG' }],
]
test.each(CONTROL)('control error %s', (kind, parameters) => {
  expect(errorOfControl(new ControlError(kind, 'x')).parameters).toMatchObject(parameters)
})
