import { isUtf8 } from 'node:buffer'
import type { BrowsedService } from '../browser.ts'
import { textOfWire } from '../../wire/index.ts'

const UNDERSCORE = 0x5f

/**
 * What an uncompressed name says as a service: instance, type and domain, or type and domain (RFC 6763 §4.1, §9). Undefined for any
 * other name, and for an instance that is not UTF-8.
 */
export function serviceOfName(wire: Buffer): Pick<BrowsedService, 'name' | 'type' | 'domain'> | undefined {
  const first = labelAt(wire, 0)
  if (first === undefined) return undefined
  const direct = typeAndDomain(wire, 0)
  if (direct !== undefined) return { name: undefined, ...direct }
  const below = typeAndDomain(wire, first.length + 1)
  return below && isUtf8(first) ? { name: first.toString('utf8'), ...below } : undefined
}

/** Two labels that begin with `_`, the second of which is a transport. */
function typeAndDomain(wire: Buffer, start: number): Pick<BrowsedService, 'type' | 'domain'> | undefined {
  const application = labelAt(wire, start)
  if (application === undefined || application[0] !== UNDERSCORE || !isUtf8(application)) return undefined
  const transport = labelAt(wire, start + 1 + application.length)?.toString('latin1')
  if (transport === undefined || !/^_(?:tcp|udp)$/i.test(transport)) return undefined
  const rest = wire.subarray(start + 2 + application.length + transport.length)
  return { type: `${application.toString('utf8')}.${transport}`, domain: textOfWire(rest) }
}

/** Undefined at the root. */
function labelAt(wire: Buffer, start: number): Buffer | undefined {
  const length = wire[start] ?? 0
  return length === 0 ? undefined : wire.subarray(start + 1, start + 1 + length)
}
