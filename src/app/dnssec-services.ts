import { CheckQueue, DEFAULT_LIMITS, nodeAlgorithms, type SignatureCheck } from '../dnssec/index.ts'
import type { DnssecServices } from '../scope/index.ts'
import type { WorkTurns } from '../sys/index.ts'

/** Signatures are checked on other threads; what follows from them is found out in turns. */
export function dnssecServices(turns: WorkTurns): DnssecServices {
  const checks = new CheckQueue()
  const turn = () => turns.turn()
  const check = (each: SignatureCheck) => checks.run(each).then(turn)
  return { algorithms: nodeAlgorithms(), limits: DEFAULT_LIMITS, check, turn }
}
