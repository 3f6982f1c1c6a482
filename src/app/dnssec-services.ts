import { CheckQueue, DEFAULT_LIMITS, nodeAlgorithms, type SignatureCheck } from '../dnssec/index.ts'
import type { DnssecServices } from '../scope/index.ts'
import type { WorkTurns } from '../sys/index.ts'

/** Of its turns. */
const LABEL = 'validation'

/**
 * Signatures are checked on other threads, but for those that are sooner checked than handed over, while there is time. What
 * follows from them, and from replies of servers, is found out at once as long as others do not wait for it, and else in turns.
 */
export function dnssecServices(turns: WorkTurns): DnssecServices {
  const turn = () => turns.turn(LABEL)
  const turnIfBusy = () => (turns.mayGoOn(LABEL) ? undefined : turn())
  const checks = new CheckQueue(turnIfBusy)
  const check = (each: SignatureCheck) => {
    if (!each.isQuick || !turns.mayGoOn(LABEL)) return checks.run(each)
    each.make()
    return undefined
  }
  return { algorithms: nodeAlgorithms(), limits: DEFAULT_LIMITS, check, turn, turnIfBusy }
}
