import type { Options } from './options.ts'
import type { Peer, PeerName } from './peers.ts'

/** Measured values by column key. What is not there was not measured. */
export type Figures = Readonly<Record<string, number>>

export interface Column {
  readonly key: string
  readonly title: string
  readonly digits?: number
}

/** Something to be measured on one row of a table: a server, or a pairing. */
export interface Subject extends AsyncDisposable {
  measure(): Promise<Figures>
  /** What is to be read once, when all rounds are over and nobody asks any more. */
  settle?(): Promise<Figures>
}

export interface Scenario {
  /** As `--only` and the goals know it. */
  readonly name: string
  readonly title: string
  readonly columns: readonly Column[]
  /** Measured so often in each round, once if not said: what is over in a moment takes more looks. */
  readonly repeats?: number
  /** Takes so long that it is measured only when it is asked for by name. */
  readonly isLong?: boolean
  /** One row each; a row that does not fit the server at all is left out. */
  readonly rows: readonly Row[]
}

export interface Row {
  readonly name: string
  readonly title: string
  readonly peer: PeerName | undefined
  open(): Promise<Subject>
}

export interface Bench {
  readonly options: Options
  readonly peers: Readonly<Record<PeerName, Peer>>
}

/** A row for each of these servers. */
export function peerRows({ peers }: Bench, names: readonly PeerName[], open: (peer: Peer) => Promise<Subject>): Row[] {
  return names.map((name) => ({
    name,
    title: peers[name].title,
    peer: name,
    open: () => open(peers[name]),
  }))
}

export const EVERYBODY: readonly PeerName[] = ['ours', 'resolved', 'unbound', 'dnsmasq', 'echo']
export const RESOLVERS: readonly PeerName[] = ['ours', 'resolved', 'unbound', 'dnsmasq']
/** Those that know links. */
export const PER_LINK: readonly PeerName[] = ['ours', 'resolved']
