import { expect, test } from 'vitest'
import type { Verdict } from '../../../src/dnssec/index.ts'
import { ChainMemory } from '../../../src/dnssec/index.ts'
import type { Message, Question, ResourceRecord } from '../../../src/wire/index.ts'
import { FormError, nameOf, parseMessage, parseType, ROOT, TYPE, wireOfRecord } from '../../../src/wire/index.ts'
import { recordLine } from '../../kit/master-file.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'
import { SignedTree, TEST_TIME } from '../../kit/signed-tree.ts'

const DATA = [
  'www A 192.0.2.1',
  'www A 192.0.2.2',
  'alias CNAME www',
  '*.wild A 192.0.2.9',
  'moved DNAME wild',
  'a.b MX 1 www',
]
const TREE = new SignedTree([
  { apex: 'test' },
  { apex: 'nsec.test', records: DATA },
  { apex: 'nsec3.test', records: DATA, denial: 'nsec3' },
  { apex: 'optout.test', records: DATA, denial: 'opt-out' },
  { apex: 'compact.test', records: DATA, denial: 'compact' },
  { apex: 'plain.test', records: DATA, algorithm: 'unsigned' },
  { apex: 'rsa.test', records: DATA, algorithm: 8, denial: 'nsec3', iterations: 10 },
  { apex: 'rsa512.test', records: DATA, algorithm: 10 },
  { apex: 'p256.test', records: DATA, algorithm: 13, denial: 'compact' },
  { apex: 'p384.test', records: DATA, algorithm: 14, digestType: 4 },
  { apex: 'ed448.test', records: DATA, algorithm: 16, denial: 'opt-out' },
  { apex: 'dear.test', records: DATA, denial: 'nsec3', iterations: 51 },
  { apex: 'island.test', records: DATA, isIsland: true },
  { apex: 'expired.test', records: DATA, validity: [TEST_TIME - 9_000_000, TEST_TIME - 5_000_000] },
  { apex: 'future.test', records: DATA, validity: [TEST_TIME + 5_000_000, TEST_TIME + 9_000_000] },
  { apex: 'sha1.test', records: DATA, algorithm: 5 },
  { apex: 'sha1nsec3.test', records: DATA, algorithm: 7, denial: 'nsec3' },
  { apex: 'revoked.test', records: DATA, isRevoked: true },
  { apex: 'stripped.test', records: DATA },
  { apex: 'forged.test', records: DATA, denial: 'nsec3' },
  { apex: 'wrongsigner.test', records: DATA, algorithm: 13 },
  { apex: 'deep.nsec3.test', records: DATA },
  { apex: 'bare.nsec.test', records: DATA, algorithm: 'unsigned' },
  { apex: 'bare.optout.test', records: DATA, algorithm: 'unsigned' },
])

/** What is wrong with the signatures of a zone's data, which its keys are not. */
const FAULTS: Readonly<Record<string, (rrsig: ResourceRecord) => ResourceRecord[]>> = {
  'stripped.test': () => [],
  'forged.test': (rrsig) => [withRdata(rrsig, (rdata) => rdata.fill(0x55, rdata.length - 8))],
  'wrongsigner.test': (rrsig) => [withRdata(rrsig, (rdata) => rdata.fill('x', 19, 30))],
}

function withRdata(record: ResourceRecord, change: (rdata: Buffer) => void): ResourceRecord {
  const rdata = Buffer.from(record.rdata)
  change(rdata)
  return { ...record, rdata }
}

/** As the server has it, before anybody changes it on the way. */
function served(message: Message, { name, type }: Pick<Question, 'name' | 'type'>): Message {
  const apex = Object.keys(FAULTS).find((each) => name.endsWith(`.${each}`))
  const fault = apex === undefined ? undefined : FAULTS[apex]
  if (fault === undefined || type === TYPE.DS || type === TYPE.DNSKEY) return message
  const spoilt = (record: ResourceRecord) => (record.type === TYPE.RRSIG ? fault(record) : [record])
  return { ...message, answer: message.answer.flatMap(spoilt), authority: message.authority.flatMap(spoilt) }
}

