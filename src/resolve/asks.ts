import { CLASS } from '../wire/index.ts'
import { FLAG, PROTOCOLS } from './flags.ts'
import type { Query } from './query.ts'

/** Whether unicast DNS may be asked at all (R-ROUTE-2, R-ROUTE-3). */
export function mayAskDns(query: Query): boolean {
  const protocols = query.flags & PROTOCOLS
  return (protocols === 0 || (protocols & FLAG.DNS) !== 0) && isInternet(query)
}

/** Whether this machine may answer itself. */
export function mayAnswerOurselves(query: Query): boolean {
  return (query.flags & FLAG.NO_SYNTHESIZE) === 0 && isInternet(query)
}

function isInternet(query: Query): boolean {
  return query.class === CLASS.IN || query.class === CLASS.ANY
}
