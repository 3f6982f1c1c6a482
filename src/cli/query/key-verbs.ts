import { createHash } from 'node:crypto'
import { CLASS, toAscii, TYPE, typeText } from '../../wire/index.ts'
import { BusCallError } from '../client/bus-errors.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context, VerbRun } from '../command/context.ts'
import { tryEach } from '../client/attempts.ts'
import { refuseTerminal } from '../terminal/output.ts'
import { lookUpRecord, queryRecord } from './record-query.ts'

/** The OpenPGP key of each mail address (C-Q-12). */
export const openpgp: VerbRun = (words, context) => {
  requireType(TYPE.OPENPGPKEY, 'openpgp', context)
  return tryEach(words, context, (word) => queryKey(word, context))
}

/** `[FAMILY] DOMAIN[:PORT]...`: the TLS certificates of services. */
export const tlsa: VerbRun = (words, context) => {
  requireType(TYPE.TLSA, 'tlsa', context)
  const [family, domains] = splitFamily(words)
  if (domains.length === 0) throw new CliError('Too few arguments.')
  return tryEach(domains, context, (word) => {
    return queryRecord({ name: tlsaName(word, family), class: CLASS.IN, type: TYPE.TLSA }, context)
  })
}

/**
 * Where the key of `address` is kept: 56 hex digits of a digest of what stands before the last `@` (RFC 7929 §3).
 * @throws {CliError} without an `@`
 */
export function openpgpName(address: string, digest: 'sha256' | 'sha224'): string {
  const at = address.lastIndexOf('@')
  if (at < 0) throw new CliError(`Address does not contain '@': "${address}"`)
  const local = createHash(digest).update(address.slice(0, at)).digest('hex').slice(0, 56)
  const domain = address.slice(at + 1)
  return `${local}._openpgpkey.${toAscii(domain) ?? domain}`
}

/** `_PORT._FAMILY.DOMAIN`, port 443 unless given. @throws {CliError} for a bad port. */
export function tlsaName(word: string, family: string): string {
  const [, domain = word, port = '443'] = /^(.*):([^:]*)$/.exec(word) ?? []
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 0xffff) {
    throw new CliError(`Invalid port "${port}".`)
  }
  return `_${Number(port)}._${family}.${toAscii(domain) ?? domain}`
}

function splitFamily(words: readonly string[]): [family: string, domains: readonly string[]] {
  const [first = '', ...rest] = words
  return ['tcp', 'udp', 'sctp'].includes(first) ? [first, rest] : ['tcp', words]
}

/** Older keys are under another digest: a second look, when the first finds nothing, is for them. */
async function queryKey(address: string, context: Context): Promise<boolean> {
  const target = { class: CLASS.IN, type: TYPE.OPENPGPKEY }
  try {
    return await lookUpRecord({ ...target, name: openpgpName(address, 'sha256') }, context)
  } catch (error) {
    if (!(error instanceof BusCallError) || !MISSES.has(error.errorName)) throw error
    return queryRecord({ ...target, name: openpgpName(address, 'sha224') }, context)
  }
}

const MISSES: ReadonlySet<string> = new Set([
  'org.freedesktop.resolve1.DnsError.NXDOMAIN',
  'org.freedesktop.resolve1.NoSuchRR',
])

function requireType(type: number, verb: string, context: Context): void {
  const { options } = context
  if (options.type !== undefined && options.type !== type) {
    throw new CliError(
      `${verb} asks for ${typeText(type)} records: --type=${typeText(options.type)} cannot be used with it.`,
    )
  }
  if (options.raw !== undefined) refuseTerminal(context)
}
