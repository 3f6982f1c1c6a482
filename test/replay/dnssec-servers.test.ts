import { describe, expect, test } from 'vitest'
import {
  AD,
  compose,
  extendedErrorOption,
  type Message,
  parseMessage,
  QR,
  type Question,
  RA,
  RCODE,
  TYPE,
} from '../../src/wire/index.ts'
import { SignedTree, type Tamper } from '../kit/signed-tree.ts'
import { DATA, SERVER, told } from '../kit/validating-world.ts'
import { type LinkScript, type ServerAnswer, World } from '../kit/world.ts'

describe('S-DOWN-7: a server that validates and says that the data is bogus', () => {
  function saying(mode: 'no' | 'yes', code: number): World {
    const world = new World({ links: [{ ifindex: 2 }], dns: [SERVER], settings: { dnssec: mode } })
    const options = [extendedErrorOption({ code, text: 'they say' })]
    const opt = { payloadSize: 1232, extendedRcode: 0, version: 0, dnssecOk: mode === 'yes', options }
    world.serve(SERVER, () => ({ rcode: RCODE.SERVFAIL, opt }))
    return world
  }
  const REQUEST = { name: 'www.signed.test', family: 2, ifindex: 0, flags: 0 }

  test.each(['no', 'yes'] as const)('DNSSEC=%s', async (mode) => {
    const world = saying(mode, 6)
    const found = await world.run(world.lookups.hostname(REQUEST, new AbortController().signal))
    const message = 'DNSSEC validation failed: upstream-failure (DNSSEC Bogus: they say)'
    expect(found).toMatchObject({ failure: { kind: 'dnssec-failed', dnssecResult: 'upstream-failure', message } })
    expect(world.exchanges).toHaveLength(1)
    const reply = await world.ask('www.signed.test', { edns: 1232 })
    expect(reply).toMatchObject({ rcode: RCODE.SERVFAIL, extendedError: { code: 6 } })
  })

  test('other errors are no verdict', async () => {
    const found = await saying('no', 22).lookups.hostname(REQUEST, new AbortController().signal)
    expect(found).toMatchObject({ failure: { kind: 'rcode-failure' } })
  })
})

/** How a server that knows no DNSSEC answers. */
type Lack = 'no-edns' | 'refuses-edns' | 'no-signatures' | 'no-ds' | 'silent-to-edns'
/** What a server does to the reply of the tree; undefined for silence. */
type Behaviour = Lack | Tamper | 'able' | 'dead'

const SECOND = '192.0.2.54'

/** A resolver in this mode, and servers that behave so. */
function served(mode: 'yes' | 'allow-downgrade', behaviours: Readonly<Record<string, Behaviour>>) {
  const tree = new SignedTree([
    { apex: 'test' },
    { apex: 'signed.test', records: DATA },
    { apex: 'plain.test', records: DATA, algorithm: 'unsigned' },
  ])
  const dns = Object.keys(behaviours)
  const world = new World({ links: [{ ifindex: 2 }], dns, settings: { dnssec: mode, ...tree.settings } })
  const now: Record<string, Behaviour> = { ...behaviours }
  for (const server of dns) {
    world.serve(server, ({ wire, question }) => behave(now[server] ?? 'dead', tree, wire, question))
  }
  return { world, tree, become: (server: string, behaviour: Behaviour) => void (now[server] = behaviour) }
}

function behave(behaviour: Behaviour, tree: SignedTree, wire: Buffer, question: Question): ServerAnswer {
  const { id, question: asked, opt } = parseMessage(wire)
  const reply = tree.reply(question)
  const plain = { ...reply, id, question: asked, opt: undefined, ...withoutProofs(reply) }
  const echoed = opt && { ...opt, options: [] }
  if (typeof behaviour === 'function') {
    const found = behaviour(reply, question)
    return found === undefined ? 'silence' : compose({ ...found, id, question: asked, opt: echoed })
  }
  switch (behaviour) {
    case 'able':
      return compose({ ...reply, id, question: asked, opt: echoed })
    case 'no-edns':
      return compose(plain)
    case 'no-signatures':
      return compose({ ...plain, opt: echoed })
    case 'refuses-edns':
      return opt === undefined
        ? compose(plain)
        : compose({ ...plain, flags: QR | RA | RCODE.FORMERR, answer: [], authority: [] })
    case 'no-ds':
      return compose(
        question.type === TYPE.DS
          ? { ...plain, flags: QR | RA | RCODE.NXDOMAIN, answer: [], authority: [], opt: echoed }
          : { ...reply, id, question: asked, opt: echoed },
      )
    case 'silent-to-edns':
      return opt === undefined ? compose(plain) : 'silence'
    case 'dead':
    default:
      return 'silence'
  }
}

