import { readFileSync } from 'node:fs'

/** Bit numbers (linux/capability.h) of those we know how to use. */
export const CAPABILITIES = { NET_BIND_SERVICE: 10, NET_ADMIN: 12, NET_RAW: 13 } as const
export type Capability = keyof typeof CAPABILITIES

/** Whose a thread is and what it may do, as /proc/…/status tells. */
export interface ThreadRights {
  /** Real, effective, saved and file system user. */
  readonly uids: readonly number[]
  readonly gids: readonly number[]
  readonly permitted: bigint
  readonly effective: bigint
}

/** @throws when the text is no such status */
export function parseRights(status: string): ThreadRights {
  const field = (name: string): string => {
    const found = new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]
    if (found === undefined) throw new Error(`no ${name} in the status of a process`)
    return found
  }
  const numbers = (name: string) => field(name).trim().split(/\s+/).map(Number)
  return {
    uids: numbers('Uid'),
    gids: numbers('Gid'),
    permitted: BigInt(`0x${field('CapPrm')}`),
    effective: BigInt(`0x${field('CapEff')}`),
  }
}

/** Whether the main thread, which makes all our sockets, has the capability right now. */
export function hasCapability(capability: Capability): boolean {
  const { effective } = parseRights(readFileSync('/proc/self/status', 'latin1'))
  return (effective & maskOf([capability])) !== 0n
}

export function maskOf(capabilities: readonly Capability[]): bigint {
  return capabilities.reduce((mask, name) => mask | (1n << BigInt(CAPABILITIES[name])), 0n)
}
