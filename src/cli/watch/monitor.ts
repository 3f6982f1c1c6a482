/**
 * Folder `watch/`: verbs that go on until they are interrupted: `monitor`, its questions with their clients, and the
 * live screen `top`, which is split into what is known (`top-model.ts`), what is drawn (`top-view.ts`) and the terminal
 * itself.
 */
import { getSystemErrorName } from 'node:util'
import { classText, rcodeText, typeText, type RecordKey } from '../../wire/index.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context, VerbRun } from '../command/context.ts'
import { extendedErrorSuffix } from '../client/extended-error-text.ts'
import { asciiArrows, isUtf8Locale } from '../terminal/glyphs.ts'
import { printJson } from '../terminal/output.ts'
import { watchQuestions } from './questions.ts'
import { readRecord, recordText } from '../query/record-lines.ts'
import { notifyReady } from '../client/notify.ts'
import { MONITOR_INTERFACE, type Reply } from '../../varlink-idl/index.ts'

/** A finished query (varlink.md §4.1). */
export type QueryEvent = Reply<typeof MONITOR_INTERFACE, 'SubscribeQueryResults'>

/** Shows every query as it finishes, until interrupted or disconnected (C-M-1). */
export const monitor: VerbRun = async (_words, context) => {
  if (context.options.clients) return watchQuestions(context)
  for await (const event of context.varlink.stream(MONITOR_INTERFACE, 'SubscribeQueryResults', {})) {
    if (event.ready === true) await notifyReady()
    else printEvent(event, context)
  }
  context.screen.note('Disconnected.')
  return 0
}

/** The lines of one event (C-M-2). */
export function eventLines(event: QueryEvent, columns: number): string[] {
  const { question = [], collectedQuestions = [], answer = [] } = event
  return [
    ...question.map((key) => `→ Q: ${keyText(key)}`),
    ...collectedQuestions.map((key) => `→ C: ${keyText(key)}`),
    `← S: ${outcomeText(event)}`,
    ...answer.map(({ raw }) => `← A: ${recordText(readRecord(Buffer.from(raw, 'base64')), columns)}`),
  ]
}

/** `NAME CLASS TYPE`. */
export function keyText({ name, class: klass, type }: RecordKey): string {
  return `${name} ${classText(klass)} ${typeText(type)}`
}

function printEvent(event: QueryEvent, context: Context): void {
  const { options, screen } = context
  if (options.json !== 'off') return printJson(event, context)
  if (event.state === undefined) throw new CliError('Received a query result without a state.')
  const lines = eventLines(event, screen.columns)
  const text = `${lines.join('\n')}\n`
  screen.print(isUtf8Locale(process.env) ? text : asciiArrows(text))
}

function outcomeText(event: QueryEvent): string {
  const { state, rcode, errno, result, extendedDNSErrorCode, extendedDNSErrorMessage } = event
  const suffix = extendedErrorSuffix(extendedDNSErrorCode, extendedDNSErrorMessage)
  if (state === 'rcode-failure' && rcode !== undefined) return rcodeText(rcode) + suffix
  if (state === 'errno' && errno !== undefined) return getSystemErrorName(-errno)
  return `${state ?? ''}${result === undefined ? '' : `: ${result}`}${suffix}`
}
