import type { Cause } from './cause-facts.ts'
import type { Server, Why } from './why-reply.ts'
import { rcodeText, typeText } from '../../wire/index.ts'
import { timeSpan } from '../terminal/layout.ts'
import { agoText, attemptLines, roughSpan, sourceText } from '../query/provenance.ts'
import { readRecord, recordText } from '../query/record-lines.ts'
import { encryptionText } from '../inspect/encryption-text.ts'
import { trustLines, trustTitle } from './trust-text.ts'
import { table } from '../terminal/table.ts'

type Step = Why['steps'][number]
type Scope = Why['scopes'][number]
type Asked = NonNullable<Why['asked']>

const SOURCES: ReadonlyMap<string, string> = new Map([
  ['refusal', 'refused types'],
  ['static', 'static records'],
  ['hosts', '/etc/hosts'],
  ['hooks', 'lookup hooks'],
  ['scopes', 'scopes'],
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
  ['single-label', 'addresses of single labels are not asked over unicast DNS'],
  ['mark-unavailable', 'FirewallMark= demands what is not available'],
])

/** One screen for people. `now`: wall clock. `paint` marks headings. `isVerbose`: scores, and scopes that do not take the name. */
export function whyLines(why: Why, now: number, paint: (text: string) => string, isVerbose = false): string[] {
  const isReached = why.steps.some(({ source, verdict }) => source === 'scopes' && verdict !== 'unreached')
  const scopes = isReached ? why.scopes : why.scopes.map((scope) => ({ ...scope, won: false }))
  const winners = scopes.filter(({ won }) => won)
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [paint(title), ...lines.map((line) => `  ${line}`.trimEnd())]
  return [
    paint(`${why.name} (${why.types.map(typeText).join(', ')})`),
    ...section('Sources, in order', stepLines(why.steps)),
    ...section('Scopes, best first', scopeLines(scopes, winners[0]?.score ?? 0, isVerbose)),
    ...winners.flatMap((scope) =>
      [
        section(`Cache of ${scope.scope}`, why.cacheHidden === true ? HIDDEN : cacheLines(scope, why.changedUSec, now)),
        section(`Servers of ${scope.scope}, in the order they would be asked`, serverLines(scope.servers)),
      ].flat(),
    ),
    ...section('Asked just now', askedLines(why.asked, winners, now)),
    ...(why.trust ?? []).flatMap((trust) => section(trustTitle(trust), trustLines(trust, now))),
  ]
}

const HIDDEN = ['shown to root and members of the group of the resolver: it tells what others looked up']

/** What it comes to, and what to do. */
export function causeLines({ cause, repair }: Cause, paint: (text: string) => string): string[] {
  return [`${paint('Cause:')} ${cause}`, ...(repair === undefined ? [] : [`${paint('To do:')} ${repair}`])]
}

function stepLines(steps: readonly Step[]): string[] {
  return table(
    steps.map(({ source, verdict, detail }) => [
      verdict === 'decides' ? '>' : ' ',
      SOURCES.get(source) ?? source,
      `${VERDICTS.get(verdict) ?? `${verdict}: `}${detail}`,
    ]),
  )
}

function scopeLines(scopes: readonly Scope[], best: number, isVerbose: boolean): string[] {
  const shown = scopes.filter(({ score }) => isVerbose || score > 0)
  if (shown.length === 0) return ['none takes the name']
  return table(
    shown.map(({ scope, score, rule, won, obstacle }) => {
      const lost = won ? '' : score === 0 ? 'does not take it: ' : score < best ? 'loses: ' : 'not asked: '
      const hindered = won && obstacle !== undefined ? `, but ${OBSTACLES.get(obstacle) ?? obstacle}` : ''
      const told = `${lost}${rule}${hindered}`
      const mark = won ? '>' : ' '
      return isVerbose ? [mark, scope, `score ${score}`, told] : [mark, scope, told]
    }),
  )
}

/** What is cached, from which server, and whether settings or links have changed since. */
function cacheLines({ cache, names }: Scope, changed: number | undefined, now: number): string[] {
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

export function serverLines(servers: readonly Server[]): string[] {
  const rows = table(
    servers.map((server, i) => [
      `${i + 1}. ${server.server}`,
      healthText(server),
      server.roundTripUSec === undefined ? 'no round trip known' : `round trip ${timeSpan(server.roundTripUSec)}`,
      server.edns ? 'EDNS' : 'no EDNS',
      `${server.answers} of ${server.sent} answered${server.current ? ', current' : ''}`,
    ]),
  )
  return servers.flatMap(({ encryption, discovery }, i) => [
    rows[i] ?? '',
    ...(encryption === undefined ? [] : [`   encryption: ${encryptionText(encryption)}`]),
    ...(discovery === undefined ? [] : [`   discovery: ${discovery}`]),
  ])
}

/** With what is held against it, in the words of `status`. */
export function healthText({ trusted, sent, answers, silences, errors, doubts }: Server): string {
  if (sent === 0 && doubts.length === 0) return 'not asked yet'
  if (answers === 0 && silences > 0)
    return [...(trusted ? ['SILENT so far'] : ['SILENT']), ...withoutSilence(doubts)].join(', ')
  if (errors > 0 && errors >= answers) return ['NOTHING BUT ERRORS', ...withoutSilence(doubts)].join(', ')
  if (!trusted && !doubts.some((doubt) => doubt.startsWith('gives errors')))
    return ['SILENT', ...withoutSilence(doubts)].join(', ')
  return doubts.length === 0 ? 'healthy' : doubts.join(', ')
}

function withoutSilence(doubts: readonly string[]): readonly string[] {
  return doubts.filter((doubt) => doubt !== 'silent' && doubt !== 'owes an answer')
}

function askedLines(asked: Asked | undefined, winners: readonly Scope[], now: number): string[] {
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

/** A "no" waits up to a second for other scopes that may know better (R-MERGE-3): says which one kept silent. */
function waitLines({ state, failure, provenance }: Asked, winners: readonly Scope[]): string[] {
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

function failureText({ message, rcode }: NonNullable<Asked['failure']>): string {
  const code = rcode === undefined ? '' : rcodeText(rcode)
  return message.includes(code) ? message : `${message} (${code})`
}
