import { CheckQueue, DEFAULT_LIMITS, nodeAlgorithms, type SignatureCheck } from '../dnssec/index.ts'
import type { DnssecServices } from '../scope/index.ts'
import type { WorkTurns } from '../sys/index.ts'

/**
 * Signatures are checked on other threads, but for those that are sooner checked than handed over, while there is time. What follows from them is
 * found out at once, as long as others do not wait for it, and else in turns.
 */
export function dnssecServices(turns: WorkTurns): DnssecServices {
  const turn = () => turns.turn()
  const checks = new CheckQueue(() => (turns.mayGoOn() ? undefined : turn()))
  const check = (each: SignatureCheck) => (each.isQuick && turns.mayGoOn() ? each.make() : checks.run(each))
  return { algorithms: nodeAlgorithms(), limits: DEFAULT_LIMITS, check, turn }
}
