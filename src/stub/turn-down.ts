import {
  extendedErrorOption,
  flagsOf,
  HEADER_SIZE,
  opcodeOf,
  QR,
  questionCount,
  RA,
  RCODE,
  RD,
  recordCount,
  TC,
  TYPE,
  wireOfOpt,
  wordAt,
} from '../wire/index.ts'
import { advertisedSize, type Listener } from './listener.ts'

/** RFC 8914 §4.15, Not Ready. */
const TOO_BUSY = extendedErrorOption({ code: 14, text: 'too many questions wait' })
/** Bytes of the largest name. */
const MAX_NAME = 255
const ROOT_AND_TYPE = 3

/** Answers questions for which there is not even room to wait: SERVFAIL, at the cost of copying the question. */
export class TurnDown {
  readonly #opt: Buffer

  constructor(listener: Listener) {
    const payloadSize = advertisedSize(listener)
    this.#opt = wireOfOpt({ payloadSize, extendedRcode: 0, version: 0, dnssecOk: false, options: [TOO_BUSY] })
  }

  /** Bytes of the reply, in `room`; 0 for what is no plain question, and gets none. */
  write(packet: Buffer, room: Buffer): number {
    const end = questionEnd(packet)
    const hasOpt = end > 0 && isOptAt(packet, end)
    const size = end + (hasOpt ? this.#opt.length : 0)
    if (end === 0 || size > room.length) return 0
    room.set(packet.subarray(0, end))
    room.writeUInt16BE(QR | RA | RCODE.SERVFAIL | (flagsOf(packet) & RD), 2)
    room.writeUInt32BE(0, 6)
    room.writeUInt16BE(hasOpt ? 1 : 0, 10)
    if (hasOpt) room.set(this.#opt, end)
    return size
  }
}

/** Where the question ends; 0 unless the packet has one, and otherwise only additional records. */
function questionEnd(packet: Buffer): number {
  if (packet.length < HEADER_SIZE || (flagsOf(packet) & (QR | TC)) !== 0 || opcodeOf(packet) !== 0) return 0
  if (questionCount(packet) !== 1 || recordCount(packet, 0) + recordCount(packet, 1) !== 0) return 0
  let at = HEADER_SIZE
  for (let label = packet[at]; label !== 0; label = packet[at]) {
    if (label === undefined || label > 63 || at - HEADER_SIZE > MAX_NAME) return 0
    at += 1 + label
  }
  const end = at + 5
  return end <= packet.length ? end : 0
}

function isOptAt(packet: Buffer, at: number): boolean {
  const isThere = recordCount(packet, 2) > 0 && at + ROOT_AND_TYPE <= packet.length
  return isThere && packet[at] === 0 && wordAt(packet, at + 1) === TYPE.OPT
}
