import { nameOf } from '../wire/index.ts'
import { readDnskey } from './rdata.ts'
import type { KeyState, TrackedKey, TrustPoint } from './trust-point.ts'

const STATES: readonly KeyState[] = ['add-pending', 'valid', 'missing', 'revoked', 'removed']
const VERSION = 1

/** The text is none that `formatTrustPoint` writes: what it said is lost, and the point begins anew. */
export class TrustPointFileError extends Error {
  override readonly name = 'TrustPointFileError'
}

/** One trust point as text, keys as DNSKEY rdata in base64, times as people read them. */
export function formatTrustPoint({ name, keys, nextQuery }: TrustPoint): string {
  const lines = keys.map(({ key, state, since, until }) => ({
    tag: key.tag, // for people alone
    rdata: key.rdata.toString('base64'),
    state,
    since: timeText(since),
    until: timeText(until),
  }))
  return `${JSON.stringify({ version: VERSION, name, nextQuery: timeText(nextQuery), keys: lines }, undefined, 2)}\n`
}

/** @throws {TrustPointFileError} */
export function parseTrustPoint(text: string): TrustPoint {
  const value = objectIn(parsedJson(text), 'the file')
  if (value.version !== VERSION) throw new TrustPointFileError(`version ${String(value.version)} is not known`)
  if (!Array.isArray(value.keys)) throw new TrustPointFileError('keys is no list')
  const name = nameOf(textIn(value, 'name'))
  return {
    name,
    keys: value.keys.map((each: unknown) => keyIn(objectIn(each, 'a key'))),
    nextQuery: timeIn(value, 'nextQuery'),
  }
}

function keyIn(value: Readonly<Record<string, unknown>>): TrackedKey {
  const key = readDnskey(Buffer.from(textIn(value, 'rdata'), 'base64'))
  const state = STATES.find((each) => each === value.state)
  if (key === undefined) throw new TrustPointFileError('rdata is no DNSKEY record')
  if (state === undefined) throw new TrustPointFileError(`there is no state ${String(value.state)}`)
  return { key, state, since: timeIn(value, 'since'), until: timeIn(value, 'until') }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new TrustPointFileError('it is no JSON')
  }
}

function objectIn(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new TrustPointFileError(`${what} is no object`)
  return value as Readonly<Record<string, unknown>>
}

function textIn(value: Readonly<Record<string, unknown>>, field: string): string {
  const found = value[field]
  if (typeof found !== 'string') throw new TrustPointFileError(`${field} is no text`)
  return found
}

function timeIn(value: Readonly<Record<string, unknown>>, field: string): number {
  const time = Date.parse(textIn(value, field))
  if (Number.isNaN(time)) throw new TrustPointFileError(`${field} is no time`)
  return Math.floor(time / 1000)
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
