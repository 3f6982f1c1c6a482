/** The fixed start of every message (RFC 1035 §4.1.1); these read and write the bytes in place. */
export const HEADER_SIZE = 12

/** Bits of the 16-bit flags word. */
export const QR = 0x8000
/** Authoritative answer, truncated, recursion desired and available (RFC 1035 §4.1.1); AD and CD: RFC 4035 §3.2. */
export const AA = 0x0400
export const TC = 0x0200
export const RD = 0x0100
export const RA = 0x0080
export const AD = 0x0020
export const CD = 0x0010

// All of these expect a whole header: whoever calls them has looked at the length.

export function idOf(message: Uint8Array): number {
  return wordAt(message, 0)
}

export function flagsOf(message: Uint8Array): number {
  return wordAt(message, 2)
}

export function hasFlag(message: Uint8Array, flag: number): boolean {
  return (flagsOf(message) & flag) !== 0
}

/** 0..15; 0 is QUERY. */
export function opcodeOf(message: Uint8Array): number {
  return (flagsOf(message) >> 11) & 0xf
}

/** The header's four bits only; an OPT record may extend them (RFC 6891 §6.1.3). */
export function rcodeOf(message: Uint8Array): number {
  return flagsOf(message) & 0xf
}

export function questionCount(message: Uint8Array): number {
  return wordAt(message, 4)
}

/** Number of records in section 0 (answer), 1 (authority) or 2 (additional). */
export function recordCount(message: Uint8Array, section: 0 | 1 | 2): number {
  return wordAt(message, 6 + 2 * section)
}

/** Copies `message` under another ID. */
export function withId(message: Buffer, id: number): Buffer {
  const copy = Buffer.from(message)
  copy.writeUInt16BE(id, 0)
  return copy
}

/** Sixteen bits in network order, whoever owns the bytes. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}
