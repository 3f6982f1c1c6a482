import { describe, expect, test } from 'vitest'
import {
  composeLegacyResponse,
  composeProbe,
  composeQueries,
  composeResponses,
  LLMNR_CONFLICT,
  LLMNR_TENTATIVE,
  type MulticastMessage,
  type MulticastQuestion,
  packetSizes,
  readMulticast,
} from '../../../src/multicast/message.ts'
import { CLASS, compose, nameOf, type Question, TC, TYPE } from '../../../src/wire/index.ts'
import { queryFor, rr } from '../../kit/messages.ts'

const SIZES = packetSizes(1500, false)

function question(name: string, type: number = TYPE.PTR, isUnicast = false): MulticastQuestion {
  return { name: nameOf(name), type, class: CLASS.IN, isUnicast, spelling: undefined }
}

function read(bytes: Buffer): MulticastMessage {
  const message = readMulticast(bytes, 'mdns')
  if (message === undefined) throw new TypeError('malformed')
  return message
}

describe('questions and records of multicast DNS', () => {
  test('MD-W-2: the top bits of classes are told apart from the classes', () => {
    const [packet] = composeQueries([question('a.local', TYPE.A, true), question('b.local')], [], SIZES)
    expect(read(packet as Buffer).questions).toEqual([question('a.local', TYPE.A, true), question('b.local')])
    const [response] = composeResponses([{ ...rr('a.local 120 A 10.0.0.1'), flushesCache: true }], [], SIZES)
    expect(response!.readUInt16BE(response!.length - 12)).toBe(0x8001)
    expect(read(response!).answer).toEqual([{ ...rr('a.local 120 A 10.0.0.1'), flushesCache: true }])
  })

  test('MD-W-2: a class with the top bit is a class of its own in LLMNR', () => {
    const [packet] = composeQueries([question('a', TYPE.A, true)], [], SIZES)
    expect(readMulticast(packet as Buffer, 'llmnr')?.questions[0]?.class).toBe(0x8001)
  })

  test('MD-W-2: the payload size of OPT is no class', () => {
    expect(read(queryFor('a.local', { edns: 9000 }))).toMatchObject({ payloadSize: 9000, additional: [] })
  })

  test('MD-W-4: labels with dots, spaces and UTF-8 come back as they were', () => {
    const name = nameOf('Drucker\\. im Büro._ipp._tcp.local')
    const [packet] = composeQueries(
      [{ name, type: TYPE.SRV, class: CLASS.IN, isUnicast: false, spelling: undefined }],
      [],
      SIZES,
    )
    expect(read(packet as Buffer).questions[0]?.name).toBe(name)
  })

  test('MD-W-5: targets of SRV and owners in NSEC are compressed, and expanded again', () => {
    const srv = rr('web._http._tcp.local 120 SRV 0 0 80 host.local')
    const nsec = rr(`host.local 120 NSEC host.local A`)
    const [packet] = composeResponses([srv, nsec], [], SIZES)
    const plain = compose({ id: 0, flags: 0, answer: [srv, nsec] })
    expect(packet!.length).toBeLessThan(plain.length)
    expect(read(packet!).answer.map(({ rdata }) => rdata)).toEqual([srv.rdata, nsec.rdata])
  })

  test('MD-R-9: who asks from another port gets its ID and question, and names uncompressed where DNS has them so', () => {
    const srv = rr('web._http._tcp.local 10 SRV 0 0 80 host.local')
    const asked = [question('web._http._tcp.local', TYPE.SRV)]
    const bytes = composeLegacyResponse({ id: 77, questions: asked, answer: [{ ...srv, flushesCache: true }] }, SIZES)
    expect(read(bytes)).toMatchObject({ id: 77, questions: asked, answer: [{ flushesCache: false }] })
    expect(bytes.subarray(-srv.rdata.length)).toEqual(srv.rdata)
  })

  test('MD-P-2: a probe has its records in the same packet', () => {
    const message = read(composeProbe([question('h.local', TYPE.ANY, true)], [rr('h.local 120 A 10.0.0.1')], SIZES))
    expect(message).toMatchObject({ isResponse: false, questions: [{ isUnicast: true }] })
    expect(message.authority).toHaveLength(1)
  })

  test('MC-IN-3: what is malformed is nothing', () => {
    const whole = composeResponses([rr('a.local 120 A 10.0.0.1')], [], SIZES)[0]!
    for (let size = 0; size < whole.length; size++)
      expect(readMulticast(whole.subarray(0, size), 'mdns')).toBeUndefined()
    const many = Buffer.alloc(12 + 5 * 2000)
    many.writeUInt16BE(2000, 4)
    expect(readMulticast(many, 'mdns')).toBeUndefined()
  })

  test('LL-W-1: C and T are told by their flags', () => {
    const bytes = queryFor('host', { isRecursive: false, flags: LLMNR_CONFLICT | LLMNR_TENTATIVE })
    expect(readMulticast(bytes, 'llmnr')?.flags).toBe(0x0500)
  })
})

describe('what has no room in a packet', () => {
  const services = Array.from({ length: 200 }, (_, i) =>
    rr(`_http._tcp.local 4500 PTR printer-number-${i}._http._tcp.local`),
  )

  test('MD-Q-5: known answers go on in packets without questions, TC in all but the last', () => {
    const packets = composeQueries([question('_http._tcp.local')], services, SIZES)
    const messages = packets.map(read)
    expect(packets.length).toBeGreaterThan(1)
    expect(packets.every(({ length }) => length <= 1472)).toBe(true)
    expect(messages.map(({ questions }) => questions.length)).toEqual([1, ...packets.slice(1).map(() => 0)])
    expect(messages.map(({ flags }) => flags)).toEqual([...packets.slice(1).map(() => TC), 0])
    expect(messages.flatMap(({ answer }) => answer).map(({ rdata }) => rdata)).toEqual(
      services.map(({ rdata }) => rdata),
    )
  })

  test('MD-W-6: answers go on in further packets, without TC', () => {
    const packets = composeResponses(services, [rr('host.local 120 A 10.0.0.1')], packetSizes(1500, true))
    expect(packets.every(({ length }) => length <= 1452)).toBe(true)
    expect(packets.map((packet) => read(packet).flags)).toEqual(packets.map(() => 0x8400))
    expect(packets.flatMap((packet) => read(packet).answer)).toHaveLength(200)
    expect(read(packets.at(-1)!).additional).toHaveLength(1)
  })

  test('MD-W-6: one large record has a packet of its own, up to 9000 bytes with headers', () => {
    const text = (size: number) => ({ ...rr('big.local 120 TXT x'), rdata: Buffer.alloc(size, 1) })
    const small = rr('a.local 120 A 10.0.0.1')
    expect(composeResponses([text(4000), small], [], SIZES).map((packet) => read(packet).answer.length)).toEqual([1, 1])
    expect(composeResponses([text(9000), small], [], SIZES).map((packet) => read(packet).answer.length)).toEqual([1])
  })

  test('MD-Q-4: questions go on in further packets', () => {
    const all: Question[] = Array.from({ length: 300 }, (_, i) => question(`host-number-${i}.local`, TYPE.A))
    const packets = composeQueries(all, [], SIZES)
    expect(packets.every(({ length }) => length <= 1472)).toBe(true)
    expect(packets.flatMap((packet) => read(packet).questions)).toEqual(all)
    expect(packets.map((packet) => read(packet).flags)).toEqual(packets.map(() => 0))
  })
})
