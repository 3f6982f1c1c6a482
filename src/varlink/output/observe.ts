import type { Millis } from '../../base/index.ts'
import type { Histogram as Counted, JournalEntry, LinkView, Meter } from '../../observe/index.ts'
import { BUCKETS } from '../../observe/index.ts'
import { writtenName } from '../../wire/index.ts'
import { micros, serverOutput } from './explanation.ts'
import type { Histogram, Link, Question, ValueOf } from '../../varlink-idl/index.ts'

/**
 * A question of the journal. A success without records is `nodata` here; `transport` is the wire's name of a channel.
 */
export function questionOutput(entry: JournalEntry): ValueOf<(typeof Question)['fields']> {
  const { at, types, state, rcode, records, source, scope, ifindex, server, channel, took, attempts } = entry
  return {
    answeredUSec: micros(at),
    name: writtenName(entry),
    types,
    state: state === 'success' && records === 0 ? 'nodata' : state,
    rcode,
    records,
    source,
    scope,
    ifindex: ifindex || undefined,
    server,
    transport: channel,
    tookUSec: micros(took),
    attempts,
    client: clientOutput(entry),
  }
}

/** Absent for the daemon's own questions; of the identity what kernel or bus told. */
function clientOutput({ client, identity }: JournalEntry) {
  if (client === undefined) return undefined
  const { via, address, port, busName } = client
  const { uid, pid, process } = identity ?? {}
  return { via, address: address?.text, port, busName, uid, pid, process }
}

/** 0 is no ifindex: what is no link is shown without one. Booleans lose their `is` on the wire. */
export function linkOutput(link: LinkView): ValueOf<(typeof Link)['fields']> {
  const {
    isUp,
    hasCarrier,
    hasRoute,
    isManaged,
    isInUse,
    isDefaultRoute,
    leavesAnsweringToOthers,
    ifindex,
    servers,
    ...same
  } = link
  return {
    ...same,
    ifindex: ifindex || undefined,
    up: isUp,
    carrier: hasCarrier,
    route: hasRoute,
    managed: isManaged,
    inUse: isInUse,
    defaultRoute: isDefaultRoute,
    answeredByOthers: leavesAnsweringToOthers || undefined,
    servers: servers.map(serverOutput),
  }
}

/** The counters of a `Meter`, read at once when the reply is made. */
export type Metrics = Pick<Meter, 'scopes' | 'servers' | 'sources' | 'failures' | 'replays' | 'refusals'>

export function loadOutput(
  { refusals: { count, latestAt } }: Pick<Metrics, 'refusals'>,
  longest: readonly { readonly what: string; readonly took: Millis }[],
) {
  return {
    refused: count,
    lastRefusedUSec: latestAt === undefined ? undefined : micros(latestAt),
    longestTurns: longest.map(({ what, took }) => ({ what, tookUSec: micros(took) })),
  }
}

export function metricsOutput({ scopes, servers, sources, failures, replays }: Metrics) {
  return {
    scopes: scopes.map(({ ifindex, took, ...same }) => {
      return { ...same, ifindex: ifindex || undefined, took: histogramOutput(took) }
    }),
    servers: servers.map(({ roundTrip, ...same }) => ({ ...same, roundTrip: histogramOutput(roundTrip) })),
    sources: [...sources].map(([source, questions]) => ({ source, questions })),
    replays,
    failures,
  }
}

/** Bounds are the same for all histograms and are repeated in each, so that a reply explains itself. */
function histogramOutput({ counts, sum }: Counted): ValueOf<(typeof Histogram)['fields']> {
  return { boundsUSec: BUCKETS.map(micros), counts, sumUSec: micros(sum) }
}
