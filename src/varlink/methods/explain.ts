import type { FoundAddress, Lookup, Lookups } from '../../lookup/index.ts'
import type { Resolved, Resolver } from '../../resolve/index.ts'
import { parseHostName, queryFor } from '../../lookup/index.ts'
import { CLASS, isObsoleteType, isUnaskableType, isZoneTransfer } from '../../wire/index.ts'
import { invalidParameter } from '../errors.ts'
import { EXPLAIN_INTERFACE } from '../../varlink-idl/index.ts'
import { askedOutput, explanationOutput, failureOutput, provenanceOutput } from '../output/explanation.ts'
import { byteArray, int32, lookupParameters, uint16 } from './parameters.ts'
import { linkedRecord } from '../output/records.ts'
import type { Served } from '../connection/service.ts'
import { serve } from '../connection/service.ts'

/** Everything `io.tsresolved.Explain` needs. */
export interface ExplainPorts {
  readonly lookups: Lookups
  readonly resolver: Pick<Resolver, 'explain' | 'resolve'>
}

/** Types one question for the whole decision may be about. */
const MAX_TYPES = 8

/** `io.tsresolved.Explain`: the lookups that everybody may do, and what they rest on. */
export function explainInterface({ lookups, resolver }: ExplainPorts): Served {
  return serve(EXPLAIN_INTERFACE, {
    async ResolveHostname({ name, family, ...where }, call) {
      const request = { name, family: int32(family, 'family'), ...lookupParameters(where, call) }
      const lookup = await lookups.hostname(request, call.signal)
      const value = lookup.ok ? lookup.value : undefined
      return { addresses: value?.addresses.map(addressOutput), name: value?.canonical, ...toldBy(lookup) }
    },
    async ResolveAddress({ address, family, ...where }, call) {
      const bytes = byteArray(address, 'address')
      const request = { address: bytes, family: int32(family, 'family'), ...lookupParameters(where, call) }
      const lookup = await lookups.address(request, call.signal)
      const names = lookup.ok ? lookup.value.names : undefined
      const output = names?.map(({ ifindex, name }) => ({ ifindex: ifindex || undefined, name }))
      return { names: output, ...toldBy(lookup) }
    },
    async ResolveRecord({ name, type, class: recordClass = CLASS.IN, ...where }, call) {
      const key = { type: uint16(type, 'type'), class: uint16(recordClass, 'class') }
      const lookup = await lookups.record({ name, ...key, ...lookupParameters(where, call) }, call.signal)
      return { rrs: lookup.ok ? lookup.value.records.map(linkedRecord) : undefined, ...toldBy(lookup) }
    },
    async Why({ name: text, class: queryClass = CLASS.IN, types, ask, ...where }, call) {
      const { ifindex, flags, client } = lookupParameters(where, call)
      const name = parseHostName(text)
      if (name === undefined) throw invalidParameter('name')
      if (types.length === 0 || types.length > MAX_TYPES || types.some(isBad)) throw invalidParameter('types')
      const query = { ...queryFor(name, types, ifindex, flags, client), class: uint16(queryClass, 'class') }
      const explanation = explanationOutput(await resolver.explain(query))
      const asked = ask ? askedOutput(await resolver.resolve(query, call.signal)) : undefined
      return { ...explanation, asked }
    },
  })
}

/** What no lookup asks for is not asked for here either. */
function isBad(type: number): boolean {
  return isUnaskableType(uint16(type, 'types')) || isZoneTransfer(type) || isObsoleteType(type)
}

/** What is said of every lookup. */
function toldBy(lookup: Lookup<Resolved>) {
  if (lookup.ok) {
    const { flags } = lookup.value.answer
    return { flags, failure: undefined, provenance: provenanceOutput(lookup.value) }
  }
  const { resolved } = lookup.failure
  return {
    flags: undefined,
    failure: failureOutput(lookup.failure),
    provenance: resolved && provenanceOutput(resolved),
  }
}

function addressOutput({ ifindex, address }: FoundAddress) {
  return { ifindex: ifindex || undefined, family: address.family, address: [...address.bytes] }
}
