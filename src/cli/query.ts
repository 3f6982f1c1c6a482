import { isSingleLabel, parseName, TYPE, typeText } from '../wire/index.ts'
import { hostLines, type AnswerLine, legendLines, linkRemark, namesLines } from './answer-lines.ts'
import { BusError } from './bus-client.ts'
import { CliError } from './cli-error.ts'
import type { Context, VerbRun } from './context.ts'
import { FLAG, has } from './flags.ts'
import { formatJson } from './layout.ts'
import { Lookups, type RecordsAnswer } from './lookups.ts'
import { hasAuthority, type QueryTarget, queryTarget } from './query-target.ts'
import { payloadOf, readRecord, recordObject, recordText } from './record-lines.ts'
import { varlinkError } from './varlink-error.ts'

/** Every argument is tried; the exit code is 1 when any failed (C-3). */
export const query: VerbRun = async (words, context) => {
  if (context.options.raw !== undefined) refuseTerminal(context)
  return tryEach(words, context, (word) => queryOne(word, context))
}

/** Runs `work` on each word, one after the other; a failure is printed and the rest still tried. */
export async function tryEach(
  words: readonly string[],
  { screen }: Context,
  work: (word: string) => Promise<boolean>,
): Promise<number> {
  let failures = 0
  for (const word of words) {
    try {
      if (!(await work(word))) failures++
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      screen.note(error.message)
      failures++
    }
  }
  return failures === 0 ? 0 : 1
}

/** Binary data would only upset a terminal (C-Q-13). */
export function refuseTerminal({ screen }: Context): void {
  if (screen.isTerminal) throw new CliError('Refusing to write binary data to tty.')
}

/** What to look up with `-t`, `openpgp` or `tlsa`. */
export interface RecordTarget {
  readonly name: string
  readonly class: number
  readonly type: number
}

/** One record lookup, printed in the form the options ask for, failures too; false: the exit code must be 1 all the same. */
export async function queryRecord(target: RecordTarget, context: Context): Promise<boolean> {
  try {
    return await lookUpRecord(target, context)
  } catch (error) {
    if (error instanceof BusError && context.options.json !== 'off') {
      printJson(varlinkError(target.name, error.errorName, error.message), context) // C-Q-16
    }
    throw error
  }
}

/** As `queryRecord`, but prints nothing about a failure. @throws {BusError} */
export async function lookUpRecord({ name, class: klass, type }: RecordTarget, context: Context): Promise<boolean> {
  const lookups = new Lookups(await context.bus())
  const startedAt = context.now()
  const call = lookups.record(context.ifindex, name, klass, type, context.options.flags & RECORD_FLAGS)
  return printRecords(name, await explain(name, call), context.now() - startedAt, context)
}

/** Puts the name in front of what the daemon says (resolvectl.md 3.8). @throws {BusError} */
export async function explain<T>(name: string, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof BusError)) throw error
    throw new BusError(error.errorName, `${name}: resolve call failed: ${error.message}`, { cause: error })
  }
}

export function printJson(value: unknown, { options, screen }: Context): void {
  const isPretty = options.json === 'auto' ? screen.isTerminal : options.json === 'pretty'
  screen.print(formatJson(value, isPretty ? 'pretty' : 'short'))
}

/** Lines with their links, then the legend (C-Q-2, C-Q-6). */
export function printAnswer(lines: readonly AnswerLine[], flags: number, elapsed: number, context: Context): void {
  const { screen, links } = context
  for (const line of lines) {
    const remark = linkRemark(line, (ifindex) => links.nameOf(ifindex))
    screen.print(line.text + screen.paint('grey', remark))
  }
  printLegend(flags, elapsed, context)
}

/** Flags that only other calls accept would be refused as invalid (dbus.md 7). */
const SERVICE_FLAGS = FLAG.NO_TXT | FLAG.NO_ADDRESS
const RECORD_FLAGS = ~SERVICE_FLAGS
const ADDRESS_FLAGS = ~(SERVICE_FLAGS | FLAG.NO_SEARCH)

async function queryOne(word: string, context: Context): Promise<boolean> {
  const target = queryTarget(word, context.options)
  if (target.kind === 'record') {
    noteOnRecord(word, target, context)
    return queryRecord(target, context)
  }
  if (context.options.raw !== undefined) throw new CliError('--raw requires --type=, or a dns: URI.')
  if (context.options.json !== 'off') {
    throw new CliError(`${word}: --json= shows records: say which with --type=, such as --type=A or --type=AAAA.`)
  }
  await (target.kind === 'host' ? queryHost(target.name, context) : queryAddress(target, context))
  return true
}

