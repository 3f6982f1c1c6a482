import { TYPE, typeText } from '../../wire/index.ts'
import { explain } from '../client/attempts.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context } from '../command/context.ts'
import { FLAG, has } from '../command/flags.ts'
import type { RecordsAnswer } from './lookups.ts'
import { lookupsFor } from './lookups-for.ts'
import { printAnswer, printJson } from '../terminal/output.ts'
import { type FoundRecord, payloadOf, readRecord, recordObject, recordText } from './record-lines.ts'
import { failingAsJson } from './failing-as-json.ts'

/** What to look up with `-t`, `openpgp` or `tlsa`. */
export interface RecordTarget {
  readonly name: string
  readonly class: number
  readonly type: number
}

/** One record lookup, printed in the form the options ask for, failures too; false: the exit code must be 1 all the same. */
export function queryRecord(target: RecordTarget, context: Context): Promise<boolean> {
  return failingAsJson(target.name, context, () => lookUpRecord(target, context))
}

/** As `queryRecord`, but prints nothing about a failure. @throws {BusCallError} */
export async function lookUpRecord({ name, class: klass, type }: RecordTarget, context: Context): Promise<boolean> {
  const lookups = lookupsFor(context)
  const startedAt = context.now()
  const flags = context.options.flags & ~FLAG.NO_TXT & ~FLAG.NO_ADDRESS
  const call = lookups.record(context.ifindex, name, klass, type, flags)
  return printRecords(name, await explain(name, call), context.now() - startedAt, context)
}

function printRecords(name: string, answer: RecordsAnswer, elapsed: number, context: Context): boolean {
  const { records, flags } = answer
  if (records.length === 0) throw new CliError(`${name}: no records found`)
  const { options, screen } = context
  const found = records.map(({ ifindex, wire }) => ({ ifindex, wire, record: readRecord(wire) }))
  const isUnsure = !has(flags, FLAG.AUTHENTICATED) && found.some(({ record }) => KEY_TYPES.has(record.type))
  if (options.json !== 'off' && isUnsure) return false // C-Q-9
  if (options.raw !== undefined) {
    for (const { wire, record } of found) screen.write(options.raw === 'packet' ? framed(wire) : payload(name, record))
  } else if (options.json !== 'off') {
    for (const { record } of found) printJson(recordObject(record) ?? unknownType(name, record.type), context)
  } else {
    const lines = found.map(({ ifindex, record }) => ({ ifindex, text: recordText(record, screen.columns) }))
    printAnswer(lines, answer, elapsed, context)
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

function payload(name: string, record: FoundRecord): Buffer {
  const bytes = payloadOf(record)
  if (bytes !== undefined) return bytes
  throw new CliError(`${name}: cannot dump ${typeText(record.type)} as payload; try --raw=packet`)
}

function unknownType(name: string, type: number): never {
  throw new CliError(`${name}: records of type ${typeText(type)} have no JSON form; try without --json=`)
}

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
