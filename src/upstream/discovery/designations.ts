import { type IfIndex, IpAddress } from '../../base/index.ts'
import { parseDohTemplate, SettingError } from '../../settings/index.ts'
import type { Message, Name, Question, ServiceBinding } from '../../wire/index.ts'
import { CLASS, isWithin, nameOf, ROOT, SERVICE_PARAM, serviceBindingOf, TYPE } from '../../wire/index.ts'
import { type EncryptedChannel, HTTPS_PORT, TLS_PORT } from '../server-channels.ts'

/** What a server is asked for its encrypted channels (RFC 9462 §4). */
export const DESIGNATION_QUESTION: Question = {
  name: nameOf('_dns.resolver.arpa'),
  type: TYPE.SVCB,
  class: CLASS.IN,
}
const RESOLVER_ARPA = nameOf('resolver.arpa')
/** Channels tried one after the other, before a server counts as one that designates nobody of use. */
const MOST_CHANNELS = 6
/** Besides those, a record may demand that other parameters are understood, and is passed over then (RFC 9460 §8). */
const UNDERSTOOD: ReadonlySet<number> = new Set(Object.values(SERVICE_PARAM))

/** The server that designates, and the link to it: all channels leave by the same. */
export interface Designator {
  readonly address: IpAddress
  readonly ifindex: IfIndex
}

/**
 * What a reply to `DESIGNATION_QUESTION` leads to: channels, best first · the server's answer is that it designates
 * nobody · an alias, or a resolver whose address is not in the reply, which has to be asked for first.
 */
export type Designations =
  | { readonly kind: 'channels'; readonly channels: readonly DesignatedChannel[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'ask'; readonly question: Question }

/** An encrypted channel, and the name of the resolver at its end. */
export interface DesignatedChannel extends EncryptedChannel {
  readonly target: Name
}

/**
 * Reads the records that a server gives of its encrypted channels, `asked` being the question. Every channel is verified:
 * its certificate must hold the address of the server that was asked, wherever it leads, and that address is also the
 * host of the URL; no name is sent (RFC 9462 §4.2, §6.3). Channels of one record: TLS before HTTPS, which costs more.
 */
export function designationsIn(message: Message, asked: Question, by: Designator): Designations {
  const bindings = message.answer
    .filter(({ name, type }) => type === TYPE.SVCB && name === asked.name)
    .map((record) => serviceBindingOf(record))
    .filter((binding) => binding !== undefined)
    .toSorted((a, b) => a.priority - b.priority)
  const [alias] = bindings.filter(({ priority, target }) => priority === 0 && isForeign(target))
  if (alias !== undefined) return { kind: 'ask', question: { ...DESIGNATION_QUESTION, name: alias.target } }
  const usable = bindings.filter((binding) => isUsable(binding))
  const channels = usable.flatMap((binding) => channelsOf(binding, addressesFor(binding, message), by))
  if (channels.length > 0) return { kind: 'channels', channels: channels.slice(0, MOST_CHANNELS) }
  const [first] = usable
  return first === undefined ? { kind: 'none' } : { kind: 'ask', question: addressQuestion(first.target, by) }
}

/** The same records once the address of their target, which `designationsIn` wanted, was asked for. */
export function withAddresses(records: Message, addresses: Message, by: Designator): Designations {
  const message = { ...records, additional: [...records.additional, ...addresses.answer] }
  const [record] = records.answer
  const asked = { ...DESIGNATION_QUESTION, name: record?.name ?? DESIGNATION_QUESTION.name }
  const found = designationsIn(message, asked, by)
  return found.kind === 'ask' ? { kind: 'none' } : found
}

/** `.` would be the name asked for, which has no addresses that may be asked for (E-DDR-1). */
function isForeign(target: Name): boolean {
  return target !== ROOT && !isWithin(target, RESOLVER_ARPA)
}

function isUsable(binding: ServiceBinding): boolean {
  const { priority, target, mandatory } = binding
  if (priority === 0 || !isForeign(target) || !mandatory.every((key) => UNDERSTOOD.has(key))) return false
  return speaksTls(binding) || pathOf(binding) !== undefined
}

function speaksTls({ alpn }: ServiceBinding): boolean {
  return alpn.includes('dot')
}

/** Path for POST; undefined where HTTP/2 is not spoken, or the template has no variable (RFC 9461 §5). */
function pathOf({ alpn, dohPath }: ServiceBinding): string | undefined {
  if (!alpn.includes('h2') || dohPath?.startsWith('/') !== true || !dohPath.includes('dns}')) return undefined
  try {
    return parseDohTemplate(`https://resolver.invalid${dohPath}`).path
  } catch (error) {
    if (error instanceof SettingError) return undefined
    throw error
  }
}

function addressQuestion(target: Name, { address }: Designator): Question {
  return { name: target, type: address.text.includes(':') ? TYPE.AAAA : TYPE.A, class: CLASS.IN }
}

/** Of the reply, else hints (RFC 9460 §7.3). */
function addressesFor({ target, addresses }: ServiceBinding, { answer, additional }: Message): IpAddress[] {
  const told = [...answer, ...additional]
    .filter(({ name, type }) => name === target && (type === TYPE.A || type === TYPE.AAAA))
    .map(({ rdata }) => IpAddress.fromBytes(rdata))
    .filter((address) => address !== undefined)
  return told.length > 0 ? told : [...addresses]
}

/** The server's own address first, then those of its family, which its link surely has. */
function channelsOf(binding: ServiceBinding, addresses: readonly IpAddress[], by: Designator): DesignatedChannel[] {
  const rank = (address: IpAddress) => (address.equals(by.address) ? 0 : address.family === by.address.family ? 1 : 2)
  const usable = addresses.filter((address) => !address.isUnspecified && !address.isLoopback)
  return usable
    .toSorted((a, b) => rank(a) - rank(b))
    .flatMap((address) => [
      ...(speaksTls(binding) ? [tlsChannel(binding, address, by)] : []),
      ...(pathOf(binding) === undefined ? [] : [httpsChannel(binding, address, by)]),
    ])
}

function tlsChannel({ target, port }: ServiceBinding, address: IpAddress, by: Designator): DesignatedChannel {
  return { channel: 'tls', target, endpoint: verifiedEndpoint(address, port ?? TLS_PORT, by) }
}

function httpsChannel(binding: ServiceBinding, address: IpAddress, by: Designator): DesignatedChannel {
  const { text } = by.address
  const authority = text.includes(':') ? `[${text}]` : text
  const resource = { authority, path: pathOf(binding) ?? '/', method: 'POST' } as const
  const { target, port } = binding
  return { channel: 'https', target, endpoint: { ...verifiedEndpoint(address, port ?? HTTPS_PORT, by), resource } }
}

function verifiedEndpoint(address: IpAddress, port: number, by: Designator) {
  return { address, port, ifindex: by.ifindex, serverName: by.address.text, isVerified: true }
}
