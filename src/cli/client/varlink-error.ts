import { type Json, RCODE, rcodeText } from '../../wire/index.ts'
import { extendedErrorSuffix } from './extended-error-text.ts'

/** Errors whose names differ between bus and varlink (varlink.md §3.1); the others share their last word. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['org.freedesktop.resolve1.NoSuchRR', 'NoSuchResourceRecord'],
  ['org.freedesktop.resolve1.CNameLoop', 'CNAMELoop'],
  ['org.freedesktop.resolve1.Aborted', 'QueryAborted'],
  ['org.freedesktop.resolve1.NoSuchService', 'ServiceNotProvided'],
  ['org.freedesktop.resolve1.DnssecFailed', 'DNSSECValidationFailed'],
  ['org.freedesktop.DBus.Error.Timeout', 'QueryTimedOut'],
])

/**
 * An error of the bus in the form that scripts get from varlink clients (C-Q-16): the name asked for, the full varlink
 * error name, and the response code of a DNS error. Errors that varlink does not know keep their own name.
 */
export function varlinkError(name: string, errorName: string, message: string): Record<string, Json> {
  const rcode = /^org\.freedesktop\.resolve1\.DnsError\.(\w+)$/.exec(errorName)?.[1]
  if (rcode !== undefined) {
    return { rcode: rcodeOf(rcode), queryString: name, name, error: 'io.systemd.Resolve.DNSError' }
  }
  const own = /^org\.freedesktop\.resolve1\.(\w+)$/.exec(errorName)?.[1]
  const renamed = RENAMED.get(errorName) ?? own
  if (renamed === undefined) return { message, name, error: errorName }
  return { name, error: `io.systemd.Resolve.${renamed}` }
}

/** The bus's name for an error of varlink, and of the response code where it stands for one. */
export function busErrorName(error: string, rcode: number | undefined): string {
  const word = error.slice(error.lastIndexOf('.') + 1)
  if (word === 'DNSError') return `org.freedesktop.resolve1.DnsError.${rcodeText(rcode ?? RCODE.SERVFAIL)}`
  if (!error.startsWith('io.systemd.Resolve.')) return error
  const renamed = [...RENAMED].find(([, varlinkWord]) => varlinkWord === word)?.[0]
  return renamed ?? `org.freedesktop.resolve1.${word}`
}

/** What the bus says of an error that varlink only names (resolvectl.md §3.8). `name`: what was asked for. */
export function failureSentence(error: string, parameters: Readonly<Record<string, unknown>>, name: string): string {
  const word = /^io\.systemd\.Resolve\.(\w+)$/.exec(error)?.[1]
  if (word === 'DNSError') return dnsErrorSentence(parameters, name)
  if (error === 'org.varlink.service.InvalidParameter') {
    return parameters.parameter === 'name'
      ? `Invalid hostname '${name}'`
      : `Invalid ${wordIn(parameters.parameter)} parameter`
  }
  if (error === 'io.systemd.System') {
    const errno = wordIn(parameters.errnoName)
    return `Cannot look up '${name}': ${REASONS.get(errno) ?? errno}`
  }
  return SENTENCES.get(word ?? '')?.replace('NAME', name) ?? error
}

/** Why the resolver itself did not ask. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['EBUSY', 'too many questions are under way'],
  ['EOPNOTSUPP', 'the settings demand FirewallMark=, which is not available'],
])

function wordIn(value: unknown): string {
  return typeof value === 'string' ? value : 'unknown'
}

interface DnsError {
  readonly rcode?: number
  readonly queryString?: string
  readonly extendedDNSErrorCode?: number
  readonly extendedDNSErrorMessage?: string
}

function dnsErrorSentence({ rcode, queryString, ...extended }: DnsError, name: string): string {
  const asked = queryString ?? name
  const suffix = extendedErrorSuffix(extended.extendedDNSErrorCode, extended.extendedDNSErrorMessage)
  if (rcode === RCODE.NXDOMAIN) return `Name '${asked}' not found${suffix === '' ? '' : `:${suffix}`}`
  return `Could not resolve '${asked}', server or network returned error: ${rcodeText(rcode ?? RCODE.SERVFAIL)}${suffix}`
}

// biome-ignore format: a table reads better in rows
const SENTENCES: ReadonlyMap<string, string> = new Map([
  ['NoNameServers', 'No appropriate name servers or networks for name found'],
  ['NoSuchResourceRecord', "'NAME' does not have any RR of the requested type"],
  ['QueryTimedOut', 'Query timed out'],
  ['MaxAttemptsReached', 'All attempts to contact name servers or networks failed'],
  ['InvalidReply', 'Received invalid reply'],
  ['QueryAborted', 'Query aborted'],
  ['QueryRefused', 'DNS query type refused'],
  ['NoTrustAnchor', 'No suitable trust anchor known'],
  ['ResourceRecordTypeUnsupported', 'Server does not support requested resource record type'],
  ['NetworkDown', 'Network is down'],
  ['NoSource', 'All suitable resolution sources turned off'],
  ['StubLoop', 'Configured DNS server loops back to us'],
  ['CNAMELoop', "CNAME loop detected, or CNAME resolving disabled on 'NAME'"],
  ['ServiceNotProvided', "'NAME' does not provide the requested service"],
  ['InconsistentServiceRecords', "'NAME' does not provide a consistent set of service resource records"],
  ['DNSSECValidationFailed', 'DNSSEC validation failed'],
])

/** By name, or a decimal number where the code has none. */
function rcodeOf(text: string): number {
  const named: Readonly<Record<string, number>> = RCODE
  return named[text] ?? Number(text)
}
