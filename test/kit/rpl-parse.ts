import type { Question, ResourceRecord, Section } from '../../src/wire/index.ts'
import { AA, AD, CD, QR, RA, RCODE, RD, TC, TYPE } from '../../src/wire/index.ts'
import { readQuestionText, readRecord } from './master-file.ts'
import { obstacleIn, readRplConfig, type RplConfig } from './rpl-config.ts'

/** The scenario needs something that this resolver does not do, or that the adapter does not know. */
export class RplUnsupported extends Error {
  override readonly name = 'RplUnsupported'
}

/** A message written out, with what it is to be compared by and how it is to be adapted when sent. */
export interface RplEntry {
  readonly line: number
  /** Words of MATCH lines: `qname`, `all`, `ede=22`. */
  readonly match: ReadonlySet<string>
  /** Words of ADJUST lines: `copy_id`, `copy_query`. */
  readonly adjust: ReadonlySet<string>
  /** Flags word, opcode and lower rcode bits included. */
  readonly flags: number
  readonly dnssecOk: boolean
  readonly question: (Question & { readonly wire: Buffer }) | undefined
  readonly sections: Readonly<Record<Section, readonly ResourceRecord[]>>
  /** Raw bytes instead of all that. */
  readonly hex: Buffer | undefined
}

/** Canned answers of a server, or of all, while the steps `from`..`to` are at hand. */
export interface RplRange {
  readonly from: number
  readonly to: number
  readonly address: string | undefined
  readonly entries: readonly RplEntry[]
}

export interface RplStep {
  readonly line: number
  readonly number: number
  readonly kind: string
  readonly address: string | undefined
  readonly seconds: number
  readonly entry: RplEntry | undefined
}

export interface RplScenario {
  readonly title: string
  readonly config: RplConfig
  readonly ranges: readonly RplRange[]
  readonly steps: readonly RplStep[]
}

const WITH_ENTRY: ReadonlySet<string> = new Set(['QUERY', 'CHECK_ANSWER', 'CHECK_OUT_QUERY', 'REPLY'])
const ALONE: ReadonlySet<string> = new Set(['NOTHING', 'TIMEOUT', 'ERROR', 'TRAFFIC', 'TIME_PASSES'])
const FLAGS: Readonly<Record<string, number>> = { QR, AA, TC, RD, CD, RA, AD }
const OPCODES: readonly (string | undefined)[] = ['QUERY', 'IQUERY', 'STATUS', undefined, 'NOTIFY', 'UPDATE']

/** Reads an unbound `.rpl` file. @throws {RplUnsupported} and, for what cannot be read, `Error` with file and line */
export function parseRpl(text: string, file: string): RplScenario {
  const lines = new Lines(text, file)
  const config = readRplConfig(lines.upTo('CONFIG_END', 'SCENARIO_BEGIN'))
  const obstacle = obstacleIn(config)
  if (obstacle !== undefined) throw new RplUnsupported(obstacle)
  const title = lines.next().replace(/^SCENARIO_BEGIN\s*/, '')
  const ranges: RplRange[] = []
  const steps: RplStep[] = []
  for (let line = lines.next(); !line.startsWith('SCENARIO_END'); line = lines.next()) {
    const [keyword, ...words] = line.split(/\s+/)
    if (keyword === 'RANGE_BEGIN') ranges.push(readRange(words, lines))
    else if (keyword === 'STEP') steps.push(readStep(words, lines))
    else if (!lines.isDirective(line)) lines.fail(`cannot read '${line}'`)
  }
  return { title, config, ranges, steps }
}

function readRange(words: readonly string[], lines: Lines): RplRange {
  const entries: RplEntry[] = []
  let address: string | undefined
  for (let line = lines.next(); !line.startsWith('RANGE_END'); line = lines.next()) {
    const [keyword = '', value] = line.split(/\s+/)
    if (keyword === 'ADDRESS') address = value
    else if (keyword.startsWith('ENTRY_BEGIN')) entries.push(readEntry(lines))
    else if (!lines.isDirective(line)) lines.fail(`cannot read '${line}'`)
  }
  return { from: Number(words[0]), to: Number(words[1]), address, entries }
}

function readStep([number, kind = '', ...words]: readonly string[], lines: Lines): RplStep {
  const { at: line } = lines
  const valueAfter = (keyword: string) => (words.includes(keyword) ? words[words.indexOf(keyword) + 1] : undefined)
  const step = { line, number: Number(number), kind, address: valueAfter('ADDRESS') }
  if (WITH_ENTRY.has(kind)) {
    if (!lines.next().startsWith('ENTRY_BEGIN')) lines.fail('ENTRY_BEGIN is missing')
    const entry = readEntry(lines)
    const obstacle = obstacleInStep(kind, entry)
    if (obstacle !== undefined) throw new RplUnsupported(obstacle)
    return { ...step, seconds: 0, entry }
  }
  if (!ALONE.has(kind) || words.includes('EVAL')) throw new RplUnsupported(`step ${kind} ${words.join(' ')}`.trim())
  return { ...step, seconds: Number(valueAfter('ELAPSE') ?? 0), entry: undefined }
}

