import { CLASS } from '../wire/index.ts'
import { FLAG } from '../scope/index.ts'
import type { Query } from './query.ts'

/** Whether this machine may answer itself (R-ORDER-1). */
export function mayAnswerOurselves(query: Query): boolean {
  return (query.flags & FLAG.NO_SYNTHESIZE) === 0 && isInternet(query)
}

/** Of another class nobody here knows anything (R-ROUTE-3). */
export function isInternet(query: Query): boolean {
  return query.class === CLASS.IN || query.class === CLASS.ANY
}
