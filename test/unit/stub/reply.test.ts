import { describe, expect, test } from 'vitest'
import type { Listener } from '../../../src/stub/index.ts'
import type { TransportErrorCode } from '../../../src/upstream/index.ts'
import {
  AA,
  AD,
  CD,
  compose,
  extendedErrorOption,
  flagsOf,
  idOf,
  nameOf,
  OPTION,
  parseMessage,
  QR,
  RA,
  RCODE,
  RD,
  TC,
  TYPE,
  wireOfOpt,
} from '../../../src/wire/index.ts'
import { addressesIn, queryFor, replyFor, type ReplyParts } from '../../kit/messages.ts'
import { type Server, World, type WorldScript } from '../../kit/world.ts'

const MAIN: Listener = { kind: 'main', transport: 'udp' }
const TCP: Listener = { kind: 'main', transport: 'tcp' }
const PROXY: Listener = { kind: 'proxy', transport: 'udp' }
const EXTRA: Listener = { kind: 'extra', transport: 'udp' }
const SILENT: Server = () => 'silence'
const FOUND: ReplyParts = { answer: ['a.test 300 A 192.0.2.1'] }

function worldOf(server: Server, script: WorldScript = {}): World {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }], ...script })
  world.serve('*', server)
  return world
}

async function bytesFor(world: World, packet: Buffer, listener = MAIN): Promise<Buffer> {
  return (await world.run(world.send(packet, listener))) as Buffer
}

/** A server whose network says no. */
function failing(code: TransportErrorCode): Server {
  return (exchange) => {
    exchange.fail(code)
    return 'silence'
  }
}

/** BADCOOKIE: 23, of which the header holds only 7. */
const extendedRcode: Server = ({ wire }) => {
  const opt = { payloadSize: 1232, extendedRcode: 1, version: 0, dnssecOk: false, options: [] }
  const { id, question } = parseMessage(wire)
  return compose({ id, flags: QR | RD | RA | 7, question, opt })
}

function many(count: number): ReplyParts {
  return { answer: Array.from({ length: count }, (_, i) => `a.test 300 A 10.0.${i >> 8}.${i & 255}`) }
}

/** A server message with an OPT record of its own. */
function withOpt(reply: Buffer, options: readonly { code: number; data: Buffer }[] = []): Buffer {
  const opt = { payloadSize: 4096, extendedRcode: 0, version: 0, dnssecOk: true, options }
  const longer = Buffer.concat([reply, wireOfOpt(opt)])
  longer.writeUInt16BE(reply.readUInt16BE(10) + 1, 10)
  return longer
}

describe('flags (R-STUB-11)', () => {
  const SYNTHETIC = QR | AA | RD | RA

  /** rule, name, flags of the request, what the server adds to its flags, flags of the reply. */
  const cases: readonly [string, string, number, number, number][] = [
    ['QR, RA, and RD copied', 'a.test', 0, 0, QR | RD | RA],
    ['CD copied', 'a.test', CD, 0, QR | RD | RA | CD],
    ['upstream’s AD is never passed on', 'a.test', AD, AD, QR | RD | RA],
    ['nor its AA', 'a.test', 0, AA, QR | RD | RA],
    ['AA where the answer is our own', 'localhost', 0, 0, SYNTHETIC],
    ['AD where it is our own and asked for', 'localhost', AD, 0, SYNTHETIC | AD],
    ['AA from the hosts file', 'box.test', 0, 0, SYNTHETIC],
    ['NXDOMAIN of our own', 'a.invalid', 0, 0, SYNTHETIC | RCODE.NXDOMAIN],
    ['R-STUB-10: nobody is asked for such a name', 'nowhere', 0, 0, QR | AA | RD | RA | RCODE.NXDOMAIN],
  ]

  test.each(cases)('%s', async (_rule, name, flags, serverFlags, expected) => {
    const world = worldOf(() => ({ ...FOUND, flags: serverFlags }), { hosts: '192.0.2.80 box.test' })
    const reply = await bytesFor(world, queryFor(name, { flags, id: 0x7777 }))
    expect(flagsOf(reply).toString(16)).toBe(expected.toString(16))
    expect(idOf(reply)).toBe(0x7777)
  })

  test('letter case of the question comes back', async () => {
    const query = queryFor('A.tEsT')
    expect(
      (
        await bytesFor(
          worldOf(() => FOUND),
          query,
        )
      ).subarray(12, 24),
    ).toEqual(query.subarray(12))
    expect(
      (
        await bytesFor(
          worldOf(() => FOUND),
          queryFor('LocalHost'),
        )
      ).includes('LocalHost'),
    ).toBe(true)
  })

  test('R-STUB-12: synthesized records have TTL 0, others what is left of theirs', async () => {
    const world = worldOf(() => FOUND)
    expect((await world.ask('localhost')).answer[0]?.ttl).toBe(0)
    await world.ask('a.test')
    await world.advance(10_000)
    expect((await world.ask('a.test')).answer[0]?.ttl).toBe(290)
  })
})