/** What no forwarder behind a stub says. */
function obstacleInStep(
  kind: string,
  { flags, question, sections: { answer, authority } }: RplEntry,
): string | undefined {
  if (kind === 'QUERY' && question?.type === TYPE.RRSIG) return 'a question for RRSIG is refused (R-STUB-7)'
  const isReply = kind === 'CHECK_ANSWER' && (flags & (RD | 15)) === 0 && answer.length === 0
  const isReferral = isReply && authority.some(({ type }) => type === TYPE.NS)
  return isReferral ? 'a client without RD is given a referral from the cache: a forwarder has none' : undefined
}

function readEntry(lines: Lines): RplEntry {
  const { at: line } = lines
  const match = new Set<string>()
  const adjust = new Set<string>()
  const sections: Record<Section, ResourceRecord[]> = { answer: [], authority: [], additional: [] }
  let [flags, dnssecOk] = [0, false]
  let question: RplEntry['question']
  let hex: Buffer | undefined
  let section: Section | 'question' = 'question'
  for (let text = lines.next(); !text.startsWith('ENTRY_END'); text = lines.next()) {
    const [keyword = '', ...words] = text.replace(/\s[;#].*$/, '').split(/\s+/)
    if (keyword === 'MATCH') for (const word of words) match.add(word)
    else if (keyword === 'ADJUST') for (const word of words) adjust.add(word)
    else if (keyword === 'REPLY') {
      for (const word of words) {
        if (word === 'DO') dnssecOk = true
        else flags = withFlag(flags, word, lines)
      }
    } else if (keyword === 'SECTION') section = sectionNamed(words[0], lines)
    else if (keyword === 'HEX_ANSWER_BEGIN') hex = readHex(lines)
    else if (keyword === 'EXTRA_PACKET' || keyword.startsWith('HEX_')) throw new RplUnsupported(keyword)
    else if (lines.isDirective(text)) continue
    else if (section !== 'question') sections[section].push(lines.read(text, readRecord))
    else if (question !== undefined) throw new RplUnsupported('several questions in one message')
    else question = lines.read(text, readQuestionText)
  }
  return { line, match, adjust, flags, dnssecOk, question, sections, hex }
}

function withFlag(flags: number, word: string, lines: Lines): number {
  const opcode = OPCODES.indexOf(word)
  if (opcode >= 0) return (flags & ~0x7800) | (opcode << 11)
  const rcode = (RCODE as Readonly<Record<string, number>>)[word === 'NOTIMPL' ? 'NOTIMP' : word]
  if (rcode !== undefined) return (flags & ~15) | (rcode & 15)
  return flags | (FLAGS[word] ?? lines.fail(`cannot read REPLY ${word}`))
}

function sectionNamed(word: string | undefined, lines: Lines): Section | 'question' {
  const name = word?.toLowerCase()
  if (name === 'question' || name === 'answer' || name === 'authority' || name === 'additional') return name
  return lines.fail(`there is no section ${word}`)
}

function readHex(lines: Lines): Buffer {
  let digits = ''
  for (let line = lines.next(); line !== 'HEX_ANSWER_END'; line = lines.next()) digits += line.replace(/;.*|\s/g, '')
  return Buffer.from(digits, 'hex')
}

/** The file line by line, trimmed, without empty lines and comments; `$ORIGIN` and `$TTL` are remembered. */
class Lines {
  readonly #file: string
  readonly #lines: readonly string[]
  #origin = '.'
  #ttl = 3600
  /** Number of the line read last. */
  at = 0

  constructor(text: string, file: string) {
    this.#file = file
    this.#lines = text.split('\n').map((line) => line.trim())
  }

  next(): string {
    while (this.at < this.#lines.length) {
      const line = this.#lines[this.at++] as string
      if (line !== '' && !/^[;#]/.test(line)) return this.#joined(line)
    }
    return this.fail('the file ends too early')
  }

  /** Everything before the line that starts with `stop`; lines that are only `end` are left out. */
  upTo(end: string, stop: string): string[] {
    const start = this.at
    const length = this.#lines.slice(start).findIndex((line) => line.startsWith(stop))
    if (length < 0) return this.fail(`${stop} is missing`)
    this.at = start + length
    return this.#lines.slice(start, this.at).filter((line) => line !== end)
  }

  isDirective(line: string): boolean {
    const [keyword, value = ''] = line.split(/\s+/)
    if (keyword === '$ORIGIN') this.#origin = value
    else if (keyword === '$TTL') this.#ttl = Number(value)
    else return false
    return true
  }

  read<T>(text: string, reader: (text: string, defaults: { origin: string; ttl: number }) => T): T {
    try {
      return reader(text, { origin: this.#origin, ttl: this.#ttl })
    } catch (error) {
      return this.fail(error instanceof Error ? error.message : String(error))
    }
  }

  fail(problem: string): never {
    throw new Error(`${this.#file}:${this.at}: ${problem}`)
  }

  /** A record in parentheses goes on over several lines (RFC 1035 §5.1). */
  #joined(first: string): string {
    let text = first
    const depth = () => text.replace(/"(?:\\.|[^"\\])*"/g, '').replace(/;[^\n]*/g, '')
    while (depth().split('(').length > depth().split(')').length && this.at < this.#lines.length) {
      text += `\n${this.#lines[this.at++] as string}`
    }
    return text
  }
}
