import { type ConfigWarning, orReport, type Report, SettingError, type SourceFile } from './config-warning.ts'
import {
  checkLabel,
  checkServiceType,
  type DnssdService,
  EMPTY_TXT,
  instanceName,
  NO_SPECIFIERS,
  txtString,
} from './dnssd-service.ts'
import { quotedWords } from './quoted-words.ts'
import type { Draft } from './resolved-conf.ts'
import { type ApplyKey, readUnit } from './unit-reader.ts'
import { parseCount } from './values.ts'

/** Files read; those after them by name are left out. */
export const MAX_DNSSD_FILES = 1024
/** TXT records of one service. */
const MAX_TXT = 64
const MAX_WORD = 65_535
/** What `%H` is checked with; the label itself comes later, and may be longer. */
const SOME_LABEL = 'h'

/** Name and Type are missing until they are read. */
type Reading = Draft<Omit<DnssdService, 'nameTemplate' | 'type'>> & { nameTemplate?: string; type?: string }

/**
 * Reads a `*.dnssd` file and its drop-ins, in the order in which they count (SD-F-1 to SD-F-3). Without Name or Type there is
 * no service. Never fails.
 */
export function readDnssdService(
  id: string,
  files: readonly SourceFile[],
): { readonly service: DnssdService | undefined; readonly warnings: readonly ConfigWarning[] } {
  const draft: Reading = { id, subtypes: [], port: 0, priority: 0, weight: 0, txt: [] }
  const { warnings } = readUnit(files, 'Service', KEYS, draft)
  const { nameTemplate, type, txt } = draft
  if (nameTemplate !== undefined && type !== undefined) {
    return { service: { ...draft, nameTemplate, type, txt: txt.length === 0 ? EMPTY_TXT : txt }, warnings }
  }
  const key = nameTemplate === undefined ? 'Name' : 'Type'
  const message = 'Missing, or what is given cannot be used: the service is not published.'
  return { service: undefined, warnings: [...warnings, { file: files[0]?.path ?? id, line: undefined, key, message }] }
}

const KEYS: Readonly<Record<string, ApplyKey<Reading>>> = {
  Name: (draft, value) => {
    instanceName(value, { ...NO_SPECIFIERS, ...PLACEHOLDERS }, SOME_LABEL)
    draft.nameTemplate = value
  },
  Type: (draft, value) => {
    draft.type = checkServiceType(value)
  },
  SubType: (draft, value) => {
    draft.subtypes = value === '' ? [] : [checkLabel(value, 'The subtype')]
  },
  Port: (draft, value) => {
    draft.port = parseCount(value, MAX_WORD)
  },
  Priority: (draft, value) => {
    draft.priority = parseCount(value, MAX_WORD)
  },
  Weight: (draft, value) => {
    draft.weight = parseCount(value, MAX_WORD)
  },
  TxtText: (draft, value, report) => {
    draft.txt = extendTxt(draft.txt, value, (text) => text, report)
  },
  TxtData: (draft, value, report) => {
    draft.txt = extendTxt(draft.txt, value, decodeBase64, report)
  },
}

/** A name of one specifier alone is no empty name, whatever it turns out to be. */
const PLACEHOLDERS = Object.fromEntries(Object.keys(NO_SPECIFIERS).map((letter) => [letter, letter]))

/** Each line is one more record; an empty one removes all before (SD-F-3). A bad item loses only itself. */
function extendTxt(
  txt: DnssdService['txt'],
  value: string,
  decode: (value: Buffer) => Buffer,
  report: Report,
): DnssdService['txt'] {
  if (value === '') return []
  if (txt.length >= MAX_TXT) throw new SettingError(`More than ${MAX_TXT} TXT records, ignoring this one.`, value)
  const strings = quotedWords(value).flatMap((word) => orReport(report, () => stringOf(word, decode)) ?? [])
  return strings.length === 0 ? txt : [...txt, strings]
}

function stringOf(word: Buffer, decode: (value: Buffer) => Buffer): Buffer {
  const equals = word.indexOf('=')
  if (equals < 0) return txtString(word.toString(), undefined)
  return txtString(word.toString('utf8', 0, equals), decode(word.subarray(equals + 1)))
}

function decodeBase64(text: Buffer): Buffer {
  const value = text.toString('latin1')
  const bytes = Buffer.from(value, 'base64')
  if (bytes.toString('base64').replaceAll('=', '') !== value.replace(/={0,2}$/, '')) {
    throw new SettingError(`'${value}' is not base64, ignoring this item.`, value)
  }
  return bytes
}
