import { IpAddress, printable } from '../base/index.ts'

/** Whom a certificate must be for: the name given with the server, which may be an address, else its address. */
export interface ServerIdentity {
  readonly serverName: string | undefined
  readonly address: IpAddress
}

/**
 * Why a certificate with this subjectAltName is not the server's; undefined when it is (E-DOT-4, E-NODE-4). Only SAN
 * entries count, never the common name (RFC 8310 §8.1), a wildcard stands for one whole leftmost label, and an address
 * must be listed as one. `subjectAltName` is as Node writes it: `DNS:a.example, IP Address:192.0.2.1`, with entries
 * quoted like JSON where they hold separators. The chain is not looked at.
 */
export function identityProblem(subjectAltName: string | undefined, identity: ServerIdentity): string | undefined {
  const { serverName, address } = identity
  const entries = entriesOf(subjectAltName ?? '')
  const wantedAddress = serverName === undefined ? address : IpAddress.parse(serverName)
  const isHolder =
    wantedAddress === undefined ? holdsName(entries, serverName ?? '') : holdsAddress(entries, wantedAddress)
  if (isHolder) return undefined
  const named = entries.filter(({ kind }) => kind === 'DNS' || kind === 'IP Address').map(({ value }) => value)
  const holder = named.length === 0 ? 'no name or address' : printable(named.slice(0, MAX_TOLD).join(', '))
  return `is for ${holder}${named.length > MAX_TOLD ? ', …' : ''}, not for ${serverName ?? address.text}`
}

/** Names of the certificate that a message repeats. */
const MAX_TOLD = 3

interface Entry {
  readonly kind: string
  readonly value: string
}

/** An entry that cannot be read ends the list: what follows it might be forged by its text. */
function entriesOf(text: string): Entry[] {
  const entry = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y
  const entries: Entry[] = []
  while (entry.lastIndex < text.length) {
    const [, kind, value] = entry.exec(text) ?? []
    const plain = value?.startsWith('"') ? unquoted(value) : value
    if (kind === undefined || plain === undefined) break
    entries.push({ kind, value: plain })
  }
  return entries
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text))
  } catch {
    return undefined
  }
}

function holdsAddress(entries: readonly Entry[], wanted: IpAddress): boolean {
  return entries.some(({ kind, value }) => kind === 'IP Address' && IpAddress.parse(value)?.equals(wanted) === true)
}

function holdsName(entries: readonly Entry[], wanted: string): boolean {
  const labels = labelsOf(wanted)
  return entries.some(({ kind, value }) => kind === 'DNS' && isNamedBy(labels, labelsOf(value)))
}

function labelsOf(name: string): string[] {
  return name.toLowerCase().replace(/\.$/, '').split('.')
}

/** A wildcard needs two labels behind it: none speaks for a whole top-level domain. */
function isNamedBy(wanted: readonly string[], pattern: readonly string[]): boolean {
  if (wanted.length !== pattern.length || wanted.includes('')) return false
  const isWild = pattern[0] === '*' && pattern.length > 2
  return pattern.every((label, at) => (at === 0 && isWild) || label === wanted[at])
}
