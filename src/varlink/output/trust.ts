import type { NamedKey } from '../../dnssec/index.ts'
import type { ExplainedTrust } from '../../resolve/index.ts'
import type { Trust, ValueOf } from '../../varlink-idl/index.ts'
import { keyOutput } from './records.ts'

type TrustValue = ValueOf<(typeof Trust)['fields']>

/** A chain of trust as `why` draws it. */
export function trustOutput({
  scope,
  ifindex,
  question,
  verdict,
  result,
  reason,
  anchor,
  links,
}: ExplainedTrust): TrustValue {
  return {
    scope,
    ifindex: ifindex || undefined,
    key: keyOutput(question),
    verdict,
    result,
    reason,
    anchor: anchor && { name: anchor.name, keys: anchor.keys.map(namedKeyOutput) },
    links: links.map(({ ttl, inception, expiration, keys, ...same }) => ({
      ...same,
      ttlUSec: ttl * SECOND,
      inceptionUSec: inception * SECOND,
      expirationUSec: expiration * SECOND,
      keys: keys.map(namedKeyOutput),
    })),
  }
}

const SECOND = 1_000_000

function namedKeyOutput({ tag, algorithm, digestType, isEntryPoint }: NamedKey) {
  return { tag, algorithm, digestType, entryPoint: isEntryPoint }
}
