import type { Channel } from '../../src/base/index.ts'
import type { Message, ResourceRecord, Section } from '../../src/wire/index.ts'
import {
  compose,
  FormError,
  isWithin,
  OPTION,
  parseMessage,
  questionText,
  RCODE,
  rcodeText,
  TC,
  TYPE,
  withId,
} from '../../src/wire/index.ts'
import { recordLine } from './master-file.ts'
import type { RplConfig } from './rpl-config.ts'
import { type RplEntry, RplUnsupported } from './rpl-parse.ts'

/** A message on its way, and how it travels. */
export interface Packet {
  readonly wire: Buffer
  readonly channel: Channel
}

const SECTIONS: readonly Section[] = ['answer', 'authority', 'additional']
/** QR AA TC RD RA AD CD. */
const HEADER_FLAGS = 0x87b0

/** How replies are compared; see `RplConfig`. */
export type Comparison = Pick<RplConfig, 'isMinimal' | 'dnssec'>

/** Why a message does not match the entry; undefined when it does. */
export function mismatch(entry: RplEntry, { wire, channel }: Packet, how: Comparison): string | undefined {
  const message = readable(wire)
  if (message === undefined) return 'it cannot be read'
  for (const rule of entry.match) {
    const problem = ruleProblem(rule, entry, message, channel, how)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** The entry as bytes: on its own, or as the answer to `request`. */
export function wireOf(entry: RplEntry, request?: Buffer): Buffer {
  const id = request !== undefined && entry.adjust.has('copy_id') ? request.readUInt16BE(0) : 0
  if (entry.hex !== undefined) return entry.hex.length >= 2 ? withId(entry.hex, id) : entry.hex
  const question = entry.adjust.has('copy_query') && request ? parseMessage(request).question : entry.question?.wire
  const opt = { payloadSize: 4096, extendedRcode: 0, version: 0, dnssecOk: true, options: [] }
  return compose({ id, flags: entry.flags, question, ...entry.sections, opt: entry.dnssecOk ? opt : undefined })
}

function ruleProblem(
  rule: string,
  entry: RplEntry,
  message: Message,
  channel: Channel,
  how: Comparison,
): string | undefined {
  const { question } = message
  switch (rule) {
    case 'opcode':
      return differs('opcode', (message.flags >> 11) & 15, (entry.flags >> 11) & 15)
    case 'qtype':
      return differs('type', question?.type, entry.question?.type)
    case 'qname':
      return differs('name', question?.name, entry.question?.name)
    case 'question':
      return differs('question', question && questionText(question), entry.question && questionText(entry.question))
    case 'subdomain': {
      const isBelow = question !== undefined && isWithin(question.name, entry.question?.name ?? question.name)
      return isBelow ? undefined : `name: ${question?.name} is not below ${entry.question?.name}`
    }
    case 'rcode':
      return differs('rcode', rcodeText(message.rcode), rcodeText(entry.flags & 15))
    case 'answer':
      return sectionProblem('answer', entry, message)
    case 'DO':
      return message.opt?.dnssecOk === true ? undefined : 'DO is not set'
    case 'noedns':
      return message.opt === undefined ? undefined : 'there is an OPT record'
    case 'UDP':
    case 'TCP':
      return differs('transport', channel, rule.toLowerCase())
    case 'ttl':
      return undefined // says how `all` and `answer` compare
    case 'all':
    case 'all_noedns':
      return allProblem(rule === 'all', entry, message, how)
    default:
      return extendedErrorProblem(rule, message, how)
  }
}

/** Where replies are validated, 0 ("Other") says that there is some error: ours may say which. */
function extendedErrorProblem(
  rule: string,
  { opt, extendedError }: Message,
  { dnssec }: Comparison,
): string | undefined {
  const wanted = /^ede=(any|\d+)$/.exec(rule)?.[1]
  if (wanted === undefined) throw new RplUnsupported(`MATCH ${rule}`)
  const isThere = opt?.options.some(({ code }) => code === OPTION.EDE) === true
  if (wanted === 'any' || (wanted === '0' && dnssec !== undefined))
    return isThere ? undefined : 'there is no extended error'
  return differs('extended error', extendedError?.code, Number(wanted))
}

/**
 * Header, question and all sections. Where replies are minimal, ours may have more authority and additional records. Where
 * they are validated, the zone's servers and the additional section are nobody's question and may differ, and so may DO of
 * an error.
 */
function allProblem(withEdns: boolean, entry: RplEntry, message: Message, how: Comparison): string | undefined {
  const isError = how.dnssec !== undefined && message.rcode === RCODE.SERVFAIL
  const header = differs('flags', message.flags & HEADER_FLAGS, wantedFlags(entry) & HEADER_FLAGS)
  const rcode = differs('rcode', rcodeText(message.rcode), rcodeText(entry.flags & 15))
  const edns = withEdns && !isError ? differs('DO', message.opt?.dnssecOk ?? false, entry.dnssecOk) : undefined
  const compared = how.dnssec === undefined ? SECTIONS : SECTIONS.filter((name) => name !== 'additional')
  const sections = compared.map((name) => sectionProblem(name, entry, message, how))
  const question = ruleProblem('question', entry, message, 'udp', how)
  return [rcode, header, question, edns, ...sections].find((problem) => problem !== undefined)
}

/** In an order of their own: addresses are shuffled on purpose (R-CACHE-15). */
function sectionProblem(
  name: Section,
  entry: RplEntry,
  message: Message,
  how: Comparison = { isMinimal: false, dnssec: undefined },
): string | undefined {
  const withTtl = entry.match.has('ttl')
  const mayHaveMore = name !== 'answer' && (how.isMinimal || how.dnssec !== undefined)
  const isCompared = (record: ResourceRecord) => how.dnssec === undefined || name === 'answer' || !isOfServers(record)
  const linesOf = (records: readonly ResourceRecord[]) => {
    const lines = records.filter(isCompared).map((record) => recordLine(withTtl ? record : { ...record, ttl: 0 }))
    return how.dnssec === undefined ? lines : [...new Set(lines.map((line) => line.toLowerCase()))]
  }
  const wanted = linesOf(entry.sections[name]).toSorted()
  const actual = linesOf(message[name]).filter((line) => !mayHaveMore || wanted.includes(line))
  return differs(name, actual.toSorted().join('; '), wanted.join('; '))
}

/**
 * unbound says TC where its reply, servers included, is over its `max-udp-size`. The clients of scenarios take 4096 bytes, and
 * that is what counts here: they must get all these records, and no TC.
 */
function wantedFlags({ flags, sections }: RplEntry): number {
  return sections.answer.length > 0 ? flags & ~TC : flags
}

function isOfServers({ type, rdata }: ResourceRecord): boolean {
  return type === TYPE.NS || (type === TYPE.RRSIG && rdata.readUInt16BE(0) === TYPE.NS)
}

function differs(what: string, actual: unknown, wanted: unknown): string | undefined {
  return actual === wanted ? undefined : `${what}: expected ${String(wanted)}, there is ${String(actual)}`
}

function readable(wire: Buffer): Message | undefined {
  try {
    return parseMessage(wire)
  } catch (error) {
    if (error instanceof FormError) return undefined
    throw error
  }
}
