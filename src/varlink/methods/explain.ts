import type { Lookup, Lookups } from '../../lookup/index.ts'
import type { Resolved, Resolver } from '../../resolve/index.ts'
import type { Authority } from '../../control/index.ts'
import { parseHostName, queryFor } from '../../lookup/index.ts'
import { CLASS, isObsoleteType, isUnaskableType, isZoneTransfer } from '../../wire/index.ts'
import { invalidParameter } from '../errors.ts'
import { EXPLAIN_INTERFACE } from '../../varlink-idl/index.ts'
import { askedOutput, explanationOutput, failureOutput, provenanceOutput } from '../output/explanation.ts'
import { trustOutput } from '../output/trust.ts'
import { byteArray, int32, lookupParameters, uint16 } from './parameters.ts'
import { addressOutput, linkedRecord } from '../output/records.ts'
import type { PermitCall } from './permit.ts'
import type { Served } from '../connection/service.ts'
import { callerOf, serve } from '../connection/service.ts'

/** Everything `io.tsresolved.Explain` needs. */
export interface ExplainPorts {
  readonly lookups: Lookups
  readonly resolver: Pick<Resolver, 'explain' | 'explainTrust' | 'resolve'>
  readonly authority: Authority
}

/** Types one question for the whole decision may be about. */
const MAX_TYPES = 8

/**
 * `io.tsresolved.Explain`: the lookups that everybody may do, and what they rest on. Public is what concerns the caller's
 * own question: scopes, rules, servers and their health, attempts, and that an answer is cached (its TTL and the flags of
 * resolve1 say as much). What is cached besides, and since when, tells what others looked up: see `maySeeCache`.
 */
export function explainInterface({ lookups, resolver, authority }: ExplainPorts): Served {
  /** The same right as for `DumpCache`; nobody is asked for a password. */
  const maySeeCache = async ({ peer, signal }: PermitCall) =>
    (await authority.authorize('dump-cache', callerOf(peer), undefined, false, signal)) === 'allowed'
  const toldBy = async (lookup: Lookup<Resolved>, call: PermitCall) => {
    const resolved = lookup.ok ? lookup.value : lookup.failure.resolved
    const isFresh = resolved === undefined || resolved.answer.source === 'network'
    const provenance = resolved && provenanceOutput(resolved, !isFresh && (await maySeeCache(call)))
    if (lookup.ok) return { flags: lookup.value.answer.flags, failure: undefined, provenance }
    return { flags: undefined, failure: failureOutput(lookup.failure), provenance }
  }
  return serve(EXPLAIN_INTERFACE, {
    async ResolveHostname({ name, family, ...where }, call) {
      const request = { name, family: int32(family, 'family'), ...lookupParameters(where, call) }
      const lookup = await lookups.hostname(request, call.signal)
      const value = lookup.ok ? lookup.value : undefined
      return { addresses: value?.addresses.map(addressOutput), name: value?.canonical, ...(await toldBy(lookup, call)) }
    },
    async ResolveAddress({ address, family, ...where }, call) {
      const bytes = byteArray(address, 'address')
      const request = { address: bytes, family: int32(family, 'family'), ...lookupParameters(where, call) }
      const lookup = await lookups.address(request, call.signal)
      const names = lookup.ok ? lookup.value.names : undefined
      const output = names?.map(({ ifindex, name }) => ({ ifindex: ifindex || undefined, name }))
      return { names: output, ...(await toldBy(lookup, call)) }
    },
    async ResolveRecord({ name, type, class: recordClass = CLASS.IN, ...where }, call) {
      const key = { type: uint16(type, 'type'), class: uint16(recordClass, 'class') }
      const lookup = await lookups.record({ name, ...key, ...lookupParameters(where, call) }, call.signal)
      return { rrs: lookup.ok ? lookup.value.records.map(linkedRecord) : undefined, ...(await toldBy(lookup, call)) }
    },
    async Why({ name: text, class: queryClass = CLASS.IN, types, ask, ...where }, call) {
      const { ifindex, flags, client } = lookupParameters(where, call)
      const host = parseHostName(text)
      if (host === undefined) throw invalidParameter('name')
      if (types.length === 0 || types.length > MAX_TYPES || types.some(isBad)) throw invalidParameter('types')
      const query = { ...queryFor(host, types, ifindex, flags, client), class: uint16(queryClass, 'class') }
      const showsCache = await maySeeCache(call)
      const explanation = explanationOutput(await resolver.explain(query), showsCache)
      if (!ask) return { ...explanation, asked: undefined, trust: undefined }
      const resolution = await resolver.resolve(query, call.signal)
      const chains = await resolver.explainTrust(query, resolution.answer.name)
      const trust = chains.length === 0 ? undefined : chains.map(trustOutput)
      return { ...explanation, asked: askedOutput(resolution, showsCache), trust }
    },
  })
}

/** What no lookup asks for is not asked for here either. */
function isBad(type: number): boolean {
  return isUnaskableType(uint16(type, 'types')) || isZoneTransfer(type) || isObsoleteType(type)
}
