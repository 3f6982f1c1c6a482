import { describe, expect, test } from 'vitest'
import { RCODE } from '../../src/wire/index.ts'
import { addressesIn, type ReplyParts } from '../kit/messages.ts'
import { World } from '../kit/world.ts'

const TRUE = '192.0.2.1'
const FORGED = '192.0.2.66'
const SOA = (zone: string) => `${zone} 300 SOA ns.evil.test root.evil.test 1 60 60 60 3600`

/** One reply each to `x.evil.test`, by somebody who wants `www.bank.test`, `bank.test` or all of `test`. */
const REPLIES: readonly (readonly [what: string, parts: ReplyParts])[] = [
  ['1. its address in the answer', { answer: [`x.evil.test 300 A ${FORGED}`, `www.bank.test 300 A ${FORGED}`] }],
  ['2. its address alone in the answer', { answer: [`www.bank.test 300 A ${FORGED}`] }],
  [
    '3. its address beside the answer',
    { answer: [`x.evil.test 300 A ${FORGED}`], additional: [`www.bank.test 300 A ${FORGED}`] },
  ],
  [
    '4. its address in the authority section',
    { answer: [`x.evil.test 300 A ${FORGED}`], authority: [`www.bank.test 300 A ${FORGED}`] },
  ],
  [
    '5. other servers for its zone',
    { authority: ['bank.test 300 NS ns.evil.test'], additional: [`ns.evil.test 300 A ${FORGED}`] },
  ],
  [
    '6. other servers for the zone above',
    { authority: ['test 300 NS ns.evil.test'], additional: [`ns.evil.test 300 A ${FORGED}`] },
  ],
  [
    '7. other servers for the root',
    { answer: ['. 300 NS ns.evil.test'], additional: [`ns.evil.test 300 A ${FORGED}`] },
  ],
  [
    '8. an alias to it, with its address',
    { answer: ['x.evil.test 300 CNAME www.bank.test', `www.bank.test 300 A ${FORGED}`] },
  ],
  [
    '9. an alias of an alias to it',
    {
      answer: [
        'x.evil.test 300 CNAME y.evil.test',
        'y.evil.test 300 CNAME www.bank.test',
        `www.bank.test 300 A ${FORGED}`,
      ],
    },
  ],
  [
    '10. an alias from it elsewhere',
    {
      answer: [
        'x.evil.test 300 CNAME www.bank.test',
        'www.bank.test 300 CNAME z.evil.test',
        `z.evil.test 300 A ${FORGED}`,
      ],
    },
  ],
  [
    '11. a DNAME at its zone',
    {
      answer: ['bank.test 300 DNAME evil.test', 'x.evil.test 300 CNAME www.bank.test', `www.bank.test 300 A ${FORGED}`],
    },
  ],
  [
    '12. a DNAME at the top-level domain',
    {
      answer: [
        'test 300 DNAME evil.example',
        'x.evil.test 300 CNAME x.evil.evil.example',
        `x.evil.evil.example 300 A ${FORGED}`,
      ],
    },
  ],
  [
    '13. a DNAME at the root',
    {
      answer: [
        '. 300 DNAME evil.example',
        'x.evil.test 300 CNAME x.evil.test.evil.example',
        `x.evil.test.evil.example 300 A ${FORGED}`,
      ],
    },
  ],
  ['14. a DNAME without its CNAME', { answer: ['test 300 DNAME evil.example', `x.evil.evil.example 300 A ${FORGED}`] }],
  [
    '15. a DNAME from its own zone to the other',
    {
      answer: [
        'evil.test 300 DNAME bank.test',
        'x.evil.test 300 CNAME x.bank.test',
        `x.bank.test 300 A ${FORGED}`,
        `www.bank.test 300 A ${FORGED}`,
      ],
    },
  ],
  ['16. that its zone has no such name', { rcode: RCODE.NXDOMAIN, authority: [SOA('bank.test')] }],
  ['17. that the zone above has no such name', { rcode: RCODE.NXDOMAIN, authority: [SOA('test')] }],
  [
    '18. that an alias leads to a name which does not exist',
    { rcode: RCODE.NXDOMAIN, answer: ['x.evil.test 300 CNAME www.bank.test'], authority: [SOA('bank.test')] },
  ],
]

/** What was asked first: by a program, by one that validates, and for what may hold for names below. */
const FIRST = [{ type: 'A' }, { type: 'A', dnssecOk: true, flags: 0x10 }, { type: 'DNAME' }] as const
const VICTIMS = ['www.bank.test', 'bank.test', 'other.test', 'example.com', 'x.bank.test']

describe('R-CNAME-6: one forged answer took other names', () => {
  test.each(REPLIES)('%s', async (_, parts) => {
    for (const first of FIRST) {
      const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
      world.serve('*', ({ question: { name } }) =>
        name === 'x.evil.test' ? parts : { answer: [`${name} 60 A ${TRUE}`] },
      )
      await world.ask('x.evil.test', first)
      world.clearExchanges()
      for (const victim of VICTIMS) {
        expect(addressesIn(await world.ask(victim)), victim).toEqual([TRUE])
        expect(addressesIn(await world.ask(victim, { dnssecOk: true, flags: 0x10 })), victim).toEqual([TRUE])
      }
      expect(world.asked('10.2.0.1').filter((line) => line === 'www.bank.test A').length).toBeGreaterThan(0)
    }
  })

  test.each([
    ['at the root', '.', 'x.evil.test.evil.example'],
    ['at a top-level domain', 'test', 'x.evil.evil.example'],
    ['above the domain that the server is asked for', 'evil.test', 'x.evil.example'],
  ])('a DNAME %s teaches nothing', async (_, owner, target) => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'], domains: ['~x.evil.test'] }] })
    world.serve('*', ({ question: { name } }) =>
      name === 'x.evil.test'
        ? { answer: [`${owner} 300 DNAME evil.example`, `${target} 300 A ${FORGED}`] }
        : { answer: [`${name} 60 A ${FORGED}`] },
    )
    expect((await world.ask('x.evil.test')).answer).toEqual([])
    expect(world.asked('10.2.0.1')).toEqual(['x.evil.test A'])
  })

  test('one at or below that domain does', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'], domains: ['~evil.test'] }] })
    world.serve('*', () => ({ answer: ['evil.test 300 DNAME good.test', `x.good.test 300 A ${TRUE}`] }))
    expect(addressesIn(await world.ask('x.evil.test'))).toEqual([TRUE])
  })

  test.each(REPLIES)('a name of another link is asked there, whatever the reply says: %s', async (_, parts) => {
    for (const first of FIRST) {
      const world = new World({
        links: [
          { ifindex: 2, dns: ['10.2.0.1'] },
          { ifindex: 3, dns: ['10.3.0.1'], domains: ['~bank.test'] },
        ],
      })
      world.serve('10.2.0.1', () => parts)
      world.serve('10.3.0.1', ({ question: { name } }) => ({ answer: [`${name} 60 A ${TRUE}`] }))
      const led = await world.ask('x.evil.test', first)
      const isRelayed = 'dnssecOk' in first // which goes back as it came, to whoever reads it himself
      const ofBank = led.answer.filter(({ name }) => name.endsWith('bank.test') && !isRelayed)
      expect(addressesIn({ ...led, answer: ofBank }).filter((address) => address !== TRUE)).toEqual([])
      expect(addressesIn(await world.ask('www.bank.test'))).toEqual([TRUE])
      expect(world.asked('10.2.0.1').filter((line) => line.includes('bank'))).toEqual([])
    }
  })
})