describe('rcodes (R-STUB-10)', () => {
  test.each<[string, Server, WorldScript, number, number | undefined]>([
    ['success', () => FOUND, {}, RCODE.NOERROR, undefined],
    ['NXDOMAIN', () => ({ rcode: RCODE.NXDOMAIN }), {}, RCODE.NXDOMAIN, undefined],
    ['a strange rcode', () => ({ rcode: RCODE.NOTAUTH }), {}, RCODE.NOTAUTH, undefined],
    ['SERVFAIL', () => ({ rcode: RCODE.SERVFAIL }), {}, RCODE.SERVFAIL, undefined],
    ['a timeout is told, not kept silent', SILENT, {}, RCODE.SERVFAIL, 22],
    ['nobody there', failing('refused'), {}, RCODE.SERVFAIL, 22],
    ['no network', SILENT, { links: [], dns: ['10.9.0.1'] }, RCODE.SERVFAIL, 23],
    ['no way', failing('unreachable'), {}, RCODE.SERVFAIL, 23],
    [
      'garbage',
      ({ wire }) => Buffer.concat([replyFor(wire).subarray(0, 7), Buffer.from([1]), replyFor(wire).subarray(8)]),
      {},
      RCODE.SERVFAIL,
      24,
    ],
    ['R-STUB-9: a refused type', () => FOUND, { settings: { refuseRecordTypes: [TYPE.A] } }, RCODE.REFUSED, 17],
    ['no scope', () => FOUND, { links: [] }, RCODE.REFUSED, undefined],
  ])('%s', async (_state, server, script, rcode, reason) => {
    const reply = await worldOf(server, script).ask('a.test', { edns: 1232 })
    expect({ rcode: reply.rcode, reason: reply.extendedError?.code }).toEqual({ rcode, reason })
  })

  test('an rcode above 15 is SERVFAIL to those without EDNS', async () => {
    expect((await worldOf(extendedRcode).ask('a.test')).rcode).toBe(RCODE.SERVFAIL)
    expect((await worldOf(extendedRcode).ask('a.test', { edns: 1232 })).rcode).toBe(23)
  })

  test('R-CNAME-3: of a loop the client gets what was collected', async () => {
    const world = worldOf(({ question }) => ({
      answer: [`${question.name} 60 CNAME ${question.name === 'a.test' ? 'b.test' : 'a.test'}`],
    }))
    const reply = await world.ask('a.test')
    expect([reply.rcode, reply.answer.length]).toEqual([RCODE.NOERROR, 1])
  })
})

describe('OPT (R-STUB-16)', () => {
  test.each([
    ['none for those who sent none', {}, MAIN, undefined],
    ['65494 on the main stub', { edns: 1232 }, MAIN, 65_494],
    ['65494 on the proxy', { edns: 1232 }, PROXY, 65_494],
    ['1232 on extra listeners', { edns: 4096 }, EXTRA, 1232],
  ])('%s', async (_rule, options, listener, size) => {
    const world = worldOf(({ wire }) => withOpt(replyFor(wire, FOUND)))
    expect((await world.ask('a.test', { ...options, listener })).opt?.payloadSize).toBe(size)
  })

  test.each([
    ['DO is not echoed for what nobody verified', { dnssecOk: true }, 'localhostx.test', false],
    ['unless CD says that the client verifies', { dnssecOk: true, flags: CD }, 'localhostx.test', true],
    ['but for what is our own', { dnssecOk: true }, 'localhost', true],
    ['never unasked', { edns: 1232 }, 'localhost', false],
  ])('%s', async (_rule, options, name, expected) => {
    const world = worldOf(() => 'silence')
    expect((await world.ask(name, options)).opt?.dnssecOk).toBe(expected)
  })

  test('NSID is told to those who ask, but not through extra listeners', async () => {
    const opt = {
      payloadSize: 1232,
      extendedRcode: 0,
      version: 0,
      dnssecOk: false,
      options: [{ code: OPTION.NSID, data: Buffer.alloc(0) }],
    }
    const query = compose({ id: 1, flags: RD, question: { name: nameOf('localhost'), type: TYPE.A, class: 1 }, opt })
    const options = async (listener: Listener) =>
      parseMessage(
        await bytesFor(
          worldOf(() => FOUND),
          query,
          listener,
        ),
      ).opt?.options
    expect(await options(MAIN)).toEqual([{ code: OPTION.NSID, data: Buffer.from('nsid') }])
    expect(await options(EXTRA)).toEqual([])
  })

  test('the server’s own OPT record stays with us', async () => {
    const world = worldOf(({ wire }) => withOpt(replyFor(wire, FOUND), [{ code: 10, data: Buffer.alloc(8) }]))
    expect((await world.ask('a.test')).opt).toBeUndefined()
    expect((await world.ask('a.test', { edns: 1232 })).opt?.options).toEqual([])
  })

  test('the server’s extended error is passed on', async () => {
    const options = [extendedErrorOption({ code: 17, text: 'blocked here' })]
    const world = worldOf(({ wire }) => withOpt(replyFor(wire, { rcode: RCODE.NXDOMAIN }), options))
    expect((await world.ask('a.test', { edns: 1232 })).extendedError).toEqual({ code: 17, text: 'blocked here' })
  })

  test('an extended error of two thousand letters made the reply too long for its datagram', async () => {
    const options = [extendedErrorOption({ code: 17, text: 'é'.repeat(1000) })]
    const world = worldOf(({ wire }) => withOpt(replyFor(wire, { rcode: RCODE.NXDOMAIN }), options))
    const reply = await bytesFor(world, queryFor('a.test', { edns: 512 }))
    expect(reply.length).toBeLessThanOrEqual(512)
    expect(parseMessage(reply)).toMatchObject({ rcode: RCODE.NXDOMAIN, extendedError: { code: 17 } })
  })
})

