import { describe, expect, test } from 'vitest'
import { CheckQueue, nodeAlgorithms, SignatureCheck } from '../../../src/dnssec/index.ts'
import type { SignatureKey } from '../../../src/dnssec/index.ts'
import { nameOf, recordOf, TYPE } from '../../../src/wire/index.ts'
import { readRrsig } from '../../../src/dnssec/rdata.ts'
import { rrsetsOf } from '../../../src/dnssec/rrset.ts'
import { signedData } from '../../../src/dnssec/canonical.ts'
import { SigningKey } from '../../kit/signing-key.ts'
import { settle } from '../../kit/fake-clock.ts'

/** Notes which zones' checks have begun, and ends them one by one. */
class Pool {
  readonly begun: string[] = []
  readonly #ends: (() => void)[] = []

  check(zone: string, isDear = false): SignatureCheck {
    const key: SignatureKey = {
      isQuick: false,
      isDear,
      verify: () => true,
      verifyAside: (_data, _signature, done) => {
        this.begun.push(zone)
        this.#ends.push(() => done(true))
      },
    }
    return new SignatureCheck(nameOf(zone), key, Buffer.alloc(0), Buffer.alloc(0))
  }

  end(): void {
    this.#ends.shift()?.()
  }
}

describe('S-LIM-1: checks on other threads', () => {
  test('are handed out sixteen at a time', async () => {
    const [pool, queue] = [new Pool(), new CheckQueue()]
    const ended: number[] = []
    for (let i = 0; i < 40; i++) void queue.run(pool.check('evil.test')).then(() => ended.push(i))
    expect(pool.begun).toHaveLength(16)
    pool.end()
    await settle()
    expect(ended).toEqual([0])
    expect(pool.begun).toHaveLength(17)
    for (let i = 0; i < 40; i++) pool.end()
    await settle()
    expect(ended).toHaveLength(40)
    expect(pool.begun).toHaveLength(40)
  })

  test('of a hostile zone keep those of another waiting for one at most', () => {
    const [pool, queue] = [new Pool(), new CheckQueue()]
    for (let i = 0; i < 1000; i++) void queue.run(pool.check('evil.test'))
    void queue.run(pool.check('good.test'))
    for (let i = 0; i < 2; i++) pool.end()
    expect(pool.begun.slice(16)).toEqual(['evil.test', 'good.test'])
  })

  test('are followed up at once only where others do not wait for it', async () => {
    let give: (() => void) | undefined
    const turns = [undefined, new Promise<void>((resolve) => (give = resolve))]
    const [pool, queue] = [new Pool(), new CheckQueue(() => turns.shift())]
    const ended: number[] = []
    for (let i = 0; i < 2; i++) void queue.run(pool.check('a.test')).then(() => ended.push(i))
    for (let i = 0; i < 2; i++) pool.end()
    await settle()
    expect(ended).toEqual([0])
    give?.()
    await settle()
    expect(ended).toEqual([0, 1])
  })

  test('dear ones are made two at a time, and take the room of eight', async () => {
    const [pool, queue] = [new Pool(), new CheckQueue()]
    for (let i = 0; i < 5; i++) void queue.run(pool.check('dear.test', true))
    expect(pool.begun).toHaveLength(2)
    pool.end()
    await settle()
    expect(pool.begun).toHaveLength(3)
    void queue.run(pool.check('cheap.test'))
    for (let i = 0; i < 3; i++) pool.end()
    await settle()
    expect(pool.begun).toHaveLength(6)
  })

  test('find room again once all are made', async () => {
    const [pool, queue] = [new Pool(), new CheckQueue()]
    for (let round = 0; round < 3; round++) {
      const all = Array.from({ length: 20 }, () => queue.run(pool.check('a.test')))
      for (let i = 0; i < 20; i++) pool.end()
      await Promise.all(all)
    }
    expect(pool.begun).toHaveLength(60)
  })
})

describe('S-ALG-1: a signature checked aside', () => {
  const algorithms = nodeAlgorithms().signatures

  test.each([...algorithms.keys()])('of algorithm %i comes to what it does at once', async (number) => {
    const key = new SigningKey(number)
    const records = [recordOf(nameOf('www.test'), TYPE.A, Uint8Array.of(192, 0, 2, 1), 300)]
    const record = key.sign(records, nameOf('test'), [0, 2 ** 31])
    const [set] = rrsetsOf({ answer: [...records, record], authority: [], additional: [] }, 'answer')
    const rrsig = readRrsig(record)
    const data = set && rrsig && signedData(set, rrsig)
    const imported = algorithms.get(number)?.importKey(key.rdata.subarray(4))
    if (data === undefined || imported === undefined || rrsig === undefined) throw new Error('nothing to check')
    const other = Buffer.from(data)
    other[other.length - 1] = (other.at(-1) ?? 0) ^ 1
    const { signature } = rrsig
    const short = signature.subarray(1)
    for (const [bytes, signed] of [
      [data, signature],
      [other, signature],
      [data, short],
      [data, Buffer.alloc(0)],
    ] as const) {
      const [here, aside] = [0, 1].map(() => new SignatureCheck(nameOf('test'), imported, bytes, signed))
      here?.make()
      if (aside !== undefined) await new CheckQueue().run(aside)
      expect([here?.isGood, aside?.isGood]).toEqual(
        bytes === data && signed === signature ? [true, true] : [false, false],
      )
    }
  })

  test.each([
    [256, 3, true],
    [256, 8, false],
    [512, 3, false],
  ])('by RSA with a modulus of %i bytes and an exponent of %i: quick is %s', (modulus, exponent, isQuick) => {
    const publicKey = Buffer.concat([Buffer.of(exponent), Buffer.alloc(exponent + modulus, 0xff)])
    expect(algorithms.get(8)?.importKey(publicKey)?.isQuick).toBe(isQuick)
  })

  test('counts as wrong until it is made', () => {
    expect(new Pool().check('a.test').isGood).toBe(false)
  })
})
