import type { Histogram as Counted, JournalEntry, LinkView, Meter } from '../../observe/index.ts'
import { BUCKETS } from '../../observe/index.ts'
import { micros, serverOutput } from './explanation.ts'
import type { Histogram, Link, Question, ValueOf } from '../../varlink-idl/index.ts'

export function questionOutput(entry: JournalEntry): ValueOf<(typeof Question)['fields']> {
  const { at, name, types, state, rcode, records, source, scope, ifindex, server, channel, took, attempts } = entry
  return {
    answeredUSec: micros(at),
    name,
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

function clientOutput({ client, identity }: JournalEntry) {
  if (client === undefined) return undefined
  const { via, address, port, busName } = client
  const { uid, pid, process } = identity ?? {}
  return { via, address: address?.text, port, busName, uid, pid, process }
}

export function linkOutput(link: LinkView): ValueOf<(typeof Link)['fields']> {
  const { isUp, hasCarrier, hasRoute, isManaged, isInUse, isDefaultRoute, ifindex, servers, ...same } = link
  return {
    ...same,
    ifindex: ifindex || undefined,
    up: isUp,
    carrier: hasCarrier,
    route: hasRoute,
    managed: isManaged,
    inUse: isInUse,
    defaultRoute: isDefaultRoute,
    servers: servers.map(serverOutput),
  }
}

export type Metrics = Pick<Meter, 'scopes' | 'servers' | 'sources' | 'failures' | 'replays'>

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

function histogramOutput({ counts, sum }: Counted): ValueOf<(typeof Histogram)['fields']> {
  return { boundsUSec: BUCKETS.map(micros), counts, sumUSec: micros(sum) }
}
