import type { ServiceChange } from '../../multicast/index.ts'

/** Entries of one reply: those of a link with many services are told in several. */
const MOST = 100

/** One service that came or went (SD-V-3). */
export interface ServiceOutput {
  readonly updateFlag: 'added' | 'removed'
  readonly family: number
  readonly name: string | undefined
  readonly type: string
  readonly domain: string
  readonly ifindex: number
}

export function sendServices(
  changes: readonly ServiceChange[],
  send: (services: readonly ServiceOutput[]) => void,
): void {
  for (let at = 0; at < changes.length; at += MOST) send(changes.slice(at, at + MOST).map(serviceOutput))
}

function serviceOutput({ isGone, family, name, type, domain, ifindex }: ServiceChange): ServiceOutput {
  return { updateFlag: isGone ? 'removed' : 'added', family, name, type, domain, ifindex }
}
