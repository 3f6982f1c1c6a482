import { parseArgs } from 'node:util'
import type { PeerName } from './peers.ts'

export type Ruler = 'shared' | 'pinned'

export interface Options {
  /** Scenarios by name or the first words of it; none: all of them. */
  readonly only: readonly string[]
  readonly peers: readonly PeerName[] | undefined
  /** Rows by name; none: all of them. */
  readonly rows: readonly string[]
  readonly rounds: number
  /** Of each measurement. */
  readonly seconds: number
  /** Cores that everything shares, as taskset takes them. */
  readonly cores: string
  /** Where the load generator may run: wherever the server does, or on the last of the cores alone. */
  readonly ruler: Ruler
  /** Servers and load get cores before everything else on the machine. */
  readonly first: boolean
  /** Length of `hour`. */
  readonly minutes: number
  /** Questions per second of `hour`. */
  readonly rate: number
  /** Where the medians go. */
  readonly out: string
  /** Options for Node when it runs ours, such as --cpu-prof. */
  readonly nodeFlags: readonly string[]
  readonly help: boolean
}

export const HELP = `npm run bench -- [OPTION...]

  --only NAME      cached (or cached-1, -1000, -10000, -100000), links, cold
                   (also cold-servers, cold-links, cold-tls, cold-https,
                   cold-chains), encrypted, mixed, tcp, validated-misses,
                   validated-cached, signatures, getaddrinfo, budget, start,
                   flush, pause, watch, rest, client, micro, growth; may be
                   repeated; hour only runs when it is named
  --peer NAME      ours, resolved, unbound, dnsmasq or echo; may be repeated
  --row NAME       one row of a scenario, as goals.ts names them; may be repeated
  --rounds N       how often everything is measured; medians count (default 5)
  --seconds N      length of one measurement (default 3)
  --cores LIST     the cores that load and server share (default 0,1)
  --ruler NAME     shared: load and server on all cores (default); pinned: the load
                   on the last of them, the server on all
  --first          servers and load get cores before all else (nice -20, as root):
                   for a machine that others use as well
  --minutes N      length of hour (default 60)
  --rate N         questions per second of hour (default 5000)
  --out FILE       where the medians go (default .cache/bench.json)
  --node-flag F    an option for Node when it runs ours; may be repeated
`

/** @throws {Error} for what cannot be understood */
export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string', multiple: true },
      peer: { type: 'string', multiple: true },
      row: { type: 'string', multiple: true },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      cores: { type: 'string', default: '0,1' },
      ruler: { type: 'string', default: 'shared' },
      first: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '60' },
      rate: { type: 'string', default: '5000' },
      out: { type: 'string', default: '.cache/bench.json' },
      'node-flag': { type: 'string', multiple: true },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    only: values.only ?? [],
    peers: values.peer?.map(peerName),
    rows: values.row ?? [],
    rounds: positive('--rounds', values.rounds),
    seconds: positive('--seconds', values.seconds),
    cores: values.cores,
    ruler: ruler(values.ruler),
    first: values.first,
    minutes: positive('--minutes', values.minutes),
    rate: positive('--rate', values.rate),
    out: values.out,
    nodeFlags: values['node-flag'] ?? [],
    help: values.help,
  }
}

const peerNames: readonly PeerName[] = ['ours', 'resolved', 'unbound', 'dnsmasq', 'echo']

function peerName(text: string): PeerName {
  const name = peerNames.find((each) => each === text)
  if (name === undefined) throw new Error(`--peer: '${text}' is none of ${peerNames.join(', ')}`)
  return name
}

function ruler(text: string): Ruler {
  if (text !== 'shared' && text !== 'pinned') throw new Error(`--ruler: '${text}' is neither shared nor pinned`)
  return text
}

function positive(option: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`${option}: '${text}' is not a positive number`)
  return value
}
