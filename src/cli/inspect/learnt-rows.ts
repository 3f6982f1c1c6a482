import { type Row, timeSpan } from '../terminal/layout.ts'

/** What the daemon has learnt of one server, as `Learnt` of the server states tells it; the original has none. */
export interface Learnt {
  readonly State: string
  readonly RoundTripUSec?: number
  readonly PatienceUSec: number
  readonly Sent: number
  readonly Probes: number
  readonly Answers: number
  readonly Errors: number
  readonly Hedges: number
  readonly VainHedges: number
  readonly RememberedFailures: number
  readonly EDNS: string
  readonly Payload: number
  readonly Doubts: readonly string[]
}

/** Rows for `show-server-state`. */
export function learntRows(learnt: Learnt): Row[] {
  const { State, RoundTripUSec, PatienceUSec, Sent, Probes, Answers, Errors, Hedges, VainHedges } = learnt
  const roundTrip = RoundTripUSec === undefined ? 'unknown' : timeSpan(RoundTripUSec)
  return [
    { label: 'State', value: [State, ...learnt.Doubts].join(', ') },
    { label: 'Round trip', value: `${roundTrip}, asked again after ${timeSpan(PatienceUSec)}` },
    { label: 'Messages', value: `${Sent} sent, ${Probes} of them probes; ${Answers} answers, ${Errors} errors` },
    { label: 'Asked again', value: `${Hedges} times, ${VainHedges} of them in vain` },
    { label: 'EDNS', value: `${learnt.EDNS}${learnt.Payload === 0 ? '' : `, ${learnt.Payload} bytes`}` },
    { label: 'Failures remembered', value: String(learnt.RememberedFailures) },
  ]
}
