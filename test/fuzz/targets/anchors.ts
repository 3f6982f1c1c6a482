import { anchorsOf } from '../../../src/dnssec/index.ts'
import { readNegativeTrustAnchors, readPositiveTrustAnchors, warningText } from '../../../src/settings/index.ts'
import type { Target } from '../target.ts'

const SEEDS = [
  '. IN DS 20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d\n',
  '; comment\nexample. DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==\n',
  'home.arpa\n10.in-addr.arpa\n',
]

/** Files of trust anchors, positive and negative. */
export const target: Target = {
  name: 'anchors',
  maxLength: 16_384,
  // As in `settings`: a warning for each line that is refused, twice.
  allowance: { timePerBlock: 12, memory: 8 << 20 },
  seeds: () => SEEDS.map((text) => Buffer.from(text)),
  run(input) {
    const file = { path: 'f', text: input.toString('utf8') }
    const positive = readPositiveTrustAnchors([file])
    const negative = readNegativeTrustAnchors([file])
    for (const warning of [...positive.warnings, ...negative.warnings]) warningText(warning)
    anchorsOf(positive.anchors)
  },
}
