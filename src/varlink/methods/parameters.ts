import { constants } from 'node:os'
import type { QueryClient } from '../../resolve/index.ts'
import { invalidParameter, systemError } from '../errors.ts'
import type { CallContext } from '../connection/service.ts'

const HIGHEST_INT32 = 0x7fffffff
const HIGHEST_UINT16 = 0xffff

/** As every lookup has them (varlink.md §3.1); absent means any link and no flags. */
export interface Where {
  readonly ifindex: number | undefined
  readonly flags: number | undefined
}

/** Where to look, and how. A call nobody waits for is not worth a lookup (V-12). */
export function lookupParameters(
  { ifindex = 0, flags = 0 }: Where,
  { oneway, peer }: Pick<CallContext<unknown>, 'oneway' | 'peer'>,
) {
  if (oneway) throw systemError(constants.errno.EINVAL)
  const client: QueryClient = { via: 'varlink', identity: peer && { ...peer, process: undefined } }
  return { ifindex: within(ifindex, HIGHEST_INT32, 'ifindex'), flags: within(flags, HIGHEST_INT32, 'flags'), client }
}

/** Not negative, and 0 where left out: families and indexes. @throws {VarlinkError} InvalidParameter */
export function int32(value: number | undefined, parameter: string): number {
  return within(value ?? 0, HIGHEST_INT32, parameter)
}

/** Types and classes. @throws {VarlinkError} InvalidParameter */
export function uint16(value: number, parameter: string): number {
  return within(value, HIGHEST_UINT16, parameter)
}

/** Addresses come as arrays of numbers (varlink.md §3). @throws {VarlinkError} InvalidParameter */
export function byteArray(values: readonly number[], parameter: string): Uint8Array {
  if (!values.every((byte) => byte >= 0 && byte <= 0xff)) throw invalidParameter(parameter)
  return Uint8Array.from(values)
}

/** All flags in use are below 2^31; anything larger would be cut by bit operations. */
function within(value: number, highest: number, parameter: string): number {
  if (value < 0 || value > highest) throw invalidParameter(parameter)
  return value
}
