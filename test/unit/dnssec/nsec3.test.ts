import { expect, test } from 'vitest'
import { Budget, DEFAULT_LIMITS } from '../../../src/dnssec/index.ts'
import { chainsOf, Nsec3Proof, nsec3Hash } from '../../../src/dnssec/nsec3.ts'
import { type Nsec3, readNsec3 } from '../../../src/dnssec/rdata.ts'
import type { Name } from '../../../src/wire/index.ts'
import { nameOf, TYPE } from '../../../src/wire/index.ts'
import { rr } from '../../kit/messages.ts'

const ZONE = nameOf('test')

/** Hashed with these parameters: one at `name`, or one that covers it, and next to nothing else. */
function nsec3(kind: 'at' | 'around', name: string, iterations: number, salt: string): Nsec3 {
  const hash = nsec3Hash(nameOf(name), Buffer.from(salt, 'hex'), iterations)
  const start = hash.slice(0, 30)
  const owner = kind === 'at' ? hash : `${start}00`
  const types = kind === 'at' ? 'SOA NS' : 'A'
  return readNsec3(rr(`${owner}.test NSEC3 1 0 ${iterations} ${salt || '-'} ${start}VV ${types}`)) as Nsec3
}

function denied(name: Name, records: readonly Nsec3[]): string | undefined {
  const proof = new Nsec3Proof(ZONE, chainsOf(records), new Budget(DEFAULT_LIMITS)).denial(name, TYPE.A, 'nxdomain')
  for (let step = proof.next(); ; step = proof.next()) if (step.done === true) return step.value?.denied
}

const ENCLOSER = nsec3('at', 'test', 1, 'aa')
const NEXT_CLOSER = nsec3('around', 'none.test', 2, 'bbcc')
const WILDCARD = nsec3('around', '*.test', 0, '')

test('S-DEN-9: records of several chains prove together what each says by its own parameters', () => {
  expect(denied(nameOf('none.test'), [ENCLOSER, NEXT_CLOSER, WILDCARD])).toBe('nxdomain')
})

test.each([
  ['no record of the closest encloser', [NEXT_CLOSER, WILDCARD]],
  ['nothing around the next closer name', [ENCLOSER, WILDCARD]],
  ['nothing around the wildcard', [ENCLOSER, NEXT_CLOSER]],
])('S-DEN-11: %s is no proof', (_what, records) => {
  expect(denied(nameOf('none.test'), records)).toBe(undefined)
})
