import { type Json, RCODE, rcodeText } from '../wire/index.ts'

/** Errors whose names differ between bus and varlink (varlink.md 3.1); the others share their last word. */
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

/** By name, or a decimal number where the code has none. */
function rcodeOf(text: string): number {
  const named: Readonly<Record<string, number>> = RCODE
  return named[text] ?? Number(text)
}
