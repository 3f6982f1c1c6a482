import type { Argument } from '../dbus/index.ts'
import { MAX_DOMAINS, MAX_NEGATIVE_TRUST_ANCHORS, MAX_SERVERS } from '../settings/index.ts'

/** Values a call may hold: 1024 domains with their flags and structs take 3100. */
export const MAX_VALUES = 8192
/** What a call takes without its lists: three names with every byte of them escaped, and alignment. */
const BASE = 4096
/** A name of 255 bytes, its length, its NUL and alignment. */
const NAME = 272
/** An address of 16 bytes with family, length and alignment. */
const ADDRESS = 32

/** The most that a list of such elements takes. One element more still fits, and so is refused by its count. */
const LISTS: ReadonlyMap<string, number> = new Map([
  ['a(iay)', (MAX_SERVERS + 1) * ADDRESS],
  ['a(iayqs)', (MAX_SERVERS + 1) * (ADDRESS + NAME)],
  ['a(sb)', (MAX_DOMAINS + 1) * (NAME + 8)],
  ['as', (MAX_NEGATIVE_TRUST_ANCHORS + 1) * NAME],
])

/** Bytes that a call of a method may have, given what it takes: anything larger is refused without being read. */
export function maxBodyOf(list: readonly Argument[]): number {
  return list.reduce((sum, { type }) => sum + (LISTS.get(type) ?? 0), BASE)
}