describe('sizes (R-STUB-15)', () => {
  /** rule, request, listener, records the server sends, records that come, TC. */
  test.each<[string, Parameters<typeof queryFor>[1], Listener, number, number, boolean]>([
    ['512 bytes without EDNS', {}, MAIN, 40, 30, true],
    ['what the client takes', { edns: 1000 }, MAIN, 40, 40, false],
    ['less than 512 means 512', { edns: 100 }, MAIN, 29, 29, false],
    ['all of it over TCP', {}, TCP, 3000, 3000, false],
    ['the proxy keeps to it too', { edns: 600 }, PROXY, 100, 35, true],
    ['as much as fits into a datagram', { edns: 65_535 }, MAIN, 4094, 4092, true],
  ])('%s', async (_rule, options, listener, sent, came, isTruncated) => {
    const world = worldOf(() => many(sent))
    const reply = parseMessage(await bytesFor(world, queryFor('a.test', options), listener))
    expect([reply.answer.length, (reply.flags & TC) !== 0]).toEqual([came, isTruncated])
  })

  test('a section that does not fit is left out whole records at a time', async () => {
    const world = worldOf(() => ({ ...many(28), additional: ['x.test 60 TXT aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'] }))
    const reply = await world.ask('a.test')
    expect([reply.answer.length, reply.additional.length, reply.flags & TC]).toEqual([28, 0, 0])
  })
})

describe('records (R-STUB-12)', () => {
  const SIGNED: ReplyParts = {
    answer: ['a.test 300 A 192.0.2.1', 'a.test 300 TYPE46 \\# 0 000108020000012c5f0000005e000000a2b300aabb'],
    authority: ['test 300 NS ns.test'],
    additional: ['ns.test 300 A 192.0.2.53'],
  }

  test.each([
    ['signatures are for those who set DO', {}, 1],
    ['and they get them', { dnssecOk: true }, 2],
  ])('%s', async (_rule, options, count) => {
    const reply = await worldOf(() => SIGNED).ask('a.test', options)
    expect([reply.answer.length, reply.authority.length, reply.additional.length]).toEqual([count, 1, 1])
  })

  test('signatures that were asked for are an answer', async () => {
    const world = worldOf(() => ({ answer: ['a.test 300 TYPE47 \\# 0 00000140'] }))
    expect((await world.ask('a.test', { type: 'NSEC' })).answer.length).toBe(1)
  })

  test('a chain over several answers comes in order, then its end', async () => {
    const world = worldOf(({ question }) =>
      question.name === 'c.test'
        ? { answer: ['c.test 60 A 192.0.2.3'] }
        : { answer: ['a.test 60 CNAME b.test', 'b.test 60 CNAME c.test'] },
    )
    const reply = await world.ask('a.test')
    expect(reply.answer.map(({ name }) => name)).toEqual(['a.test', 'b.test', 'c.test'])
  })

  test('a DNAME to a name that is too long made a mess of the reply from the cache', async () => {
    const long = `${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}.test`
    const world = worldOf(() => ({ answer: [`old.test 300 DNAME ${long}`] }))
    await world.ask('old.test', { type: 'DNAME' })
    const query = queryFor(`${'a'.repeat(63)}.old.test`)
    const reply = await bytesFor(world, query)
    expect(parseMessage(reply).question?.name).toBe(`${'a'.repeat(63)}.old.test`)
  })
})

