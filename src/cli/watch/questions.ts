import { isWithin, parseName, rcodeText, typeText } from '../../wire/index.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context } from '../command/context.ts'
import { explainUnavailable } from '../query/explained-lookups.ts'
import { timeSpan } from '../terminal/layout.ts'
import { notifyReady } from '../client/notify.ts'
import type { Filters } from '../command/options.ts'
import { OUTCOMES, USUAL_OUTCOMES } from '../command/outcomes.ts'
import { printJson } from '../terminal/output.ts'
import { OBSERVE_INTERFACE, type Reply } from '../../varlink-idl/index.ts'
import { isUnavailable, type VarlinkClient } from '../client/varlink-client.ts'

type Event = Reply<typeof OBSERVE_INTERFACE, 'WatchQuestions'>

/** One question and how it fared; `leftOut` counts those before it that nobody was told of. Times in microseconds. */
export type ReportedQuestion = NonNullable<Event['question']> & Pick<Event, 'leftOut'>
export type ReportedClient = NonNullable<ReportedQuestion['client']>

/**
 * `monitor --clients`: one line per question, as it is answered; and how many were left out, where there were too many.
 */
export async function watchQuestions(context: Context): Promise<number> {
  const isWanted = questionFilter(context.options.filters, context.ifindex)
  let leftOut = 0
  for await (const question of questions(context.varlink, false)) {
    if (question === 'ready') await notifyReady()
    else {
      leftOut += question.leftOut ?? 0
      if (!isWanted(question)) continue
      showQuestion(leftOut > 0 ? { ...question, leftOut } : question, context)
      leftOut = 0
    }
  }
  context.screen.note('Disconnected.')
  return 0
}

function showQuestion(question: ReportedQuestion, context: Context): void {
  const { screen, options } = context
  if (options.json !== 'off') return printJson(question, context)
  const { leftOut = 0 } = question
  if (leftOut > 0) screen.print(screen.paint('grey', `(${leftOut} questions not shown: there are too many)`))
  screen.print(questionLine(question))
}

/**
 * Questions as they are answered, after the word that it has begun; with `recent`, the latest first. @throws {CliError}
 */
export async function* questions(
  varlink: VarlinkClient,
  recent: boolean,
  signal?: AbortSignal,
): AsyncGenerator<'ready' | ReportedQuestion> {
  try {
    for await (const event of varlink.stream(OBSERVE_INTERFACE, 'WatchQuestions', { recent }, signal)) {
      const { ready, leftOut, question } = event
      if (ready === true) yield 'ready'
      else if (question !== undefined) yield leftOut === undefined ? question : { ...question, leftOut }
    }
  } catch (error) {
    throw isUnavailable(error) ? explainUnavailable(error) : error
  }
}

/** `12:03:04.123  dig[812] uid 1000  www.test A  2 records  network 10.1.0.1%lan over udp  1.2ms`. */
export function questionLine(question: ReportedQuestion): string {
  const { answeredUSec, name, types, tookUSec } = question
  const parts = [
    timeOfDay(answeredUSec),
    clientText(question.client).padEnd(24),
    `${name} ${types.map(typeText).join('+')}`.padEnd(32),
    resultText(question).padEnd(10),
    originText(question),
    timeSpan(tookUSec),
  ]
  return parts.join('  ')
}

/** As much as the kernel or the bus told. */
export function clientText(client: ReportedClient | undefined): string {
  if (client === undefined) return 'unknown'
  const { via, address, process, pid, uid, busName } = client
  const who = process === undefined ? (pid === undefined ? undefined : `pid ${pid}`) : `${process}[${pid}]`
  const words = [who, uid === undefined ? undefined : `uid ${uid}`].filter((word) => word !== undefined)
  const where = words.length > 0 ? words.join(' ') : (busName ?? address ?? 'unknown')
  return `${where} (${via})`
}

/** In a word or two: `2 records`, `NXDOMAIN`, `timeout`. */
export function resultText({ state, rcode, records }: Pick<ReportedQuestion, 'state' | 'rcode' | 'records'>): string {
  if (state === 'success') return `${records} record${records === 1 ? '' : 's'}`
  if (state === 'nodata') return 'no data'
  return state === 'rcode-failure' ? rcodeText(rcode) : state
}

/** Source, and for what came from the network by which link and server. */
export function originText({ source, scope, server, transport, attempts }: ReportedQuestion): string {
  const via = scope === undefined ? '' : ` ${scope}`
  const from = server === undefined ? '' : ` ${server}${transport === undefined ? '' : `/${transport}`}`
  const tries = attempts > 1 ? ` after ${attempts} attempts` : ''
  return `${sourceWord(source)}${via}${from}${tries}`
}

function sourceWord(source: string): string {
  return source === 'none' ? 'nobody' : source
}

/** @throws {CliError} for a filter that can let nothing through */
export function questionFilter(
  { name, client, outcome }: Filters,
  ifindex: number,
): (question: ReportedQuestion) => boolean {
  const domain = name === undefined ? undefined : parseName(name)
  if (name !== undefined && domain === undefined) throw new CliError(`"${name}" is not a domain name.`)
  const wanted = outcome?.toLowerCase()
  if (wanted !== undefined && !OUTCOMES.includes(wanted)) {
    const usual = OUTCOMES.slice(0, USUAL_OUTCOMES).join(', ')
    throw new CliError(`"${outcome}" is no outcome: say ${usual}, or a response code such as nxdomain.`)
  }
  return (question) =>
    (ifindex === 0 || question.ifindex === ifindex) &&
    (domain === undefined || isBelow(question.name, domain)) &&
    (client === undefined || isClient(question.client, client)) &&
    (wanted === undefined || isOutcome(question, wanted))
}

/** The domain itself, or a name in it; names of the journal are in DNS form. */
function isBelow(name: string, domain: NonNullable<ReturnType<typeof parseName>>): boolean {
  const parsed = parseName(name)
  return parsed !== undefined && isWithin(parsed, domain)
}

function isClient(client: ReportedClient | undefined, wanted: string): boolean {
  if (client === undefined) return false
  const { process, address, busName, via, uid, pid } = client
  return [process, address, busName, via, uid, pid].some((word) => word !== undefined && String(word) === wanted)
}

/** `failed` stands for all that is neither an answer nor a clear "no such". */
function isOutcome(question: ReportedQuestion, wanted: string): boolean {
  const { state, source, rcode } = question
  const isFailed = state !== 'success' && state !== 'nodata' && !(state === 'rcode-failure' && rcode === NXDOMAIN)
  const words = [
    state,
    sourceWord(source),
    state === 'rcode-failure' ? rcodeText(rcode).toLowerCase() : '',
    isFailed ? 'failed' : '',
  ]
  return words.includes(wanted)
}

const NXDOMAIN = 3

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function timeOfDay(micros: number): string {
  const at = new Date(micros / 1000)
  const millis = String(at.getMilliseconds()).padStart(3, '0')
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${millis}`
}
