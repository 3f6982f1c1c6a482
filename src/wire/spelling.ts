import type { Random } from '../base/index.ts'
import { FormError } from './form-error.ts'
import { HEADER_SIZE, questionCount } from './header.ts'
import type { Name } from './name.ts'
import { isWithin, nameOfWire, readName, textOfWire, wireOfName, wireOfText } from './name.ts'
import { scanRecords } from './scan.ts'

/**
 * How somebody wrote a name: uncompressed wire form with at least one capital letter. It is no part of what is asked or
 * known, as a `Name` is; it is kept so that others see the name as it was written (RFC 4343 §4.1).
 */
export type Spelling = Uint8Array

/** A name as a client asks for it. */
export interface AskedName {
  readonly name: Name
  /** Undefined where it is in lower case. */
  readonly spelling: Spelling | undefined
}

/** Reads text as `parseName` does. */
export function parseAskedName(text: string): AskedName | undefined {
  const wire = wireOfText(text)
  return wire && { name: nameOfWire(wire), spelling: spellingIn(wire) }
}

/** For people and other programs: as it was written. */
export function writtenName({ name, spelling }: Pick<AskedName, 'name'> & Partial<AskedName>): string {
  return spelling === undefined ? name : textOfWire(spelling)
}

/** The whole uncompressed wire name, if it has capital letters. */
export function spellingIn(wire: Uint8Array): Spelling | undefined {
  return wire.some(isCapital) ? wire : undefined
}

/** The spelling of a name that a search domain completed: what the client wrote, and the rest as it is. */
export function completedSpelling(name: Name, spelling: Spelling): Spelling {
  const written = spelling.length - 1 // without the root
  return Buffer.concat([spelling.subarray(0, written), wireOfName(name).subarray(written)])
}

/**
 * Writes the name in the message's question in lower case, in place, and with it every name that points to it: so that
 * nobody finds out from what is kept how somebody else wrote the name.
 */
export function foldQuestion(message: Buffer): void {
  if (questionCount(message) !== 1) return
  for (let at = HEADER_SIZE; at < message.length && message[at] !== 0; at++) {
    // Lengths of labels are less than any letter.
    if (isCapital(message[at] as number)) (message[at] as number) += 0x20
  }
}

/**
 * The same for owners of records that repeat the name in the question, or its end, without a pointer to it. A message that
 * cannot be read stays as it is.
 */
export function foldOwners(message: Buffer, name: Name): void {
  try {
    scanRecords(message, ({ ownerAt }) => {
      if (!repeatsEndOf(message, ownerAt, name)) return
      for (let at = ownerAt; (message[at] as number) !== 0 && (message[at] as number) < 0xc0; at++) {
        if (isCapital(message[at] as number)) (message[at] as number) += 0x20
      }
    })
  } catch (error) {
    if (!(error instanceof FormError)) throw error
  }
}

/** Whether a name that begins with a label, and not with a pointer, is this one or above it. */
function repeatsEndOf(message: Buffer, at: number, name: Name): boolean {
  const first = message[at] as number
  return first > 0 && first < 0xc0 && isWithin(name, readName(message, at).name)
}

/**
 * Draws the case of each letter in the question of a query anew, in place: who forges a reply has to guess it
 * (draft-vixie-dnsext-dns0x20 §3). At least one is a capital, or a server that writes names in lower case would seem to
 * repeat them. False for a name without letters.
 */
export function mixCase(query: Buffer, random: Random): boolean {
  let bits = 1 // the bit on top tells when the sixteen that were drawn are used up
  let last = 0
  let hasCapitals = false
  for (let at = HEADER_SIZE; query[at] !== 0; at++) {
    const lower = (query[at] as number) | 0x20 // the lengths of labels become no letters by that
    if (lower < 0x61 || lower > 0x7a) continue
    if (bits === 1) bits = 0x1_0000 | random.below(0x1_0000)
    query[at] = (bits & 1) === 0 ? lower : lower - 0x20
    hasCapitals ||= (bits & 1) === 1
    bits >>>= 1
    last = at
  }
  if (!hasCapitals && last > 0) (query[last] as number) -= 0x20
  return last > 0
}

/** Whether the reply repeats the name in the question to the letter; `isReplyTo` holds for them. */
export function isSpelledAlike(reply: Buffer, query: Buffer): boolean {
  if (questionCount(reply) === 0) return true
  const end = query.indexOf(0, HEADER_SIZE)
  return reply.compare(query, HEADER_SIZE, end, HEADER_SIZE, end) === 0
}

function isCapital(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a
}