describe('bypass (R-STUB-13)', () => {
  const unknownOption = { code: 65_001, data: Buffer.from('x') }

  function optionQuery(dnssecOk: boolean): Buffer {
    const opt = { payloadSize: 1400, extendedRcode: 0, version: 0, dnssecOk, options: [unknownOption] }
    return compose({ id: 99, flags: RD, question: { name: nameOf('a.test'), type: TYPE.A, class: 1 }, opt })
  }

  test.each([
    ['the proxy', queryFor('a.test', { id: 99, edns: 1400 }), PROXY, true],
    ['DO', queryFor('a.test', { id: 99, dnssecOk: true }), MAIN, true],
    ['options through the proxy', optionQuery(false), PROXY, true],
    ['an ordinary request', optionQuery(false), MAIN, false],
  ])('%s: the client’s bytes go out under another ID', async (_what, query, listener, isBypass) => {
    const world = worldOf(() => FOUND)
    await bytesFor(world, query, listener)
    const sent = world.exchanges[0]?.wire as Buffer
    expect(sent.subarray(2).equals(query.subarray(2))).toBe(isBypass)
  })

  test('the server’s reply comes back with ID, size, CD and AD patched, and its other flags', async () => {
    const world = worldOf(({ wire }) => withOpt(replyFor(wire, { ...FOUND, flags: AA | AD }), [unknownOption]))
    const reply = parseMessage(await bytesFor(world, queryFor('A.test', { id: 99, dnssecOk: true, flags: CD })))
    expect(reply).toMatchObject({
      id: 99,
      flags: QR | AA | RD | RA | CD,
      opt: { payloadSize: 65_494, dnssecOk: true, options: [unknownOption] },
    })
  })

  test('CNAMEs are left to the client', async () => {
    const world = worldOf(() => ({ answer: ['a.test 60 CNAME b.test'] }))
    const reply = await world.ask('a.test', { listener: PROXY })
    expect([reply.answer.length, world.exchanges.length]).toEqual([1, 1])
  })

  test('R-STUB-13: hosts and own names are answered all the same', async () => {
    const world = worldOf(() => FOUND, { hosts: '192.0.2.80 box.test' })
    expect(addressesIn(await world.ask('box.test', { listener: PROXY }))).toEqual(['192.0.2.80'])
    expect(addressesIn(await world.ask('localhost', { listener: PROXY, dnssecOk: true }))).toEqual(['127.0.0.1'])
    expect(world.exchanges).toEqual([])
  })

  test('R-STUB-14: a truncated reply is fetched again over TCP', async () => {
    const world = worldOf(({ channel }) => (channel === 'udp' ? { flags: TC } : FOUND))
    expect(addressesIn(await world.ask('a.test', { listener: PROXY }))).toEqual(['192.0.2.1'])
    expect(world.exchanges.map(({ channel }) => channel)).toEqual(['udp', 'tcp'])
  })

  test('R-CACHE-17: cached by shape; options and CD are for one client alone', async () => {
    const world = worldOf(() => FOUND)
    const ask = async (packet: Buffer, listener: Listener) => {
      await bytesFor(world, packet, listener)
      return world.exchanges.length
    }
    const plain = queryFor('a.test')
    const signed = queryFor('a.test', { dnssecOk: true })
    expect([await ask(plain, MAIN), await ask(plain, MAIN), await ask(plain, PROXY), await ask(plain, PROXY)]).toEqual([
      1, 1, 2, 2,
    ])
    expect([await ask(signed, MAIN), await ask(signed, MAIN)]).toEqual([3, 3])
    expect([await ask(optionQuery(true), MAIN), await ask(optionQuery(true), MAIN)]).toEqual([4, 5])
    expect(await ask(queryFor('a.test', { dnssecOk: true, flags: CD }), MAIN)).toBe(6)
  })
})

describe('refusals', () => {
  test.each([
    ['R-STUB-7: FORMERR without question', queryFor('a.test', { type: 'TYPE0', edns: 1232 }), 'formerr', 12],
    ['R-STUB-9: REFUSED with it', queryFor('a.test', { type: 'AXFR' }), 'refused', 24],
  ])('%s', async (_rule, query, _word, length) => {
    expect(
      (
        await bytesFor(
          worldOf(() => FOUND),
          query,
        )
      ).length,
    ).toBe(length)
  })

  test('R-STUB-8: BADVERS stands in an OPT record of version 0', async () => {
    const query = queryFor('a.test', { edns: 1232 })
    query[30] = 1
    expect(
      parseMessage(
        await bytesFor(
          worldOf(() => FOUND),
          query,
        ),
      ),
    ).toMatchObject({ rcode: 16, opt: { version: 0 } })
  })
})

test('a reply that left out its question made the stub keep silent', async () => {
  const world = worldOf(({ wire }) => compose({ id: idOf(wire), flags: QR | RD | RA | RCODE.REFUSED }))
  const reply = await world.ask('a.test')
  expect([reply.rcode, reply.question?.name]).toEqual([RCODE.REFUSED, 'a.test'])
})
