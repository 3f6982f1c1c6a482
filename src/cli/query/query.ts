/**
 * Folder `query/`: the lookup verbs, from a word as typed to lines or JSON (resolvectl.md §3). `lookups.ts` asks over
 * the bus, `explained-lookups.ts` over varlink where more is told; `answer-lines.ts` and `record-lines.ts` turn what
 * was found into text. No name is completed or judged here: that is the daemon's.
 */
import { isSingleLabel, parseName, toAscii, toUnicode } from '../../wire/index.ts'
import { hostLines, namesLines } from './answer-lines.ts'
import { printHostJson, printNamesJson } from './addresses-json.ts'
import { explain, tryEach } from '../client/attempts.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context, VerbRun } from '../command/context.ts'
import { queryAsJson } from './explained-json.ts'
import { FLAG } from '../command/flags.ts'
import { failingAsJson } from './failing-as-json.ts'
import { pointingAtReason } from './failure-hint.ts'
import type { HostAnswer, NamesAnswer } from './lookups.ts'
import { explained, lookupsFor } from './lookups-for.ts'
import { printAnswer, refuseTerminal } from '../terminal/output.ts'
import { hasAuthority, type QueryTarget, queryTarget } from './query-target.ts'

/** Every argument is tried; the exit code is 1 when any failed (C-3). */
export const query: VerbRun = async (words, context) => {
  if (context.options.raw !== undefined) refuseTerminal(context)
  return tryEach(words, context, (word) =>
    explained(() => pointingAtReason(word, context, () => queryOne(word, context)), context),
  )
}

/** Flags that only other calls accept would be refused as invalid (dbus.md §7). */
const SERVICE_FLAGS = FLAG.NO_TXT | FLAG.NO_ADDRESS
const ADDRESS_FLAGS = ~(SERVICE_FLAGS | FLAG.NO_SEARCH)

async function queryOne(word: string, context: Context): Promise<boolean> {
  const target = queryTarget(word, context.options)
  const { explain: isExplained, json } = context.options
  if (isExplained && json !== 'off') return queryAsJson(word, target, context)
  if (target.kind === 'record') {
    noteOnRecord(word, target, context)
    const { queryRecord } = await import('./record-query.ts')
    return queryRecord(target, context)
  }
  if (context.options.raw !== undefined) throw new CliError('--raw requires --type=, or a dns: URI.')
  const name = target.kind === 'host' ? target.name : target.address.text
  await failingAsJson(name, context, () =>
    target.kind === 'host' ? queryHost(target.name, context) : queryAddress(target, context),
  )
  return true
}

async function queryHost(name: string, context: Context): Promise<void> {
  const { options, ifindex, links } = context
  const flags = options.flags & ~SERVICE_FLAGS
  const lookups = lookupsFor(context)
  const startedAt = context.now()
  const answer = await explain(name, lookups.hostname(ifindex, name, options.family, flags))
  if (answer.addresses.length === 0) throw new CliError(`${name}: no addresses found`)
  if (options.json !== 'off') return printHostJson(name, answer, context)
  const lines = hostLines(name, shownHost(answer, context), (index) => links.nameOf(index))
  printAnswer(lines, answer, context.now() - startedAt, context)
}

async function queryAddress({ address, zone }: QueryTarget & { kind: 'address' }, context: Context): Promise<void> {
  const zoneIndex = zone === undefined ? 0 : context.links.find(zone).ifindex
  if (zoneIndex > 0 && context.ifindex > 0 && zoneIndex !== context.ifindex) {
    throw new CliError('Specified multiple different interfaces. Refusing.')
  }
  const flags = context.options.flags & ADDRESS_FLAGS
  const lookups = lookupsFor(context)
  const startedAt = context.now()
  const text =
    zone !== undefined && address.isLinkLocal ? `${address.text}%${context.links.nameOf(zoneIndex)}` : address.text
  const call = lookups.address(context.ifindex || zoneIndex, address.family, address.bytes, flags)
  const answer = await explain(text, call)
  if (answer.names.length === 0) throw new CliError(`${text}: no names found`)
  if (context.options.json !== 'off') return printNamesJson(text, answer, context)
  printAnswer(namesLines(text, shownNames(answer, context)), answer, context.now() - startedAt, context)
}

/** As a person may have typed it. */
function shownHost(answer: HostAnswer, { screen }: Context): HostAnswer {
  return screen.showsUnicode ? { ...answer, canonical: toUnicode(answer.canonical) } : answer
}

function shownNames(answer: NamesAnswer, { screen }: Context): NamesAnswer {
  if (!screen.showsUnicode) return answer
  return { ...answer, names: answer.names.map(({ ifindex, name }) => ({ ifindex, name: toUnicode(name) })) }
}

/** What is different from a host name lookup, said once where it may surprise (C-Q-8). */
function noteOnRecord(word: string, { name }: { name: string }, { screen }: Context): void {
  if (hasAuthority(word)) screen.note(`${word}: the server in the URI is not asked, the system's own resolver is.`)
  const parsed = parseName(name)
  if (parsed !== undefined && isSingleLabel(parsed) && !name.endsWith('.') && !SYNTHESIZED.has(parsed)) {
    screen.note(`(Note that search domains are not appended to '${name}' when --type= is specified.)`)
  }
  if (/\P{ASCII}/u.test(name)) {
    const ascii = toAscii(name) ?? name
    screen.note(`(Note that IDNA translation is not applied when --type= is specified: '${ascii}' is what to ask for.)`)
  }
}

/** Single labels that the daemon answers itself (behaviour.md, synthesized names). */
const SYNTHESIZED: ReadonlySet<string> = new Set([
  'localhost',
  '_gateway',
  '_outbound',
  '_localdnsstub',
  '_localdnsproxy',
])
