import dnsPacket, { type Answer, type Packet } from 'dns-packet'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compose,
  fieldsOf,
  nameOf,
  parseMessage,
  parseType,
  type RdataField,
  recordOf,
  type ResourceRecord,
  textOfWire,
} from '../../../src/wire/index.ts'

/** dns-packet writes and reads messages by code of its own: what both say of a message is most likely right. */
interface RdataCodec {
  encode(value: unknown): Buffer
  decode(framed: Buffer): unknown
}
const rdataCodec = (type: string) => (dnsPacket as unknown as { record(type: string): RdataCodec }).record(type)
const rdataOf = (type: string, value: unknown) => rdataCodec(type).encode(value).subarray(2)
const rounds = { numRuns: 300 }
const patience = { timeout: 120_000 }

// Few labels, so that names share endings and compression has work to do. dns-packet reads labels as UTF-8.
const label = fc.oneof(fc.constantFrom('a', 'www', 'example', 'test', '_tcp'), fc.stringMatching(/^[a-z0-9-]{1,63}$/))
const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'))
const u8 = fc.nat({ max: 0xff })
const u16 = fc.nat({ max: 0xffff })
const u32 = fc.nat({ max: 0xffff_ffff })
const text = fc.stringMatching(/^[ -~]{0,40}$/)
const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((array) => Buffer.from(array))
const rrtypes = fc.subarray(['A', 'NS', 'SOA', 'MX', 'TXT', 'AAAA', 'DS', 'RRSIG', 'CAA'], { minLength: 1 })

/** What dns-packet calls the fields of each type, in the order of the wire. */
const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  A: fc.ipV4(),
  AAAA: fc.constantFrom('fd00::1', '2001:db8::8:800:200c:417a', '::1', '::'),
  NS: name,
  CNAME: name,
  PTR: name,
  DNAME: name,
  MX: fc.record({ preference: u16, exchange: name }),
  SRV: fc.record({ priority: u16, weight: u16, port: u16, target: name }),
  SOA: fc.record({ mname: name, rname: name, serial: u32, refresh: u32, retry: u32, expire: u32, minimum: u32 }),
  TXT: fc.array(bytes, { minLength: 1, maxLength: 4 }),
  HINFO: fc.record({ cpu: text, os: text }),
  RP: fc.record({ mbox: name, txt: name }),
  CAA: fc.record({ issuerCritical: fc.boolean(), tag: fc.constantFrom('issue', 'iodef'), value: text }),
  SSHFP: fc.uint8Array({ minLength: 20, maxLength: 20 }).map((array) => {
    return { algorithm: 4, hash: 1, fingerprint: Buffer.from(array).toString('hex') }
  }),
  DS: fc.record({ keyTag: u16, algorithm: u8, digestType: u8, digest: bytes }),
  DNSKEY: fc.record({ flags: u16, algorithm: u8, key: bytes }),
  TLSA: fc.record({ usage: u8, selector: u8, matchingType: u8, certificate: bytes }),
  NSEC: fc.record({ nextDomain: name, rrtypes }),
  NAPTR: fc.record({ order: u16, preference: u16, flags: text, services: text, regexp: text, replacement: name }),
}

const record = fc.constantFrom(...Object.keys(VALUES)).chain((type) =>
  fc.record({
    name,
    type: fc.constant(type),
    class: fc.constant('IN' as const),
    ttl: fc.nat({ max: 86_400 }),
    data: VALUES[type] as fc.Arbitrary<unknown>,
  }),
) as fc.Arbitrary<Answer>
const section = fc.array(record, { maxLength: 6 })
const parts = fc.record({ id: u16, name, answers: section, authorities: section, additionals: section })
type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never

const ours = (answer: Answer): ResourceRecord => {
  const { name: owner, type, ttl, data } = answer as Answer & { ttl: number; data: unknown }
  return recordOf(nameOf(owner), parseType(type) as number, rdataOf(type, data), ttl)
}
/** A record in words that do not depend on who read it. */
const told = ({ name: owner, type, ttl, rdata }: ResourceRecord) => [owner, type, ttl, rdata.toString('hex')]
const toldByOther = (answer: Answer) => told(ours(answer))

