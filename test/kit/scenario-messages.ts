import type { EdnsOption, Message, Opt, ResourceRecord, Section } from '../../src/wire/index.ts'
import {
  AA,
  AD,
  CD,
  extendedErrorOption,
  hasFlag,
  HEADER_SIZE,
  OPTION,
  parseClass,
  RCODE,
  rcodeText,
  TC,
  withId,
} from '../../src/wire/index.ts'
import { queryFor, replyFor } from './messages.ts'
import { readRecord, recordLine } from './master-file.ts'
import type { BlockLine, Command, Words } from './scenario-file.ts'
import { ScenarioError } from './scenario-file.ts'

const FLAGS = { aa: AA, tc: TC, ad: AD, cd: CD } as const
const SECTIONS: readonly Section[] = ['answer', 'authority', 'additional']

/** A client's request from the words after `ask`. */
export function requestFrom(words: Words): Buffer {
  const name = words.next('name')
  const type = words.next('type')
  const className = words.after('class')
  const edns = words.numberAfter('edns')
  const opcode = words.numberAfter('opcode') ?? 0
  return queryFor(name, {
    type,
    flags: flagsAmong(words) | (opcode << 11),
    isRecursive: !words.has('no-rd'),
    dnssecOk: words.has('do'),
    ...(edns === undefined ? {} : { edns }),
    ...(words.has('nsid') ? { options: [{ code: OPTION.NSID, data: Buffer.alloc(0) }] } : {}),
    ...(className === undefined ? {} : { class: parseClass(className) ?? words.fail('not a class') }),
  })
}

/** A server's reply to `request` from the words after `answer` and the records below. */
export function replyFrom(request: Buffer, words: Words, command: Command): Buffer {
  const isForged = words.has('wrong-id')
  if (words.has('garbage')) return garbage(request)
  const word = words.nextIf((next) => next in RCODE) ?? 'NOERROR'
  const rcode = RCODE[word as keyof typeof RCODE]
  const opt = optFrom(words, rcode)
  const sections = sectionsOf(command)
  const lines = (section: Section) => sections[section].map(({ text }) => text)
  const reply = replyFor(request, {
    rcode,
    flags: flagsAmong(words),
    answer: lines('answer'),
    authority: lines('authority'),
    additional: lines('additional'),
    ...(opt === undefined ? {} : { opt }),
  })
  return isForged ? withId(reply, reply.readUInt16BE(0) ^ 1) : reply
}

/** What an `asked` line says of EDNS and flags. */
export function questionTest(words: Words): (message: Message) => boolean {
  const wanted = flagsAmong(words)
  const size = words.numberAfter('edns')
  const wantsDo = words.has('do')
  const wantsNone = words.has('no-edns')
  return ({ opt, flags }) =>
    (flags & wanted) === wanted &&
    (size === undefined || opt?.payloadSize === size) &&
    (!wantsDo || opt?.dnssecOk === true) &&
    !(wantsNone && opt !== undefined)
}

/** Compares a reply with the words and the records of an `expect` line. @throws {ScenarioError} */
export function checkReply(message: Message, words: Words, command: Command): void {
  same(rcodeText(message.rcode), words.next('rcode'), 'rcode', command)
  const flags = Object.entries(FLAGS).filter(([, bit]) => (message.flags & bit) !== 0)
  const wantedFlags = Object.keys(FLAGS).filter((flag) => words.has(flag))
  same(flags.map(([flag]) => flag).join(' '), wantedFlags.join(' '), 'flags', command)
  checkOpt(message, words, command)
  checkSections(message, words, command)
}

export function same(actual: string, wanted: string, what: string, at: { file: string; line: number }): void {
  if (actual !== wanted) throw new ScenarioError(at, `${what}: expected '${wanted}', there is '${actual}'`)
}

/** Records of one section, one a line, in an order of their own: addresses are shuffled on purpose (R-CACHE-15). */
export function recordLines(records: readonly ResourceRecord[]): string {
  return records.map(recordLine).toSorted().join('; ')
}

function flagsAmong(words: Words): number {
  return Object.entries(FLAGS).reduce((flags, [word, bit]) => (words.has(word) ? flags | bit : flags), 0)
}

function optFrom(words: Words, rcode: number): Opt | undefined {
  const payloadSize = words.numberAfter('edns')
  const code = words.numberAfter('ede')
  const dnssecOk = words.has('do')
  if (payloadSize === undefined && code === undefined && !dnssecOk && rcode < 16) return undefined
  const options: EdnsOption[] = code === undefined ? [] : [extendedErrorOption({ code, text: '' })]
  return { payloadSize: payloadSize ?? 1232, extendedRcode: rcode >> 4, version: 0, dnssecOk, options }
}

/** A header and question that promise a record which is not there. */
function garbage(request: Buffer): Buffer {
  const reply = replyFor(request)
  reply.writeUInt16BE(1, HEADER_SIZE - 6)
  return reply
}

function checkOpt({ opt, extendedError }: Message, words: Words, command: Command): void {
  if (words.has('no-edns')) same(opt === undefined ? 'none' : 'some', 'none', 'EDNS', command)
  const size = words.after('edns')
  if (size !== undefined) same(String(opt?.payloadSize ?? 'none'), size, 'EDNS size', command)
  const code = words.after('ede')
  same(String(extendedError?.code ?? 'none'), code ?? 'none', 'extended error', command)
  if (words.has('do')) same(String(opt?.dnssecOk ?? false), 'true', 'DO', command)
  const nsid = words.after('nsid')
  if (nsid !== undefined) {
    same(String(opt?.options.find((option) => option.code === OPTION.NSID)?.data ?? 'none'), nsid, 'NSID', command)
  }
}

/** The answer section always; the others where the scenario says something of them, or `bare` that they are empty. */
function checkSections(message: Message, words: Words, command: Command): void {
  const wanted = sectionsOf(command)
  const isBare = words.has('bare')
  if (words.has('any-records')) return
  for (const section of SECTIONS) {
    const lines = wanted[section]
    if (section !== 'answer' && lines.length === 0 && !isBare) continue
    const expected = recordLines(lines.map(({ text }) => readRecord(text)))
    same(recordLines(message[section]), expected, section, { file: command.file, line: lines[0]?.line ?? command.line })
  }
}

/** Lines below a command, by section: `authority` or `additional` leads a line, `answer` goes without saying. */
function sectionsOf({ block }: Command): Record<Section, BlockLine[]> {
  const sections: Record<Section, BlockLine[]> = { answer: [], authority: [], additional: [] }
  for (const { line, text } of block) {
    const section = SECTIONS.find((name) => text.startsWith(`${name} `))
    sections[section ?? 'answer'].push({ line, text: section === undefined ? text : text.slice(section.length + 1) })
  }
  return sections
}

/** For error messages: what a reply holds, in one line. */
export function replyText(wire: Buffer, message: Message): string {
  const cut = hasFlag(wire, TC) ? ' tc' : ''
  return `${rcodeText(message.rcode)}${cut} ${recordLines(message.answer)}`.trim()
}
