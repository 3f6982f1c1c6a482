import type { IfIndex } from '../base/index.ts'
import { AF_UNSPEC, isFamily } from '../base/index.ts'
import type { AskedName } from '../wire/index.ts'
import { CLASS, parseAskedName, textOfWire, toAscii } from '../wire/index.ts'
import type { QueryClient } from '../resolve/index.ts'
import { failureText } from './failure-text.ts'
import { spellingsOf } from './as-written.ts'
import type { Lookup, LookupFailure } from './lookup-types.ts'
import type { Query, Resolution, Resolved } from '../resolve/index.ts'

/** The argument that is wrong, if one is. */
export function checkCommon(
  { ifindex, flags }: { ifindex: IfIndex; flags: number },
  accepted: number,
  family: number,
): string | undefined {
  if (ifindex < 0) return 'ifindex'
  if (family !== AF_UNSPEC && !isFamily(family)) return 'family'
  return (flags & ~accepted) !== 0 || flags < 0 || flags > 0x7fffffff ? 'flags' : undefined
}

/** A query of an IPC client. */
export function queryFor(
  { name, spelling }: AskedName,
  types: readonly number[],
  ifindex: IfIndex,
  flags: number,
  client?: QueryClient,
): Query {
  return {
    name,
    spelling,
    types,
    class: CLASS.IN,
    flags,
    ifindex,
    relayed: undefined,
    patienceForRest: undefined,
    client,
  }
}

/** Adds to `value` what all results have. */
export function found<T>(value: T, { answer, took, scores }: Resolved): Lookup<T & Resolved> {
  return { ok: true, value: { ...value, answer, took, scores } }
}

/** An argument that cannot be right. */
export function invalid(parameter: string, name: string): { ok: false; failure: LookupFailure } {
  const message = parameter === 'name' ? `Invalid hostname '${name}'` : `Invalid ${parameter} parameter`
  const failure = fail('invalid-argument', name, message)
  return { ok: false, failure: { ...failure.failure, parameter } }
}

const NO_REASON = { extendedError: undefined, dnssecResult: undefined }

/** A lookup that failed before anybody was asked, or for what the answer lacks. */
export function fail(
  kind: LookupFailure['kind'],
  name: string,
  message = failureText(kind, name, name),
): { ok: false; failure: LookupFailure } {
  const nothing = { rcode: undefined, errno: undefined, parameter: undefined, ...NO_REASON }
  return { ok: false, failure: { ...nothing, kind, message, queryString: name } }
}

/** A resolution without the records that were wanted; success then means NODATA. */
export function failureOf(resolution: Resolution, name: string): { ok: false; failure: LookupFailure } {
  const { state, rcode, errno, extendedError, dnssecResult } = resolution.answer
  const kind: LookupFailure['kind'] = state === 'success' ? 'no-such-rr' : state
  const spelling = spellingsOf(resolution).get(resolution.name)
  const queryString = spelling === undefined ? resolution.name : textOfWire(spelling)
  const message = failureText(kind, name, queryString, resolution.answer)
  const failure = {
    kind,
    message,
    rcode,
    errno,
    parameter: undefined,
    queryString,
    extendedError,
    dnssecResult,
    resolved: resolution,
  }
  return { ok: false, failure }
}

/** A name for unicast DNS from what a person may have typed: IDNA where needed. */
export function parseHostName(text: string): AskedName | undefined {
  const ascii = toAscii(text)
  return ascii === undefined || ascii === '' ? undefined : parseAskedName(ascii)
}