/** Nothing in them is ever secure. */
const UNVOUCHED: readonly string[] = [
  'revoked.test',
  ...Object.keys(FAULTS),
  'plain.test',
  'island.test',
  'expired.test',
  'future.test',
  'bare.nsec.test',
  'bare.optout.test',
]
const ALL_QUESTIONS = ['www A', 'alias A', 'x.wild A', 'x.wild MX', 'y.moved A', 'none A', 'b A']
const ONE_OF_EACH = ['www A', 'y.moved A', 'none A']
const THOROUGHLY = new Set(['nsec.test', 'nsec3.test', 'optout.test', 'compact.test'])
const KINDS = TREE.zones.map(({ apex }) => apex).filter((apex) => apex !== ROOT && apex !== 'test')

const ASKED = KINDS.flatMap((apex) =>
  (THOROUGHLY.has(apex) ? ALL_QUESTIONS : ONE_OF_EACH).map((asked) => {
    const [name = '', type = ''] = asked.split(' ')
    return [`${name}.${apex}`, type] as const
  }),
)

type Change = (records: readonly ResourceRecord[], at: number, random: SeededRandom) => ResourceRecord[]

const CHANGES: Readonly<Record<string, Change>> = {
  'a record removed': (records, at) => records.toSpliced(at, 1),
  'a record twice': (records, at) => [...records, records[at] as ResourceRecord],
  'records in reverse': (records) => records.toReversed(),
  'a bit flipped': (records, at, random) => {
    const record = records[at] as ResourceRecord
    const rdata = Buffer.from(record.rdata)
    const bit = random.below(Math.max(1, rdata.length * 8))
    if (rdata.length > 0) rdata[bit >> 3] = (rdata[bit >> 3] as number) ^ (1 << (bit & 7))
    return records.toSpliced(at, 1, { ...record, rdata })
  },
  'another owner': (records, at, random) => {
    const record = records[at] as ResourceRecord
    const { owner, name } = records[random.below(records.length)] as ResourceRecord
    return records.toSpliced(at, 1, { ...record, owner, name })
  },
  'another record’s data': (records, at, random) => {
    const record = records[at] as ResourceRecord
    const alike = records.filter(({ type }) => type === record.type)
    const { rdata } = alike[random.below(alike.length)] as ResourceRecord
    return records.toSpliced(at, 1, { ...record, rdata })
  },
}

function linesOf(records: readonly ResourceRecord[]): string[] {
  return records
    .filter(({ type }) => type !== TYPE.RRSIG)
    .map((record) => recordLine({ ...record, ttl: 0 }).toLowerCase())
}

/** What somebody is told: the data without signatures, or that it is not there. */
function claim(verdict: Verdict): string[] {
  if (verdict.kind !== 'secure') return []
  const data = linesOf(verdict.answer)
  return verdict.denied === undefined ? data : [...data, verdict.denied]
}

function wireOf(id: number, flags: number, ...[answer, authority]: readonly (readonly ResourceRecord[])[]): Buffer {
  const header = Buffer.alloc(12)
  const [answers = [], authorities = []] = [answer, authority]
  for (const [i, field] of [id, flags, 0, answers.length, authorities.length].entries())
    header.writeUInt16BE(field, 2 * i)
  return Buffer.concat([header, ...answers.map(wireOfRecord), ...authorities.map(wireOfRecord)])
}

/** As it arrives; undefined when it cannot be read any more. */
function changed(
  message: Message,
  section: 'answer' | 'authority',
  at: number,
  change: Change,
  random: SeededRandom,
): Message | undefined {
  const { id, flags, answer, authority } = message
  const parts = { answer, authority, [section]: change(message[section], at, random) }
  try {
    return parseMessage(wireOf(id, flags, parts.answer, parts.authority))
  } catch (error) {
    if (error instanceof FormError) return undefined
    throw error
  }
}

