import type { MONITOR_INTERFACE, Reply } from '../../varlink-idl/index.ts'
import { type Row, timeSpan } from '../terminal/layout.ts'
import { type Encryption, encryptionText, handshakesText } from './encryption-text.ts'

/** What the daemon has learnt of one server; the original has none. */
export type Learnt = NonNullable<Reply<typeof MONITOR_INTERFACE, 'DumpServerState'>['dump'][number]['Learnt']>

/** Rows for `show-server-state`. */
export function learntRows(learnt: Learnt): Row[] {
  const { State, RoundTripUSec, PatienceUSec, Sent, Probes, Answers, Errors, Hedges, VainHedges } = learnt
  const roundTrip = RoundTripUSec === undefined ? 'unknown' : timeSpan(RoundTripUSec)
  return [
    { label: 'State', value: [State, ...learnt.Doubts].join(', ') },
    { label: 'Round trip', value: `${roundTrip}, asked again after ${timeSpan(PatienceUSec)}` },
    { label: 'Messages', value: `${Sent} sent, ${Probes} of them probes; ${Answers} answers, ${Errors} errors` },
    { label: 'Asked again', value: `${Hedges} times, ${VainHedges} of them without effect` },
    { label: 'EDNS', value: `${learnt.EDNS}${learnt.Payload === 0 ? '' : `, ${learnt.Payload} bytes`}` },
    ...mismatchRows(learnt),
    { label: 'Failures remembered', value: String(learnt.RememberedFailures) },
    ...encryptionRows(learnt.Encryption),
    ...(learnt.Discovery === undefined ? [] : [{ label: 'Discovery', value: learnt.Discovery }]),
  ]
}

/** Only where there were any: somebody may be guessing at answers. */
function mismatchRows({ Mismatches, Guesses }: Learnt): Row[] {
  if (Mismatches === 0) return []
  return [{ label: 'Replies that do not match', value: `${Mismatches}, too many for ${Guesses} questions` }]
}

function encryptionRows(encryption: Encryption | undefined): Row[] {
  if (encryption === undefined) return []
  return [
    { label: 'Encryption', value: encryptionText(encryption) },
    { label: 'Handshakes', value: handshakesText(encryption) },
  ]
}