function withoutProofs({ answer, authority }: Message): Pick<Message, 'answer' | 'authority'> {
  const isPlain = ({ type }: { type: number }) => type !== TYPE.RRSIG && type !== TYPE.NSEC && type !== TYPE.NSEC3
  return { answer: answer.filter(isPlain), authority: authority.filter(isPlain) }
}

describe('servers that cannot do DNSSEC', () => {
  const LACKS: readonly Lack[] = ['no-edns', 'refuses-edns', 'no-signatures', 'no-ds']

  test.each(LACKS)('S-MODE-5: allow-downgrade takes what a server says that is found to be so: %s', async (lack) => {
    const { world } = served('allow-downgrade', { [SERVER]: lack })
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('NOERROR A')
    expect(world.verdicts.insecure).toBeGreaterThan(0)
  })

  test.each(LACKS)('S-MODE-4: yes does not: %s', async (lack) => {
    const { world } = served('yes', { [SERVER]: lack })
    const reply = await world.ask('www.signed.test', { edns: 1232 })
    expect(reply).toMatchObject({ rcode: RCODE.SERVFAIL, answer: [], extendedError: { code: 5 } })
    expect(reply.extendedError?.text).toContain(`DNS server ${SERVER} `)
    const found = world.run(
      world.lookups.hostname({ name: 'a.test', family: 2, ifindex: 0, flags: 0 }, new AbortController().signal),
    )
    expect(await found).toMatchObject({ failure: { kind: 'dnssec-failed', dnssecResult: 'incompatible-server' } })
  })

  test.each((['yes', 'allow-downgrade'] as const).flatMap((mode) => LACKS.map((lack) => [mode, lack] as const)))(
    'S-MODE-4: %s leaves one that is so for one that can: %s',
    async (mode, lack) => {
      const { world } = served(mode, { [SERVER]: lack, [SECOND]: 'able' })
      expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('NOERROR AD A')
      world.clearExchanges()
      expect(told(await world.ask('none.signed.test', { flags: AD }))).toBe('NXDOMAIN AD ')
      expect(world.asked(SERVER)).toEqual([])
    },
  )

  test('S-DOWN-4: a server that can and whose data is stripped elsewhere is no reason to do without', async () => {
    const strips: Tamper = (message, { name }) =>
      name.endsWith('signed.test') ? { ...message, ...withoutProofs(message) } : message
    const { world } = served('allow-downgrade', { [SERVER]: strips })
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('SERVFAIL ')
    expect(told(await world.ask('www.plain.test', { flags: AD }))).toBe('NOERROR A')
  })

  test.each<[string, Tamper]>([
    ['silence', () => undefined],
    [
      'SERVFAIL',
      (message) => ({ ...message, rcode: RCODE.SERVFAIL, flags: QR | RA | RCODE.SERVFAIL, answer: [], authority: [] }),
    ],
  ])('S-DOWN-3: %s for chains is no evidence', async (_what, fault) => {
    const isOfChain = (type: number) => type === TYPE.DNSKEY || type === TYPE.DS
    const { world } = served('allow-downgrade', {
      [SERVER]: (message, question) => (isOfChain(question.type) ? fault(message, question) : message),
    })
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('SERVFAIL ')
  })

  test('S-MODE-5: one that can and is dead for now does not contradict', async () => {
    const { world, become } = served('allow-downgrade', { [SERVER]: 'able', [SECOND]: 'no-signatures' })
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('NOERROR AD A')
    become(SERVER, 'dead')
    await world.advance(7_300_000)
    for (const name of ['a', 'b', 'c', 'd']) await world.ask(`${name}.signed.test`)
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('NOERROR A')
  })

  test('S-DOWN-4: what was found is tried anew after five minutes, and told once for each change', async () => {
    const { world, become } = served('allow-downgrade', { [SERVER]: 'no-signatures' })
    const lines = () => world.log.filter((line) => /DNSSEC/.test(line))
    for (const name of ['a', 'b']) await world.ask(`${name}.signed.test`)
    await world.advance(400_000)
    await world.ask('c.signed.test')
    expect(lines()).toEqual([
      `global: DNS server ${SERVER} gives no signatures, so it cannot do DNSSEC: its answers are NOT validated where no other server is left, as DNSSEC=allow-downgrade permits`,
    ])
    become(SERVER, 'able')
    await world.advance(400_000)
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('NOERROR AD A')
    expect(lines().slice(1)).toEqual([`global: DNS server ${SERVER} does DNSSEC now`])
  })

  test('S-DOWN-3: one that ignores EDNS is found out by pairs of probes, not by losses', async () => {
    const { world } = served('allow-downgrade', { [SERVER]: 'silent-to-edns' })
    await world.ask('a.signed.test')
    await world.advance(20_000)
    await world.ask('b.signed.test')
    await world.advance(20_000)
    expect(told(await world.ask('www.signed.test'))).toBe('NOERROR A')
  })
})

