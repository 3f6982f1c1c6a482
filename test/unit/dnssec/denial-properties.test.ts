import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Budget, DEFAULT_LIMITS } from '../../../src/dnssec/index.ts'
import { denialByNsec } from '../../../src/dnssec/nsec.ts'
import { chainsOf, nsec3Hash, Nsec3Proof } from '../../../src/dnssec/nsec3.ts'
import { orderKey } from '../../../src/dnssec/order.ts'
import { type Nsec, type Nsec3, readNsec, readNsec3 } from '../../../src/dnssec/rdata.ts'
import { serialDifference } from '../../../src/dnssec/signature.ts'
import type { Name } from '../../../src/wire/index.ts'
import { isWithin, labelsOf, nameOf, parentOf, TYPE } from '../../../src/wire/index.ts'
import { rr } from '../../kit/messages.ts'

const ZONE = nameOf('z')
const label = fc.constantFrom('a', 'b', 'c', '\\000', '\\200', 'z', '*')
const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => nameOf(`${labels.join('.')}.z`))
/** A wildcard in the middle of a name is a label as any other, and none of our business here. */
const plain = name.filter((each) => !labelsOf(each).slice(1).includes('*'))
const zone = fc.uniqueArray(plain, { minLength: 1, maxLength: 8 })
const asked = plain.filter((each) => labelsOf(each)[0] !== '*')

/** What a zone of A records says of a question for `type`: RFC 1034 §4.3.2, RFC 4592. */
function truth(names: readonly Name[], question: Name, type: number): 'nxdomain' | 'nodata' | undefined {
  const exists = (each: Name) => each === ZONE || names.some((own) => isWithin(own, each))
  const holds = (each: Name) => names.includes(each) && type === TYPE.A
  if (exists(question)) return holds(question) ? undefined : 'nodata'
  let encloser = parentOf(question) as Name
  while (!exists(encloser)) encloser = parentOf(encloser) as Name
  const wildcard = nameOf(`*.${encloser}`)
  if (!exists(wildcard)) return 'nxdomain'
  return holds(wildcard) ? undefined : 'nodata'
}

function nsecChain(names: readonly Name[]): Nsec[] {
  const owners = [ZONE, ...names].toSorted((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1))
  return owners.map((owner, i) => {
    const types = owner === ZONE ? 'SOA NS' : 'A'
    return readNsec(rr(`${owner}. NSEC ${owners[i + 1] ?? ZONE}. ${types} RRSIG NSEC`)) as Nsec
  })
}

function nsec3Chain(names: readonly Name[]): Nsec3[] {
  const owners = new Set<Name>([ZONE])
  for (const own of names) for (let at = own; at !== ZONE; at = parentOf(at) as Name) owners.add(at)
  const hashed = [...owners].map((owner) => ({ owner, hash: nsec3Hash(owner, Buffer.alloc(0), 1) }))
  hashed.sort((a, b) => (a.hash < b.hash ? -1 : 1))
  return hashed.map(({ owner, hash }, i) => {
    const types = owner === ZONE ? 'SOA NS' : names.includes(owner) ? 'A' : ''
    const next = (hashed[i + 1] ?? hashed[0])?.hash ?? hash
    return readNsec3(rr(`${hash}.z NSEC3 1 0 1 - ${next} ${types}`.trim())) as Nsec3
  })
}

function deniedByNsec3(names: readonly Name[], question: Name, type: number): string | undefined {
  const proof = new Nsec3Proof(ZONE, chainsOf(nsec3Chain(names)), new Budget(DEFAULT_LIMITS))
  const work = proof.denial(question, type, 'nxdomain')
  for (;;) {
    const { value, done } = work.next()
    if (done === true) return value?.denied
  }
}

const types = fc.constantFrom(TYPE.A, TYPE.MX)

test('S-DEN-4: a whole chain of NSEC records denies what the zone does not have, and nothing else', () => {
  fc.assert(
    fc.property(zone, asked, types, (names, question, type) => {
      expect(denialByNsec(question, type, ZONE, nsecChain(names))?.denied).toBe(truth(names, question, type))
    }),
    { numRuns: 500 },
  )
})

test('S-DEN-11: a whole chain of NSEC3 records denies what the zone does not have, and nothing else', () => {
  fc.assert(
    fc.property(zone, asked, types, (names, question, type) => {
      expect(deniedByNsec3(names, question, type)).toBe(truth(names, question, type))
    }),
    { numRuns: 300 },
  )
})

test('S-DEN-4: part of a chain denies nothing that the zone has', () => {
  const part = fc.tuple(zone, fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }))
  fc.assert(
    fc.property(part, asked, types, ([names, isKept], question, type) => {
      const kept = nsecChain(names).filter((_record, i) => isKept[i] === true)
      const found = denialByNsec(question, type, ZONE, kept)?.denied
      expect(found === undefined || found === truth(names, question, type)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('S-SIG-4: serial times are compared the same way from anywhere on the circle', () => {
  const time = fc.integer({ min: 0, max: 0xffff_ffff })
  const step = fc.integer({ min: -0x7fff_ffff, max: 0x7fff_ffff })
  fc.assert(
    fc.property(time, step, (from, by) => {
      const to = (from + by) >>> 0
      expect(serialDifference(to, from)).toBe(by | 0)
      expect(serialDifference(from, to)).toBe(-by | 0)
    }),
  )
})
