import { constants } from 'node:os'
import type { BrowseRequest } from '../../multicast/index.ts'
import { FLAG, PROTOCOLS } from '../../scope/index.ts'
import { concatNames, isWithin, type Name, nameOf, parseName } from '../../wire/index.ts'
import { invalidParameter, systemError } from '../errors.ts'
import { int32 } from './parameters.ts'

/** What `BrowseServices` takes. */
interface Parameters {
  readonly domain: string | undefined
  readonly type: string | undefined
  readonly ifindex: number | undefined
  readonly flags: number | undefined
}

const LOCAL = nameOf('local')
const MDNS = FLAG.MDNS_IPV4 | FLAG.MDNS_IPV6
/** A letter first, then letters, digits and hyphens (SD-F-2). */
const TYPE = /^_[a-z][a-z0-9-]*\._(?:tcp|udp)$/i

/**
 * Whose PTR records are to be followed, and where (SD-V-1, SD-V-2). @throws {VarlinkError} for parameters that do not fit: a
 * domain that multicast DNS does not serve is one of them
 */
export function browseRequest({ domain: text = 'local', type = '', ifindex, flags }: Parameters): BrowseRequest {
  const link = int32(ifindex, 'ifindex')
  // Both, or whatever there is.
  if ((int32(flags, 'flags') & PROTOCOLS) !== 0 && ((flags ?? 0) & MDNS) !== MDNS)
    throw systemError(constants.errno.EINVAL)
  const domain = parseName(text)
  if (domain === undefined || !isWithin(domain, LOCAL)) throw invalidParameter('domain')
  return { name: type === '' ? domain : serviceName(type, domain), ifindex: link }
}

/** @throws {VarlinkError} InvalidParameter */
function serviceName(type: string, domain: Name): Name {
  const prefix = TYPE.test(type) ? parseName(type) : undefined
  const name = prefix && concatNames(prefix, domain)
  if (name === undefined) throw invalidParameter('type')
  return name
}
