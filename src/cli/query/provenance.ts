import type { EXPLAIN_INTERFACE, Reply } from '../../varlink-idl/index.ts'
import { typeText } from '../../wire/index.ts'
import { timeSpan } from '../terminal/layout.ts'
import { table } from '../terminal/table.ts'

/** Where an answer comes from. Times in microseconds. */
export type Provenance = NonNullable<Reply<typeof EXPLAIN_INTERFACE, 'ResolveHostname'>['provenance']>
export type Attempt = Provenance['attempts'][number]
type ScopeVerdict = Provenance['scopes'][number]

/** One line: source, link, server and rule. `now`: wall clock, microseconds. */
export function sourceText(provenance: Provenance, now: number): string {
  const { source, scope, server, transport, learntUSec, scopes } = provenance
  const rule = scopes.find((verdict) => verdict.scope === scope)?.rule
  const because = rule === undefined ? '' : ` (${rule})`
  const from = server === undefined ? '' : ` from ${server}${transport === undefined ? '' : ` over ${transport}`}`
  switch (source) {
    case 'network':
      return `asked${from.replace(' from', '')}, ${scope}${because}`
    case 'cache':
    case 'stale':
      return `${source} of ${scope}${because}, learnt ${agoText(learntUSec, now)}${from}`
    default:
      return SOURCES.get(source) ?? source
  }
}

const SOURCES: ReadonlyMap<string, string> = new Map([
  ['literal', 'it is an address already, nobody was asked'],
  ['static', 'static records of this machine'],
  ['hosts', '/etc/hosts'],
  ['hook', 'a lookup hook: a program on this machine'],
  ['synthesized', 'made up by this machine, which owns the name'],
  ['none', 'nobody could answer'],
])

/** `3s ago`; `at some time` where it is not known. */
export function agoText(wallMicros: number | undefined, now: number): string {
  if (wallMicros === undefined) return 'at some time'
  return `${roughSpan(Math.max(0, now - wallMicros))} ago`
}

/** Whole seconds, minutes and hours: `0s`, `12s`, `4min 10s`, `2h 5min`. */
export function roughSpan(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}min ${seconds % 60}s`
  return `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}min`
}

/** The block that `query --explain` prints below the answer. */
export function provenanceLines(provenance: Provenance, now: number): string[] {
  const { scopes, attempts, tookUSec } = provenance
  return [
    `Source:   ${sourceText(provenance, now)}; took ${timeSpan(tookUSec)}`,
    ...headed('Scopes:   ', scopeLines(scopes)),
    ...headed('Attempts: ', attemptLines(attempts)),
  ]
}

/** A silent server is asked again and again: from three on, attempts with one result are one line, with the longest time. */
export function attemptLines(attempts: readonly Attempt[]): string[] {
  const groups = new Map<string, Attempt[]>()
  for (const attempt of attempts) {
    const key = [attempt.server, attempt.transport, attempt.type, attempt.payload, attempt.result].join(' ')
    groups.set(key, [...(groups.get(key) ?? []), attempt])
  }
  return table([...groups.values()].flatMap((group) => (group.length < 3 ? group.map(cellsOf) : [foldedCells(group)])))
}

function cellsOf({ server, transport, type, payload, bytes, tookUSec, result }: Attempt): string[] {
  const edns = payload === undefined ? 'no EDNS' : `EDNS ${payload}`
  return [
    server,
    transport,
    typeText(type),
    edns,
    timeSpan(tookUSec),
    bytes === undefined ? result : `${result}, ${bytes} bytes`,
  ]
}

function foldedCells(group: readonly Attempt[]): string[] {
  const longest = group.reduce((one, other) => (other.tookUSec > one.tookUSec ? other : one))
  return [...cellsOf(longest).slice(0, -1), `${longest.result}, ${group.length} times`]
}

/** Winners with a mark, the others with what they lost by. */
export function scopeLines(scopes: readonly ScopeVerdict[]): string[] {
  return table(scopes.map(({ scope, score, rule, won }) => [won ? '>' : ' ', scope, `score ${score}`, rule]))
}

function headed(head: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => (i === 0 ? head : ' '.repeat(head.length)) + line)
}