/** Whether nothing but what the zones say is told, though perhaps less of it: aliases alone, to be asked on. */
function isTrue(told: readonly string[], truth: readonly string[]): boolean {
  const denied = ['nxdomain', 'nodata'].find((word) => told.includes(word))
  return denied === undefined ? told.every((line) => truth.includes(line)) : truth.includes(denied)
}

/** What nobody vouches for, or what is bogus, passes for signed. */
function isStrengthened(asked: string, after: Verdict): boolean {
  return UNVOUCHED.some((apex) => asked.endsWith(`.${apex}`)) && after.kind === 'secure'
}

/** What is signed passes for unsigned; a zone of too many iterations has no proof against that (RFC 9276 §3.2). */
function isWeakened(asked: string, before: Verdict, after: Verdict): boolean {
  return before.kind === 'secure' && after.kind === 'insecure' && !asked.endsWith('.dear.test')
}

test.each(Object.keys(CHANGES))('%s: never a false secure', (name) => {
  const change = CHANGES[name] as Change
  const random = new SeededRandom(7)
  let tried = 0
  for (const [asked, type] of ASKED) {
    TREE.tamper = served
    const memory = new ChainMemory()
    const genuine = TREE.validate(asked, type, { memory })
    const question = { name: nameOf(asked), type: parseType(type) as number }
    const original = served(TREE.reply(question), question)
    const truth = [...linesOf(original.answer), ...claim(genuine)]
    for (const section of ['answer', 'authority'] as const) {
      for (let at = 0; at < original[section].length; at++) {
        const tampered = changed(original, section, at, change, random)
        if (tampered === undefined) continue
        TREE.tamper = (message, { name: other, type: otherType }: Question) =>
          other === question.name && otherType === question.type
            ? tampered
            : served(message, { name: other, type: otherType })
        const verdict = TREE.validate(asked, type, { memory })
        tried++
        expect(isTrue(claim(verdict), truth), `${asked} ${type} ${section} ${at}: ${claim(verdict).join('; ')}`).toBe(
          true,
        )
        expect(isWeakened(asked, genuine, verdict), `${asked} ${type} ${section} ${at}`).toBe(false)
        expect(isStrengthened(asked, verdict), `${asked} ${type} ${section} ${at}`).toBe(false)
      }
    }
  }
  expect(tried).toBeGreaterThan(300)
})

test.each(Object.keys(CHANGES))('%s in what is asked about the chain: never a false secure or insecure', (name) => {
  const change = CHANGES[name] as Change
  const random = new SeededRandom(8)
  for (const [asked, type] of ASKED.filter(([, each]) => each === 'A')) {
    TREE.tamper = served
    const truth = TREE.validate(asked, type)
    for (let round = 0; round < 8; round++) {
      TREE.tamper = (message, { name: otherName, type: other }: Question) => {
        if (other !== TYPE.DS && other !== TYPE.DNSKEY) return served(message, { name: otherName, type: other })
        const section = message.answer.length > 0 ? 'answer' : 'authority'
        return changed(message, section, random.below(message[section].length), change, random)
      }
      const verdict = TREE.validate(asked, type)
      expect(isTrue(claim(verdict), claim(truth)), `${asked} ${type}`).toBe(true)
      expect(isWeakened(asked, truth, verdict), `${asked} ${type}`).toBe(false)
      expect(isStrengthened(asked, verdict), `${asked} ${type}`).toBe(false)
    }
  }
})

test('the zones are secure, bogus and unsigned as their names say', () => {
  TREE.tamper = served
  const kinds = Object.fromEntries(KINDS.map((apex) => [apex, TREE.validate(`www.${apex}`).kind]))
  const bogus = ['revoked.test', 'stripped.test', 'forged.test', 'wrongsigner.test', 'expired.test', 'future.test']
  const unsigned = ['plain.test', 'island.test', 'bare.nsec.test', 'bare.optout.test']
  const verdictOf = (apex: string) =>
    bogus.includes(apex) ? 'failure' : unsigned.includes(apex) ? 'insecure' : 'secure'
  expect(kinds).toEqual(Object.fromEntries(KINDS.map((apex) => [apex, verdictOf(apex)])))
})
