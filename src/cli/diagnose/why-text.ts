import type { EXPLAIN_INTERFACE, Reply } from '../../varlink-idl/index.ts'
import { rcodeText, typeText } from '../../wire/index.ts'
import { timeSpan } from '../terminal/layout.ts'
import { agoText, attemptLines, roughSpan, sourceText } from '../query/provenance.ts'
import { readRecord, recordText } from '../query/record-lines.ts'
import { encryptionText } from '../inspect/encryption-text.ts'
import { table } from '../terminal/table.ts'

/** Times in microseconds. */
export type Why = Reply<typeof EXPLAIN_INTERFACE, 'Why'>
type WhyStep = Why['steps'][number]
type WhyScope = Why['scopes'][number]
type WhyAsked = NonNullable<Why['asked']>
export type WhyServer = WhyScope['servers'][number]

const SOURCES: ReadonlyMap<string, string> = new Map([
  ['refusal', 'refused types'],
  ['static', 'static records'],
  ['hosts', '/etc/hosts'],
  ['scopes', 'DNS scopes'],
  ['synthesized', 'own names'],
])
const VERDICTS: ReadonlyMap<string, string> = new Map([
  ['decides', ''],
  ['passes', ''],
  ['off', 'not consulted: '],
  ['stands-by', 'answers if that fails: '],
  ['unreached', 'not reached: '],
])
const OBSTACLES: ReadonlyMap<string, string> = new Map([
  ['network-down', 'no network link is up'],
  ['stub-loop', 'its servers are this resolver itself'],
  ['mark-unavailable', 'FirewallMark= demands what is not available'],
])

/** One screen for people. `now`: wall clock. `paint` marks headings. */
export function whyLines(why: Why, now: number, paint: (text: string) => string): string[] {
  const isReached = why.steps.some(({ source, verdict }) => source === 'scopes' && verdict !== 'unreached')
  const scopes = isReached ? why.scopes : why.scopes.map((scope) => ({ ...scope, won: false }))
  const winners = scopes.filter(({ won }) => won)
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [paint(title), ...lines.map((line) => `  ${line}`.trimEnd())]
  return [
    paint(`${why.name} (${why.types.map(typeText).join(', ')})`),
    ...section('Sources, in order', stepLines(why.steps)),
    ...section('Scopes, best first', scopeLines(scopes, winners[0]?.score ?? 0)),
    ...winners.flatMap((scope) =>
      [
        section(`Cache of ${scope.scope}`, cacheLines(scope, why.changedUSec, now)),
        section(`Servers of ${scope.scope}, in the order they would be asked`, serverLines(scope.servers)),
      ].flat(),
    ),
    ...section('Asked just now', askedLines(why.asked, winners, now)),
  ]
}

function stepLines(steps: readonly WhyStep[]): string[] {
  return table(
    steps.map(({ source, verdict, detail }) => [
      verdict === 'decides' ? '>' : ' ',
      SOURCES.get(source) ?? source,
      `${VERDICTS.get(verdict) ?? `${verdict}: `}${detail}`,
    ]),
  )
}

function scopeLines(scopes: readonly WhyScope[], best: number): string[] {
  return table(
    scopes.map(({ scope, score, rule, won, obstacle }) => {
      const lost = won ? '' : score === 0 ? 'does not take it: ' : score < best ? 'loses: ' : 'not asked: '
      const hindered = won && obstacle !== undefined ? `, but ${OBSTACLES.get(obstacle) ?? obstacle}` : ''
      return [won ? '>' : ' ', scope, `score ${score}`, `${lost}${rule}${hindered}`]
    }),
  )
}

/** What is remembered, who taught it, and whether the world was another then. */
function cacheLines({ cache, names }: WhyScope, changed: number | undefined, now: number): string[] {
  if (cache.every(({ kind }) => kind === undefined)) return ['nothing']
  return cache.flatMap((item) => {
    const { key, kind, under, remainingUSec = 0, server, transport, learntUSec, olderThanChange } = item
    const what = names.length > 1 ? `${key.name} ${typeText(key.type)}` : typeText(key.type)
    if (kind === undefined) return [`${what}: nothing`]
    const found = kind === 'positive' && under !== undefined ? typeText(under.type) : (KINDS.get(kind) ?? kind)
    const from = `learnt ${agoText(learntUSec, now)} from ${server} over ${transport}`
    const line = `${what}: ${found}, ${from}, ${roughSpan(remainingUSec)} left`
    const warning = `  ! learnt before links or settings last changed, ${agoText(changed, now)}`
    return olderThanChange === true ? [line, warning] : [line]
  })
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['positive', 'an answer'],
  ['nodata', 'no such record'],
  ['nxdomain', 'no such name'],
  ['failure', 'a failure'],
])

export function serverLines(servers: readonly WhyServer[]): string[] {
  const rows = table(
    servers.map((server, i) => [
      `${i + 1}. ${server.server}`,
      healthText(server),
      server.roundTripUSec === undefined ? 'no round trip known' : `round trip ${timeSpan(server.roundTripUSec)}`,
      server.edns ? 'EDNS' : 'no EDNS',
      `${server.answers} of ${server.sent} answered${server.current ? ', current' : ''}`,
    ]),
  )
  return servers.flatMap(({ encryption }, i) => {
    const row = rows[i] ?? ''
    return encryption === undefined ? [row] : [row, `   encryption: ${encryptionText(encryption)}`]
  })
}

export function healthText({ trusted, sent, answers, silences }: WhyServer): string {
  if (!trusted) return 'SILENT'
  if (sent === 0) return 'not asked yet'
  return answers === 0 && silences > 0 ? 'SILENT so far' : 'healthy'
}

function askedLines(asked: WhyAsked | undefined, winners: readonly WhyScope[], now: number): string[] {
  if (asked === undefined) return []
  const { failure, provenance, rrs } = asked
  const outcome = failure === undefined ? `${rrs.length} record${rrs.length === 1 ? '' : 's'}` : failureText(failure)
  return [
    `${outcome}, ${sourceText(provenance, now)}; took ${timeSpan(provenance.tookUSec)}`,
    ...rrs.map(({ raw }) => recordText(readRecord(Buffer.from(raw, 'base64')), Number.POSITIVE_INFINITY)),
    ...attemptLines(provenance.attempts).map((line) => `tried ${line}`),
    ...waitLines(asked, winners),
  ]
}

/** A "no" waits for other scopes that may know better; where one kept silent that second would be a riddle. */
function waitLines({ state, failure, provenance }: WhyAsked, winners: readonly WhyScope[]): string[] {
  const { scope: answered, attempts, tookUSec } = provenance
  const others = winners.filter(({ scope }) => scope !== answered).map(({ scope }) => scope)
  const isNegative = state === 'nodata' || failure?.rcode === NXDOMAIN
  const idle = tookUSec - attempts.reduce((sum, attempt) => sum + attempt.tookUSec, 0)
  if (!isNegative || others.length === 0 || idle < LONG_WAIT) return []
  return [`! waited ${timeSpan(idle)} for ${others.join(' and ')}, which might have known more`]
}

const NXDOMAIN = 3
/** Nearly the second that the daemon waits. */
const LONG_WAIT = 900_000

function failureText({ message, rcode }: NonNullable<WhyAsked['failure']>): string {
  const code = rcode === undefined ? '' : rcodeText(rcode)
  return message.includes(code) ? message : `${message} (${code})`
}