describe('a second codec agrees', () => {
  test('it reads what we compose, name compression included', patience, () => {
    fc.assert(
      fc.property(parts, (given: Parts) => {
        const question = { name: nameOf(given.name), type: 1, class: 1 }
        const wire = compose({
          id: given.id,
          flags: 0x8180,
          question,
          answer: given.answers.map(ours),
          authority: given.authorities.map(ours),
          additional: given.additionals.map(ours),
        })
        const read = dnsPacket.decode(wire)
        expect([read.id, read.type, read.flag_rd, read.flag_ra, read.flag_tc]).toEqual([
          given.id,
          'response',
          true,
          true,
          false,
        ])
        expect(read.questions).toEqual([{ name: given.name, type: 'A', class: 'IN' }])
        for (const key of ['answers', 'authorities', 'additionals'] as const) {
          expect(read[key]?.map(toldByOther)).toEqual(given[key].map(toldByOther))
        }
      }),
      rounds,
    )
  })

  test('we read what it composes', patience, () => {
    fc.assert(
      fc.property(parts, (given: Parts) => {
        const packet: Packet = {
          type: 'response',
          id: given.id,
          flags: dnsPacket.RECURSION_DESIRED,
          questions: [{ name: given.name, type: 'A', class: 'IN' }],
          answers: given.answers,
          authorities: given.authorities,
          additionals: given.additionals,
        }
        const read = parseMessage(dnsPacket.encode(packet))
        expect([read.id, read.flags, read.rcode]).toEqual([given.id, 0x8100, 0])
        expect(read.question).toMatchObject({ name: nameOf(given.name), type: 1, class: 1 })
        expect(read.answer.map(told)).toEqual(given.answers.map(toldByOther))
        expect(read.authority.map(told)).toEqual(given.authorities.map(toldByOther))
        expect(read.additional.map(told)).toEqual(given.additionals.map(toldByOther))
      }),
      rounds,
    )
  })

  test('OPT means the same to both', patience, () => {
    const option = fc.record({ code: fc.integer({ min: 100, max: 0xfffe }), data: bytes })
    const opt = fc.record({
      payloadSize: fc.integer({ min: 512, max: 0xffff }),
      extendedRcode: u8,
      version: u8,
      dnssecOk: fc.boolean(),
      options: fc.array(option, { maxLength: 3 }),
    })
    fc.assert(
      fc.property(opt, (given) => {
        const wire = compose({ id: 1, flags: 0x8000, opt: given })
        const [read] = dnsPacket.decode(wire).additionals ?? []
        expect(read).toMatchObject({
          type: 'OPT',
          udpPayloadSize: given.payloadSize,
          extendedRcode: given.extendedRcode,
          ednsVersion: given.version,
          flag_do: given.dnssecOk,
          options: given.options.map(({ code, data }) => ({ code, data })),
        })
        const rewritten = dnsPacket.encode({ type: 'response', id: 1, additionals: read === undefined ? [] : [read] })
        expect(parseMessage(rewritten).opt).toEqual(given)
      }),
      rounds,
    )
  })

  test.each(Object.keys(VALUES))('the fields of %s', patience, (type) => {
    fc.assert(
      fc.property(VALUES[type] as fc.Arbitrary<unknown>, (value) => {
        const rdata = rdataOf(type, value)
        const fields = fieldsOf(parseType(type) as number, rdata)
        const read = rdataCodec(type).decode(Buffer.concat([lengthOf(rdata), rdata]))
        expect(fields?.flatMap(wordsOf)).toEqual(wordsOfOther(type, read))
      }),
    )
  })
})

function lengthOf(rdata: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(rdata.length)
  return length
}

function wordsOf(field: RdataField): (string | number)[] {
  switch (field.kind) {
    case 'types':
      return [...field.value]
    case 'strings':
      return field.value.map((string) => string.toString('hex'))
    case 'params':
      return []
    case 'name':
      return [textOfWire(field.value)]
    default:
      return [typeof field.value === 'number' ? field.value : field.value.toString('hex')]
  }
}

/** Its values one after the other, as they stand on the wire. */
function wordsOfOther(type: string, value: unknown): (string | number)[] {
  if (type === 'A' || type === 'AAAA') return [rdataOf(type, value).toString('hex')]
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.map((part: Buffer) => part.toString('hex'))
  const { issuerCritical: _, ...fields } = value as Record<string, unknown>
  if (type === 'DNSKEY') Object.assign(fields, { flags: [fields['flags'], 3] }) // it does not tell the protocol
  return Object.entries(fields).flatMap(([key, part]): (string | number)[] => {
    if (Array.isArray(part))
      return part.map((word: string | number) => (typeof word === 'number' ? word : (parseType(word) as number)))
    if (Buffer.isBuffer(part)) return [part.toString('hex')]
    if (typeof part === 'number') return [part]
    const isName = ['exchange', 'target', 'mname', 'rname', 'mbox', 'txt', 'nextDomain', 'replacement'].includes(key)
    if (isName) return [part as string]
    return [key === 'fingerprint' ? (part as string).toLowerCase() : Buffer.from(part as string).toString('hex')]
  })
}
