import { getSystemErrorName } from 'node:util'
import { ControlError, type ControlErrorKind } from '../control/index.ts'
import type { LookupFailure } from '../lookup/index.ts'
import { rcodeText } from '../wire/index.ts'

const STANDARD = 'org.freedesktop.DBus.Error'
const RESOLVE = 'org.freedesktop.resolve1'

/** A method call that ends with an error; the only place where error names are spelled (dbus.md §8). */
export class BusError extends Error {
  /** Full D-Bus error name. */
  readonly errorName: string

  constructor(errorName: string, message: string) {
    super(message)
    this.name = 'BusError'
    this.errorName = errorName
  }
}

export const ERROR = {
  accessDenied: `${STANDARD}.AccessDenied`,
  failed: `${STANDARD}.Failed`,
  interactionRequired: `${STANDARD}.InteractiveAuthorizationRequired`,
  invalidArgs: `${STANDARD}.InvalidArgs`,
  limitsExceeded: `${STANDARD}.LimitsExceeded`,
  notSupported: `${STANDARD}.NotSupported`,
  propertyReadOnly: `${STANDARD}.PropertyReadOnly`,
  unknownInterface: `${STANDARD}.UnknownInterface`,
  unknownMethod: `${STANDARD}.UnknownMethod`,
  unknownObject: `${STANDARD}.UnknownObject`,
  unknownProperty: `${STANDARD}.UnknownProperty`,
  noSuchDelegate: `${RESOLVE}.NoSuchDelegate`,
  dnssdServiceExists: `${RESOLVE}.DnssdServiceExists`,
  noSuchDnssdService: `${RESOLVE}.NoSuchDnssdService`,
  noSuchLink: `${RESOLVE}.NoSuchLink`,
} as const

export function invalidArgs(message: string): BusError {
  return new BusError(ERROR.invalidArgs, message)
}

const FAILURES: Readonly<Record<Exclude<LookupFailure['kind'], 'rcode-failure' | 'errno'>, string>> = {
  'no-servers': `${RESOLVE}.NoNameServers`,
  timeout: `${STANDARD}.Timeout`,
  'attempts-max-reached': `${STANDARD}.Timeout`,
  'invalid-reply': `${RESOLVE}.InvalidReply`,
  aborted: `${RESOLVE}.Aborted`,
  'dnssec-failed': `${RESOLVE}.DnssecFailed`,
  'no-trust-anchor': `${RESOLVE}.NoTrustAnchor`,
  'rr-type-unsupported': `${RESOLVE}.ResourceRecordTypeUnsupported`,
  'network-down': `${RESOLVE}.NetworkDown`,
  'not-found': `${RESOLVE}.DnsError.NXDOMAIN`,
  'no-source': `${RESOLVE}.NoSource`,
  'stub-loop': `${RESOLVE}.StubLoop`,
  'no-such-rr': `${RESOLVE}.NoSuchRR`,
  'cname-loop': `${RESOLVE}.CNameLoop`,
  'query-refused': `${RESOLVE}.DnsError.REFUSED`,
  'invalid-argument': ERROR.invalidArgs,
  'bad-address-size': ERROR.invalidArgs,
  'type-invalid': ERROR.invalidArgs,
  'zone-transfer': ERROR.notSupported,
  'type-obsolete': ERROR.notSupported,
  'no-such-service': `${RESOLVE}.NoSuchService`,
  'inconsistent-service': `${RESOLVE}.InconsistentServiceRecords`,
}

const REFUSALS: Readonly<Record<ControlErrorKind, string>> = {
  'no-such-link': ERROR.noSuchLink,
  'link-is-loopback': `${RESOLVE}.LinkBusy`,
  'link-is-managed': `${RESOLVE}.LinkBusy`,
  'invalid-argument': ERROR.invalidArgs,
  'limit-exceeded': ERROR.limitsExceeded,
}

/** A lookup that found nothing. */
export function errorOfFailure(failure: LookupFailure): BusError {
  return new BusError(nameOfFailure(failure), sentenceOf(failure))
}

/** Whatever a handler threw: a refusal of ours, or a bug, which the caller learns of only in general terms. */
export function errorOfThrown(thrown: unknown): BusError {
  if (thrown instanceof BusError) return thrown
  if (thrown instanceof ControlError) return new BusError(REFUSALS[thrown.kind], thrown.message)
  return new BusError(ERROR.failed, 'Internal error, see the log of the daemon.')
}

/** True for what `errorOfThrown` cannot name: it belongs in the log with its stack. */
export function isBug(thrown: unknown): boolean {
  return !(thrown instanceof BusError || thrown instanceof ControlError)
}

/** Where the original says something of its own on the bus. */
function sentenceOf({ kind, message }: LookupFailure): string {
  return kind === 'bad-address-size' ? 'Invalid address size' : message
}

function nameOfFailure({ kind, rcode, errno }: LookupFailure): string {
  if (kind === 'rcode-failure') return dnsError(rcode ?? 0)
  if (kind === 'errno') return errno === undefined ? ERROR.failed : `System.Error.${errnoName(errno)}`
  return FAILURES[kind]
}

/**
 * The element of an error name may not start with a digit: a bus daemon ends the connection of whoever sends that. So a
 * code without a name is `RCODE12`, where dbus.md §8 has the bare number.
 */
function dnsError(rcode: number): string {
  return `${RESOLVE}.DnsError.${rcodeText(rcode).replace(/^(?=\d)/, 'RCODE')}`
}

/** A number the kernel does not have becomes EIO. */
function errnoName(errno: number): string {
  const name = errno === 0 ? '' : getSystemErrorName(-Math.abs(errno))
  return /^E[A-Z0-9]+$/.test(name) ? name : 'EIO'
}
