import { HEADER_SIZE, hasFlag, opcodeOf, QR, questionCount, rcodeOf, TC } from './header.ts'

/**
 * Whether `reply` answers `query`, which has one question in plain (uncompressed) form: same ID, QR set, opcode QUERY,
 * the same question with letter case ignored (R-SRV-7, RFC 5452 §9.1). A server that cannot read the question may leave
 * it out of an error reply, and one that cuts its reply may keep the header only; such a reply is let through on its ID
 * alone, as nothing is learnt from it but to ask elsewhere or by TCP.
 */
export function isReplyTo(reply: Buffer, query: Buffer): boolean {
  if (reply.length < HEADER_SIZE || reply[0] !== query[0] || reply[1] !== query[1]) return false
  if ((reply.readUInt16BE(2) & QR) === 0 || opcodeOf(reply) !== 0) return false
  if (questionCount(reply) === 0) return rcodeOf(reply) !== 0 || hasFlag(reply, TC)
  return questionCount(reply) === 1 && hasSameQuestion(reply, query)
}

function hasSameQuestion(reply: Buffer, query: Buffer): boolean {
  let at = HEADER_SIZE
  for (let size = query[at] as number; size !== 0; size = query[at] as number) {
    if (reply[at] !== size) return false
    const end = at + 1 + size
    for (at++; at < end; at++) if (lower(reply[at] ?? 0) !== lower(query[at] as number)) return false
  }
  return reply.length >= at + 5 && reply.compare(query, at, at + 5, at, at + 5) === 0
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte
}
