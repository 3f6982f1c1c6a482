import type { LinkView } from './overview.ts'
import { BUCKETS, type Histogram, type Meter } from './meter.ts'

export type Metrics = Pick<Meter, 'scopes' | 'servers' | 'sources' | 'failures' | 'replays' | 'refusals'>
/** How long the event loop was busy without a break, in milliseconds, and with what. */
export interface Turn {
  readonly what: string
  readonly took: number
}

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number]

/** The media type of `openMetricsText`. */
export const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** Counters, latencies and health as OpenMetrics 1.0 text; times in seconds, as that standard wants them. */
export function openMetricsText(metrics: Metrics, links: readonly LinkView[], turns: readonly Turn[] = []): string {
  const { scopes, servers, sources, failures, replays, refusals } = metrics
  const serverRows = links.flatMap(({ scope, servers: all }) =>
    all.map((one) => [{ scope, server: one.server }, one] as const),
  )
  const encrypted = serverRows.flatMap(([labels, { encryption }]) =>
    encryption === undefined ? [] : [[labels, encryption] as const],
  )
  return [
    ...counter(
      'questions',
      'Questions worked out, by source.',
      [...sources].map(([source, count]) => [{ source }, count]),
    ),
    ...counter('replays', 'Replies replayed from memory; no scope saw them.', [[{}, replays]]),
    ...counter(
      'scope_replays',
      'Of these, out of a cache, since its scope began.',
      links.map(({ scope, replays: repeated }) => [{ scope }, repeated]),
    ),
    ...counter('failed_questions', 'Questions that got neither records nor a clear no.', [[{}, failures]]),
    ...counter('refused_questions', 'Questions refused as too many were under way.', [[{}, refusals.count]]),
    ...counter(
      'scope_questions',
      'Questions per scope.',
      scopes.map(({ scope, questions }) => [{ scope }, questions]),
    ),
    ...counter(
      'scope_cache_hits',
      'Of these, from its cache.',
      scopes.map(({ scope, cacheHits }) => [{ scope }, cacheHits]),
    ),
    ...counter(
      'scope_failures',
      'Of these, failed.',
      scopes.map(({ scope, failures: failed }) => [{ scope }, failed]),
    ),
    ...histogram(
      'scope_resolve_seconds',
      'Time to answer over the network.',
      scopes.map(({ scope, took }) => [{ scope }, took]),
    ),
    ...counter(
      'server_messages',
      'Messages per server.',
      servers.map(({ server, sent }) => [{ server }, sent]),
    ),
    ...counter(
      'server_failures',
      'Messages without a useful answer.',
      servers.map(({ server, failures: failed }) => [{ server }, failed]),
    ),
    ...histogram(
      'server_round_trip_seconds',
      'Round trip.',
      servers.map(({ server, roundTrip }) => [{ server }, roundTrip]),
    ),
    ...gauge(
      'cache_entries',
      'Names remembered.',
      links.map(({ scope, cacheSize }) => [{ scope }, cacheSize]),
    ),
    ...gauge(
      'scope_in_use',
      'Whether it can be asked.',
      links.map(({ scope, isInUse }) => [{ scope }, Number(isInUse)]),
    ),
    ...gauge(
      'server_healthy',
      'Whether it owes no answer.',
      serverRows.map(([labels, { isTrusted }]) => [labels, Number(isTrusted)]),
    ),
    ...counter(
      'server_handshakes',
      'TLS connections that carried an answer.',
      encrypted.map(([labels, { handshakes }]) => [labels, handshakes]),
    ),
    ...counter(
      'server_resumptions',
      'Of these, resumed by a ticket.',
      encrypted.map(([labels, { resumptions }]) => [labels, resumptions]),
    ),
    ...counter(
      'server_encryption_failures',
      'Attempts to ask over TLS that failed.',
      encrypted.map(([labels, { failures: failed }]) => [labels, failed]),
    ),
    ...gauge(
      'server_encrypted',
      'Whether it is asked over TLS.',
      encrypted.map(([labels, { state }]) => [labels, Number(state === 'works')]),
    ),
    ...gauge(
      'longest_turn_seconds',
      'CPU time for which nobody was answered, at most, by what it was spent on.',
      turns.map(({ what, took }) => [{ what }, took / 1000]),
    ),
    ...gauge(
      'server_connection',
      'Whether the connection that carried the last answer over TLS is open; its channel, version, and whom it was verified as.',
      encrypted.map(([labels, { channel, version = '', verifiedAs = '', isOpen }]) => [
        { ...labels, channel, version, verified_as: verifiedAs },
        Number(isOpen),
      ]),
    ),
    ...gauge(
      'server_connection_age_seconds',
      'Since its handshake.',
      encrypted.flatMap(([labels, { age, isOpen }]) =>
        isOpen && age !== undefined ? [[labels, age / 1000] as const] : [],
      ),
    ),
    '# EOF\n',
  ].join('\n')
}

/** Counters end in `_total` in their samples only (OpenMetrics 1.0, "Counter"). */
function counter(name: string, help: string, samples: readonly Sample[]): string[] {
  return family(
    name,
    'counter',
    help,
    samples.map(([labels, value]) => sample(`${name}_total`, labels, value)),
  )
}

function gauge(name: string, help: string, samples: readonly Sample[]): string[] {
  return family(
    name,
    'gauge',
    help,
    samples.map(([labels, value]) => sample(name, labels, value)),
  )
}

/** Buckets are cumulative, and the last one is all of them. */
function histogram(name: string, help: string, all: readonly (readonly [Labels, Histogram])[]): string[] {
  const lines = all.flatMap(([labels, { counts, sum, count }]) => {
    let sofar = 0
    const buckets = counts.map((more, i) => {
      const bound = BUCKETS[i]
      const le = bound === undefined ? '+Inf' : String(bound / 1000)
      return sample(`${name}_bucket`, { ...labels, le }, (sofar += more))
    })
    return [...buckets, sample(`${name}_count`, labels, count), sample(`${name}_sum`, labels, sum / 1000)]
  })
  return family(name, 'histogram', help, lines)
}

/** Type and help once, then the samples; a family without samples is left out. */
function family(name: string, type: string, help: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`# TYPE ${PREFIX}${name} ${type}`, `# HELP ${PREFIX}${name} ${help}`, ...lines]
}

/** In front of every metric; the names behind it are stable, as dashboards and alerts cite them. */
const PREFIX = 'tsresolved_'

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escape(text)}"`)
  return `${PREFIX}${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

/** Of a label's value (OpenMetrics 1.0, ABNF `escaped-string`). */
function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', String.raw`\"`).replaceAll('\n', String.raw`\n`)
}
