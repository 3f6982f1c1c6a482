import { AF_INET, AF_INET6, IpAddress } from '../base/index.ts'
import {
  CLASS,
  type Name,
  parseName,
  recordOf,
  type ResourceRecord,
  TYPE,
  typeText,
  wireOfName,
} from '../wire/index.ts'
import { orReport, type ConfigWarning, SettingError, type SourceFile } from './config-warning.ts'

/** All static records by owner name: exact matches only, every record of the name (R-STATIC-2). */
export type StaticRecords = ReadonlyMap<Name, readonly ResourceRecord[]>

const NAME_TYPES: ReadonlySet<number> = new Set([TYPE.PTR, TYPE.NS, TYPE.CNAME, TYPE.DNAME])
type JsonFields = Readonly<Record<string, unknown>>

/** Reads `*.rr` files: one JSON record or an array of them (R-STATIC-1). A bad record loses only itself. */
export function readStaticRecords(files: readonly SourceFile[]): {
  records: StaticRecords
  warnings: readonly ConfigWarning[]
} {
  const warnings: ConfigWarning[] = []
  const records = new Map<Name, ResourceRecord[]>()
  for (const { path: file, text } of files) {
    const report = (message: string) => warnings.push({ file, line: undefined, key: undefined, message })
    const json = orReport(report, () => parseJson(text))
    if (json === undefined) continue
    for (const [index, item] of [json].flat().entries()) {
      const place = Array.isArray(json) ? `record ${index + 1}: ` : ''
      const record = orReport(
        (message) => report(`${place}${message}`),
        () => recordOfJson(item),
      )
      if (record !== undefined) append(records, record)
    }
  }
  return { records, warnings }
}

/** Records of a name keep the order of the files and of the lines in them. */
function append(records: Map<Name, ResourceRecord[]>, record: ResourceRecord): void {
  const known = records.get(record.name)
  if (known === undefined) records.set(record.name, [record])
  else known.push(record)
}

/** @throws {SettingError} with the parser's own reason */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new SettingError(`Not valid JSON: ${(error as SyntaxError).message}`, '')
  }
}

/** TTL 0, as for all local answers. @throws {SettingError} that names the field */
function recordOfJson(json: unknown): ResourceRecord {
  const fields = fieldsOf(json, 'the record')
  const key = fieldsOf(fields.key, 'key')
  const name = nameField(key.name, 'key.name')
  if (key.class !== undefined && key.class !== CLASS.IN) throw bad('key.class', 'must be 1 (IN)', key.class)
  const type = key.type
  if (typeof type !== 'number' || !Number.isInteger(type)) throw bad('key.type', 'must be a number', type)
  return recordOf(name, type, rdataOf(type, fields))
}

/** Only types whose form in the file is defined (R-STATIC-1). @throws {SettingError} */
function rdataOf(type: number, fields: JsonFields): Uint8Array {
  if (type === TYPE.A) return addressField(fields.address, AF_INET)
  if (type === TYPE.AAAA) return addressField(fields.address, AF_INET6)
  if (NAME_TYPES.has(type)) return wireOfName(nameField(fields.name, 'name'))
  throw bad('key.type', 'must be A, AAAA, PTR, NS, CNAME or DNAME', typeText(type))
}

/** Text, or the bytes as an array of numbers. */
function addressField(value: unknown, family: number): Uint8Array {
  const isBytes = Array.isArray(value) && value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)
  const address = isBytes ? IpAddress.fromBytes(value as number[]) : IpAddress.parse(String(value))
  if (address?.family === family) return address.bytes
  throw bad('address', `must be an ${family === AF_INET ? 'IPv4' : 'IPv6'} address`, value)
}

function nameField(value: unknown, field: string): Name {
  const name = typeof value === 'string' ? parseName(value) : undefined
  if (name === undefined) throw bad(field, 'must be a domain name', value)
  return name
}

function fieldsOf(value: unknown, field: string): JsonFields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(field, 'must be an object', value)
  return value as JsonFields
}

function bad(field: string, message: string, value: unknown): SettingError {
  return new SettingError(`${field} ${message}, not ${JSON.stringify(value) ?? 'missing'}.`, field)
}