async function queryHost(name: string, context: Context): Promise<void> {
  const { options, ifindex, links } = context
  const flags = options.flags & ~SERVICE_FLAGS
  const lookups = new Lookups(await context.bus())
  const startedAt = context.now()
  const answer = await explain(name, lookups.hostname(ifindex, name, options.family, flags))
  if (answer.addresses.length === 0) throw new CliError(`${name}: no addresses found`)
  const lines = hostLines(name, answer, (index) => links.nameOf(index))
  printAnswer(lines, answer.flags, context.now() - startedAt, context)
}

async function queryAddress({ address, zone }: QueryTarget & { kind: 'address' }, context: Context): Promise<void> {
  const zoneIndex = zone === undefined ? 0 : context.links.find(zone).ifindex
  if (zoneIndex > 0 && context.ifindex > 0 && zoneIndex !== context.ifindex) {
    throw new CliError('Specified multiple different interfaces. Refusing.')
  }
  const flags = context.options.flags & ADDRESS_FLAGS
  const lookups = new Lookups(await context.bus())
  const startedAt = context.now()
  const text =
    zone !== undefined && address.isLinkLocal ? `${address.text}%${context.links.nameOf(zoneIndex)}` : address.text
  const call = lookups.address(context.ifindex || zoneIndex, address.family, address.bytes, flags)
  const answer = await explain(text, call)
  if (answer.names.length === 0) throw new CliError(`${text}: no names found`)
  printAnswer(namesLines(text, answer), answer.flags, context.now() - startedAt, context)
}

function printRecords(name: string, { records, flags }: RecordsAnswer, elapsed: number, context: Context): boolean {
  if (records.length === 0) throw new CliError(`${name}: no records found`)
  const { options, screen } = context
  const found = records.map(({ ifindex, wire }) => ({ ifindex, wire, record: readRecord(wire) }))
  const isUnsure = !has(flags, FLAG.AUTHENTICATED) && found.some(({ record }) => KEY_TYPES.has(record.type))
  if (options.raw !== undefined) {
    for (const { wire, record } of found) screen.write(options.raw === 'packet' ? framed(wire) : payload(name, record))
  } else if (options.json === 'off') {
    printAnswer(
      found.map(({ ifindex, record }) => ({ ifindex, text: recordText(record, screen.columns) })),
      flags,
      elapsed,
      context,
    )
  } else if (isUnsure) {
    return false // C-Q-9
  } else {
    for (const { record } of found) printJson(recordObject(record) ?? unknownType(name, record.type), context)
  }
  if (isUnsure) screen.note(screen.paintNote('red', UNSURE_WARNING))
  return true
}

/** 64-bit little-endian length, then the record (C-Q-14). */
function framed(wire: Buffer): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(wire.length))
  return Buffer.concat([length, wire])
}

function payload(name: string, record: ReturnType<typeof readRecord>): Buffer {
  const bytes = payloadOf(record)
  if (bytes === undefined)
    throw new CliError(`${name}: cannot dump ${typeText(record.type)} as payload; try --raw=packet`)
  return bytes
}

function unknownType(name: string, type: number): never {
  throw new CliError(`${name}: records of type ${typeText(type)} have no JSON form; try without --json=`)
}

function printLegend(flags: number, elapsed: number, { options, screen }: Context): void {
  const lines = options.legend ? legendLines(flags, elapsed) : []
  if (lines.length > 0) screen.print(['', ...lines].join('\n'))
}

/** What is different from a host name lookup, said once where it may surprise (C-Q-8). */
function noteOnRecord(word: string, { name }: { name: string }, { screen }: Context): void {
  if (hasAuthority(word))
    screen.note(`${word}: the server named in the URI is not asked; the system's own resolver is.`)
  const parsed = parseName(name)
  if (parsed !== undefined && isSingleLabel(parsed) && !name.endsWith('.') && !SYNTHESIZED.has(parsed)) {
    screen.note(`(Note that search domains are not appended to '${name}' when --type= is specified.)`)
  }
  if (/\P{ASCII}/u.test(name)) {
    screen.note(`(Note that IDNA translation is not applied to '${name}' when --type= is specified.)`)
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

/** Types that hold keys: useless when someone else may have sent them (C-Q-9). */
// biome-ignore format: a table reads better in rows
const KEY_TYPES: ReadonlySet<number> = new Set([
  TYPE.CERT, TYPE.SSHFP, TYPE.IPSECKEY, TYPE.DS, TYPE.DNSKEY, TYPE.TLSA, TYPE.CDNSKEY, TYPE.OPENPGPKEY, TYPE.CAA,
])

const UNSURE_WARNING = `
WARNING: The records shown hold cryptographic keys, but could not be
         authenticated. Do not use them to authenticate anything.
         Usually DNSSEC is not enabled, or not available for the protocol
         or the DNS servers in use.`
