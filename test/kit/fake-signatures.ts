import type { Algorithms, SignatureAlgorithm } from '../../src/dnssec/index.ts'
import { nodeAlgorithms } from '../../src/dnssec/index.ts'

/** DSA, RSASHA1 and their twins for NSEC3: recorded scenarios have keys that nobody signs with any more. */
const FAKED = [3, 5, 6, 7]

/** As unbound's `fake-sha1`: whatever bears such an algorithm and the right key's tag is taken for a good signature. */
export function fakeSignatures(): Algorithms {
  const real = nodeAlgorithms()
  const key = {
    verify: () => true,
    isQuick: true,
    verifyAside: (_data: Buffer, _signature: Buffer, done: (isGood: boolean) => void) => done(true),
  }
  const anything: SignatureAlgorithm = { name: 'FAKE', importCost: 0, importKey: () => key }
  return { ...real, signatures: new Map([...real.signatures, ...FAKED.map((number) => [number, anything] as const)]) }
}