describe('a private zone on a link, below public zones', () => {
  const VPN = '10.3.0.1'
  const PRIVATE = [{ apex: 'corp.test', records: ['wiki A 10.3.0.80'] }] as const

  /** What the public tree knows of corp.test: a delegation without DS, one with, or nothing. */
  function split(
    publicly: 'unsigned' | 'signed' | 'nothing',
    link: Partial<LinkScript> = {},
    mode: 'yes' | 'no' = 'yes',
  ) {
    const others = publicly === 'nothing' ? [] : [{ apex: 'corp.test', records: ['www A 192.0.2.7'] }]
    const tree = new SignedTree([
      { apex: 'test' },
      ...others.map((zone) => (publicly === 'unsigned' ? { ...zone, algorithm: 'unsigned' as const } : zone)),
    ])
    const inside = new SignedTree(PRIVATE.map((zone) => ({ ...zone, algorithm: 'unsigned' as const })))
    const world = new World({
      links: [{ ifindex: 2 }, { ifindex: 3, name: 'vpn', dns: [VPN], domains: ['~corp.test'], ...link }],
      dns: [SERVER],
      settings: { dnssec: mode, ...tree.settings },
    })
    world.serve(SERVER, ({ wire, question }) => behave('able', tree, wire, question))
    world.serve(VPN, ({ wire, question }) => {
      const isInside =
        question.name.endsWith('corp.test') && (question.type !== TYPE.DS || question.name !== 'corp.test')
      return isInside ? behave('able', inside, wire, question) : { rcode: RCODE.REFUSED }
    })
    return world
  }

  test('S-SPLIT-3: unsigned where the public zone delegates it unsigned, and what is above is asked where that is routed', async () => {
    const world = split('unsigned')
    expect(told(await world.ask('wiki.corp.test', { flags: AD }))).toBe('NOERROR A')
    expect(world.asked(VPN)).toEqual(['wiki.corp.test A', 'wiki.corp.test DS'])
    expect(world.asked(SERVER).toSorted()).toEqual(['. DNSKEY', 'corp.test DS', 'test DNSKEY', 'test DS'])
    expect(world.verdicts).toMatchObject({ bogus: 0, insecure: 1 })
  })

  test.each(['signed', 'nothing'] as const)(
    'S-SPLIT-1: %s there: only a negative anchor of the link helps',
    async (publicly) => {
      const world = split(publicly)
      const reply = await world.ask('wiki.corp.test', { edns: 1232 })
      expect(reply).toMatchObject({ rcode: RCODE.SERVFAIL, extendedError: { code: 10 } })
      world.changeLink({ ifindex: 3, negativeTrustAnchors: ['corp.test'] })
      expect(told(await world.ask('wiki.corp.test', { flags: AD }))).toBe('NOERROR A')
      world.changeLink({ ifindex: 3, negativeTrustAnchors: [] })
      expect(told(await world.ask('wiki.corp.test'))).toBe('SERVFAIL ')
      world.changeLink({ ifindex: 3, dnssec: 'no' })
      expect(told(await world.ask('wiki.corp.test'))).toBe('NOERROR A')
    },
  )

  test('S-SPLIT-4: a link that does not validate weakens no other', async () => {
    const world = split('signed', { dnssec: 'no' })
    expect(told(await world.ask('wiki.corp.test', { flags: AD }))).toBe('NOERROR A')
    expect(told(await world.ask('none.test', { flags: AD }))).toBe('NXDOMAIN AD ')
    expect(parseMessage(world.exchanges[0]?.wire ?? Buffer.alloc(0)).opt?.dnssecOk).toBe(false)
  })

  test('S-MODE-1: a link may validate where the rest does not', async () => {
    const world = split('unsigned', { dnssec: 'yes' }, 'no')
    await world.ask('wiki.corp.test')
    expect(world.asked(SERVER)).toContain('corp.test DS')
    world.clearExchanges()
    expect(told(await world.ask('none.test', { flags: AD }))).toBe('NXDOMAIN ')
    expect(world.asked(SERVER)).toEqual(['none.test A'])
  })

  test('S-SPLIT-3: chains are looked for anew when the link that told them goes', async () => {
    const world = split('unsigned')
    world.change({
      dns: [],
      links: [
        { ifindex: 2, dns: [SERVER] },
        { ifindex: 3, dns: [VPN], domains: ['~corp.test'] },
      ],
    })
    await world.ask('wiki.corp.test')
    world.change({
      links: [
        { ifindex: 2, dns: ['10.2.0.1'] },
        { ifindex: 3, dns: [VPN], domains: ['~corp.test'] },
      ],
    })
    world.clearExchanges()
    await world.ask('none.corp.test')
    expect(world.asked('10.2.0.1')).toContain('. DNSKEY')
  })
})
