import { expect, test } from 'vitest'
import { Siege } from './kit/attack.ts'
import { DEEP } from './kit/hostile-names.ts'
import { original } from './kit/lab.ts'
import { outcomeOf, within } from './kit/siege-outcome.ts'

/** More than can be validated; few enough that it is no flood as well. */
const FLOOD = { rate: 1000, outstanding: 200 }

/** S-LIM-1: what each name of a hostile zone ends in, with its extended error. */
const TRAPS = [
  ['keys of a dear curve with one tag', 'p384.zz', 5, 'too many signatures that do not verify'],
  ['RSA keys with one tag', 'rsa.zz', 5, 'too many signatures that do not verify'],
  ['NSEC3 of 50 iterations for 50 labels', DEEP, 6, ''],
] as const

test.skipIf(original).each(TRAPS)(
  'KeyTrap: a zone that is dear to validate slows nobody down: %s',
  async (_what, zone, code, text) => {
    await using siege = await Siege.openValidating()
    const one = await siege.lab.dig(`one.${zone}`, 'A', '+adflag')
    expect([one.rcode, one.text]).toEqual(['SERVFAIL', expect.stringMatching(new RegExp(`EDE: ${code} .*${text}`))])
    await siege.flood({ ...FLOOD, seconds: 2, zone }) // compiled by then
    let flood = { sent: 0, noerror: 0, servfail: 0 }
    const attack = async () => (flood = await siege.flood({ ...FLOOD, seconds: 5, zone }))
    expect(await outcomeOf(siege, attack)).toMatchObject(within())
    expect([flood.noerror, flood.servfail > 0]).toEqual([0, true])
  },
)
