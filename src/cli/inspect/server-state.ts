/**
 * Folder `inspect/`: what the daemon remembers (caches, servers, counters), and the verbs that make it forget. Dumps
 * come over the monitor interface of varlink (varlink.md §4), which asks for permission, else over the bus as far as it
 * has them; only text and JSON are made here.
 */
import { yesNo } from '../query/answer-lines.ts'
import type { VerbRun } from '../command/context.ts'
import { alignRows, type Row } from '../terminal/layout.ts'
import { learntRows } from './learnt-rows.ts'
import { printJson } from '../terminal/output.ts'
import { MONITOR_INTERFACE, type Reply } from '../../varlink-idl/index.ts'

/** Rows in the order of resolvectl.md §7.3, under the keys of varlink.md §4.2. */
const ROWS: readonly (readonly [label: string, key: keyof ServerState])[] = [
  ['Type', 'Type'],
  ['Interface', 'Interface'],
  ['Interface Index', 'InterfaceIndex'],
  ['Verified feature level', 'VerifiedFeatureLevel'],
  ['Possible feature level', 'PossibleFeatureLevel'],
  ['DNSSEC Mode', 'DNSSECMode'],
  ['DNSSEC Supported', 'DNSSECSupported'],
  ['Maximum UDP fragment size received', 'ReceivedUDPFragmentMax'],
  ['Failed UDP attempts', 'FailedUDPAttempts'],
  ['Failed TCP attempts', 'FailedTCPAttempts'],
  ['Seen truncated packet', 'PacketTruncated'],
  ['Seen OPT RR getting lost', 'PacketBadOpt'],
  ['Seen RRSIG RR missing', 'PacketRRSIGMissing'],
  ['Seen invalid packet', 'PacketInvalid'],
  ['Server dropped DO flag', 'PacketDoOff'],
]

export type ServerState = Reply<typeof MONITOR_INTERFACE, 'DumpServerState'>['dump'][number]

/** Shows what the daemon has learnt about each server. */
export const showServerState: VerbRun = async (_words, context) => {
  const { dump } = await context.varlink.call(MONITOR_INTERFACE, 'DumpServerState', {})
  if (context.options.json !== 'off') printJson(dump, context)
  else for (const state of dump) context.screen.print(`${serverStateLines(state).join('\n')}\n`)
  return 0
}

/** The block of one server; what the daemon does not tell is left out. */
export function serverStateLines(state: Partial<ServerState> & Pick<ServerState, 'Server'>): string[] {
  const rows = ROWS.flatMap(([label, key]): Row[] => {
    const value = state[key]
    if (value === undefined || typeof value === 'object') return []
    return [{ label, value: typeof value === 'boolean' ? yesNo(value) : String(value) }]
  })
  const { Learnt: learnt } = state
  const ours = learnt === undefined ? [] : learntRows(learnt)
  return [`Server: ${state.Server}`, ...alignRows([...rows, ...ours], Number.POSITIVE_INFINITY)]
}
