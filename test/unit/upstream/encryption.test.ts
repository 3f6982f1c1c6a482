import { describe, expect, test } from 'vitest'
import { parseServerSpec } from '../../../src/settings/index.ts'
import { serverChannels, Upstream } from '../../../src/upstream/index.ts'
import { ServerAttempt } from '../../../src/upstream/server-attempt.ts'
import { type Lookup, percentile, Simulation, type Path } from './simulation.ts'

const MODES = ['no', 'opportunistic', 'yes'] as const
const parse = (text: string) => parseServerSpec(text, () => undefined)

test('R-SRV-7, E-OPP-1: where somebody guesses, what TLS takes too long for goes by TCP, not in a datagram again', () => {
  const spec = parse('192.0.2.1')
  const attempt = new ServerAttempt(
    new Upstream({ spec, channels: serverChannels(spec, 'opportunistic', 3), label: 'a' }),
    false,
  )
  expect(attempt.plainChannel).toBe('udp')
  attempt.needsStream = true
  expect(attempt.plainChannel).toBe('tcp')
})

describe('E-DOT-1, E-DOT-2: mode and server → channels', () => {
  test.each([
    ['192.0.2.1', 53, 853],
    ['192.0.2.1:853', 53, 853],
    ['192.0.2.1:53', 53, 853],
    ['192.0.2.1:5353', 5353, 5353],
  ])('%s: port %d in plaintext, %d over TLS', (text, plain, tls) => {
    const [off, both, strict] = MODES.map((mode) => serverChannels(parse(text), mode, 3))
    expect([off?.plain?.port, off?.encrypted]).toEqual([plain, undefined])
    expect([both?.plain?.port, both?.encrypted?.endpoint.port, both?.encrypted?.endpoint.isVerified]).toEqual([
      plain,
      tls,
      false,
    ])
    expect([strict?.plain, strict?.encrypted?.endpoint.port, strict?.encrypted?.endpoint.isVerified]).toEqual([
      undefined,
      tls,
      true,
    ])
  })

  test.each([
    ['192.0.2.1#https://dns.test/q{?dns}', 443, 'dns.test', { authority: 'dns.test', path: '/q', method: 'GET' }],
    ['192.0.2.1:8443#https://dns.test/q', 8443, 'dns.test', { authority: 'dns.test', path: '/q', method: 'POST' }],
    ['192.0.2.1#https://dns.test:444/q', 444, 'dns.test', { authority: 'dns.test:444', path: '/q', method: 'POST' }],
    [
      '192.0.2.1#https://[2001:db8::1]/q',
      443,
      '2001:db8::1',
      { authority: '[2001:db8::1]', path: '/q', method: 'POST' },
    ],
  ])(
    'E-DOH-11, E-DOH-13: %s is asked over HTTPS in every mode, verified, and never in plaintext',
    (text, port, serverName, resource) => {
      for (const mode of MODES) {
        const { plain, encrypted } = serverChannels(parse(text), mode, 3)
        expect([plain, encrypted?.channel]).toEqual([undefined, 'https'])
        expect(encrypted?.endpoint).toMatchObject({ port, serverName, isVerified: true, resource, ifindex: 3 })
      }
    },
  )

  test('E-DOT-11: with strict encryption there is no endpoint for plaintext', () => {
    const spec = parse('192.0.2.1#dns.test')
    const upstream = new Upstream({ spec, channels: serverChannels(spec, 'yes', 2), label: 'x' })
    expect(() => upstream.endpointOver('udp')).toThrow('must not be asked over udp')
    expect(() => upstream.endpointOver('tcp')).toThrow('must not be asked over tcp')
    expect(upstream.endpointOver('tls')).toMatchObject({ port: 853, serverName: 'dns.test', ifindex: 2 })
  })

  test.each(MODES.flatMap((a) => MODES.map((b) => [a, b] as const)))(
    'E-OURS-5: what was learnt in mode %s is kept for %s only when they are the same',
    (before, after) => {
      const spec = parse('192.0.2.1')
      const upstream = new Upstream({ spec, channels: serverChannels(spec, before, 2), label: 'x' })
      expect(upstream.is({ spec, channels: serverChannels(spec, after, 2), label: 'x' })).toBe(before === after)
    },
  )
})

const OPT_OF_BADVERS = { payloadSize: 1232, extendedRcode: 1, version: 0, dnssecOk: false, options: [] }
const strict = (...paths: Partial<Path>[]) => new Simulation(paths, undefined, 1, 'yes')
const opportunistic = (...paths: Partial<Path>[]) => new Simulation(paths, undefined, 1, 'opportunistic')

describe('strict', () => {
  const servfail = { reply: () => ({ rcode: 2 }) }
  const formerr = { reply: () => ({ rcode: 1 }) }
  test.each<[string, Partial<Path>]>([
    ['answers', {}],
    ['SERVFAIL', servfail],
    ['FORMERR', formerr],
    ['REFUSED', { reply: () => ({ rcode: 5 }) }],
    ['TC', { reply: () => ({ flags: 0x200 }) }],
    ['rubbish', { reply: (wire) => wire.subarray(0, 14) }],
    ['a closed port', { tls: 'refused' }],
    ['no handshake', { tls: 'handshake' }],
    ['a bad certificate', { tls: 'untrusted' }],
    ['silence', { tls: 'silent' }],
    ['no machine', { isAlive: false }],
  ])('E-LIFE-1: never sends anything in plaintext: %s', (_, path) => {
    const net = strict(path, path)
    for (let i = 0; i < 30; i++) {
      net.lookup(`n${i}.test`)
      net.advance(i * 100)
    }
    net.upstreams.wake(net.now)
    net.advance(5000)
    net.lookup('after.test')
    expect(net.carried.plain).toBe(0)
    expect(net.carried.tls).toBeGreaterThan(0)
  })

  test.each<[rcode: string, number, asked: boolean[]]>([
    ['FORMERR', 1, [true, false]],
    ['NOTIMP', 4, [true]],
    ['BADVERS', 16, [true]],
  ])('E-TLS-8: only after FORMERR a question is asked without EDNS, and so without padding: %s', (_, rcode, asked) => {
    const hadOpt: boolean[] = []
    const reply = (wire: Buffer) => {
      hadOpt.push(wire.readUInt16BE(10) === 1)
      return { rcode: rcode & 15, ...(rcode > 15 && { opt: OPT_OF_BADVERS }) }
    }
    const { outcome } = strict({ reply }).lookup('a.test')
    expect(hadOpt).toEqual(asked)
    expect(outcome).toMatchObject({ kind: 'reply', message: { rcode } })
  })

  test('an answer is confidential', () => {
    expect(strict({}).lookup('a.test').outcome).toMatchObject({ kind: 'reply', channel: 'tls', isConfidential: true })
  })

  test('E-LIFE-1: the failure says why', () => {
    const { outcome } = strict({ tls: 'untrusted' }).lookup('a.test')
    expect(outcome).toMatchObject({ kind: 'failure', reason: 'untrusted' })
  })

  test('E-LIFE-6: each change is told once', () => {
    const path: Partial<Path> = { tls: 'untrusted' }
    const net = strict(path)
    for (let i = 0; i < 5; i++) net.lookup(`n${i}.test`)
    net.paths[0]!.tls = 'works'
    net.advance(5000)
    for (let i = 0; i < 5; i++) net.lookup(`m${i}.test`)
    expect(net.news.map((line) => line.replace(/^\S+ /, ''))).toEqual([
      '192.0.2.1 cannot be asked over TLS, and is not asked in plaintext: untrusted',
      '192.0.2.1 is asked over TLS again',
    ])
  })

  test('E-LIFE-6: a server that fails now so, now so, wrote a line for each question: each way to fail is told once until it works', () => {
    const path: Partial<Path> = { tls: 'refused' }
    const net = strict(path)
    for (let i = 0; i < 10; i++) {
      net.paths[0]!.tls = i % 2 === 0 ? 'refused' : 'handshake'
      net.lookup(`n${i}.test`)
      net.advance(2000)
    }
    expect(net.news.map((line) => line.slice(line.lastIndexOf(' ') + 1))).toEqual(['refused', 'handshake'])
  })

  test('a name that takes long on a connection that works is no failure of TLS, and no line in the log', () => {
    const net = strict({ drops: (wire) => wire.includes('slow') })
    net.lookup('a.test')
    net.lookup('slow.test')
    net.advance(5000)
    net.lookup('b.test')
    expect(net.news).toEqual([])
    expect(net.upstreams.all[0]?.encryption.failure).toBeUndefined()
  })

  test('a question cut off by a close is asked again, once', () => {
    const net = strict({})
    net.lookup('a.test')
    net.hangUp(0)
    const sent = net.carried.tls
    expect(net.lookup('b.test').outcome.kind).toBe('reply')
    expect(net.carried.tls).toBe(sent + 1)
  })

  test('E-TLS-5: a server that closes twice with the question open is left for the next one', () => {
    const net = strict({}, {})
    net.lookup('a.test')
    net.paths[0]!.tls = 'closed'
    net.hangUp(0)
    const sent = [...net.sent]
    expect(net.lookup('b.test').outcome.kind).toBe('reply')
    expect(net.sent.map((count, i) => count - sent[i]!)).toEqual([2, 1])
    expect(net.upstreams.inOrder(net.now)[0]).toBe(net.upstreams.all[1]) // E-TLS-5: twice is a failure
  })

  /** Asks so many at once; how each ended, and how long the last of them took. */
  function askTogether(net: Simulation, count: number) {
    const found: Lookup[] = []
    for (let i = 0; i < count; i++) net.ask(`p${i}.test`, (lookup) => found.push(lookup))
    net.advance(10_000)
    return {
      kinds: [...new Set(found.map(({ outcome }) => outcome.kind))],
      took: Math.max(...found.map(({ took }) => took)),
    }
  }

  test.each([
    [1, 4],
    [1, 8],
    [1, 30],
    [3, 90],
    [100, 1000],
  ])('E-TLS-5: %i answers to a connection, and %i questions at once: all are answered', (answersEach, count) => {
    const net = strict({ answersEach })
    const { kinds } = askTogether(net, count)
    expect(kinds).toEqual(['reply'])
    expect(net.handshakes[0]).toBeLessThanOrEqual(Math.ceil(count / answersEach) + 1)
    expect(net.upstreams.all[0]?.encryption.failure).toBeUndefined()
    expect(net.news).toEqual([])
  })

  test('E-TLS-5: more questions at once than one may be cut off: on at the usual pace, and no storm', () => {
    const net = strict({ answersEach: 1 })
    askTogether(net, 200)
    expect(net.handshakes[0]).toBeLessThan(60)
  })

  test('a server that closes without answering is not asked at once by each of many questions', () => {
    const net = strict({ answersEach: 0 })
    const { kinds } = askTogether(net, 8)
    expect(kinds).toEqual(['failure'])
    expect(net.handshakes[0]).toBeLessThan(30)
  })

  test('cut off while the server answers others: the next server is asked where there is one', () => {
    const net = strict({ answersEach: 1 }, {})
    const { kinds, took } = askTogether(net, 8)
    expect(kinds).toEqual(['reply'])
    expect(took).toBeLessThan(300)
  })

  test('a lone server that closes several times in a row is asked on at the usual pace until it answers', () => {
    const net = strict({})
    net.lookup('a.test')
    net.paths[0]!.tls = 'closed'
    net.hangUp(0)
    net.at(net.now + 1000, () => (net.paths[0]!.tls = 'works'))
    const sent = net.sent[0]!
    const { outcome, took } = net.lookup('b.test')
    expect(outcome.kind).toBe('reply')
    expect(took).toBeLessThan(1500)
    expect(net.sent[0]! - sent).toBeLessThan(12)
  })

  test('servers that close every time: the question fails only when its patience is over, and causes no storm', () => {
    const net = strict({ tls: 'closed' }, { tls: 'closed' })
    const { outcome, took } = net.lookup('a.test')
    expect(outcome).toMatchObject({ kind: 'failure', reason: 'closed' })
    expect(took).toBeGreaterThan(4000)
    expect(net.sent[0]! + net.sent[1]!).toBeLessThanOrEqual(24)
  })

  test('with one server a slow question is not sent twice on the same connection', () => {
    const net = strict({ delay: () => 20 })
    net.lookup('warm.test')
    const sent = net.carried.tls
    net.paths[0]!.delay = () => 1500
    expect(net.lookup('slow.test').outcome.kind).toBe('reply')
    expect(net.carried.tls - sent).toBeLessThanOrEqual(2) // a probe may look after the server
  })

  test('the order is preference: the first server is asked while it works', () => {
    const net = strict({}, {})
    for (let i = 0; i < 50; i++) net.lookup(`n${i}.test`)
    expect(net.sent[0]).toBeGreaterThan(49)
    expect(net.sent[1]).toBeLessThan(3)
  })

  test('with a dead first server the second answers within 300 ms at p99 when warm, and one handshake more when cold', () => {
    const net = strict({ delay: () => 20 }, { delay: () => 20 })
    net.lookup('warm.test')
    net.paths[0]!.isAlive = false
    net.hangUp(0)
    const took: number[] = []
    for (let i = 0; i < 200; i++) {
      const { outcome, took: time } = net.lookup(`n${i}.test`)
      expect(outcome.kind).toBe('reply')
      took.push(time)
      net.advance(50)
    }
    expect(took[0]).toBeLessThan(250 + 60 + 20)
    expect(percentile(took.slice(1), 0.99)).toBeLessThan(300)
    expect(percentile(took.slice(1), 0.5)).toBe(20)
  })

  test('a dead server that is back is asked again within five seconds', () => {
    const net = strict({}, {})
    net.paths[0]!.tls = 'refused'
    for (let i = 0; i < 40; i++) {
      net.lookup(`n${i}.test`)
      net.advance(200)
    }
    net.paths[0]!.tls = 'works'
    const back = net.now
    const sent = net.sent[0] as number
    while (net.sent[0] === sent && net.now < back + 10_000) {
      net.lookup(`m${net.now}.test`)
      net.advance(100)
    }
    expect(net.now - back).toBeLessThan(5000)
  })
})

describe('opportunistic', () => {
  test('questions cut off together by the end of a connection say nothing against TLS', () => {
    const net = opportunistic({ answersEach: 10 })
    for (let i = 0; i < 10; i++) net.lookup(`n${i}.test`)
    for (let i = 0; i < 4; i++) net.ask(`m${i}.test`, () => undefined)
    net.advance(1000)
    expect(net.carried.plain).toBe(0)
    expect(net.news).toEqual(['60 192.0.2.1 takes DNS over TLS and is asked so from now on'])
  })

  test('E-OPP-1: a server that takes TLS is asked so from the first question', () => {
    const net = opportunistic({ delay: () => 20 })
    const first = net.lookup('a.test')
    expect(first.outcome).toMatchObject({ channel: 'tls', isConfidential: true })
    for (let i = 0; i < 20; i++) net.lookup(`n${i}.test`)
    expect(net.carried.plain).toBe(0)
    expect(net.news).toEqual(['60 192.0.2.1 takes DNS over TLS and is asked so from now on'])
  })

  test.each<[Path['tls'], number]>([
    ['refused', 40],
    ['handshake', 40],
    ['silent', 270],
  ])('E-OPP-1: the first question waits for TLS no longer than for a datagram: %s', (tls, most) => {
    const net = opportunistic({ tls })
    const { outcome, took } = net.lookup('a.test')
    expect(outcome).toMatchObject({ kind: 'reply', channel: 'udp', isConfidential: false })
    expect(took).toBeLessThanOrEqual(most)
  })

  test('with two servers and port 853 dropped on both, the first question waits once', () => {
    const net = opportunistic({ tls: 'silent' }, { tls: 'silent' })
    expect(net.lookup('a.test').took).toBeLessThanOrEqual(270)
  })

  test.each<Path['tls']>(['refused', 'handshake', 'silent'])('E-OPP-2: later questions wait for nothing: %s', (tls) => {
    const net = opportunistic({ tls })
    net.lookup('a.test')
    for (let i = 0; i < 100; i++) {
      expect(net.lookup(`n${i}.test`).took).toBe(20)
      net.advance(300)
    }
    expect(net.carried.tls).toBeLessThan(10) // at 0, 1, 3, 7, 15 and 31 s
  })

  test('E-OPP-4: a question that went both ways is not confidential, whoever answers', () => {
    const net = opportunistic({ delay: (_, channel) => (channel === 'tls' ? 90 : 1500) })
    expect(net.lookup('a.test').outcome).toMatchObject({ channel: 'tls', isConfidential: false })
  })

  test('a TLS that becomes ready late serves the next question', () => {
    const net = opportunistic({ delay: (_, channel) => (channel === 'tls' ? 150 : 20) })
    expect(net.lookup('a.test').outcome).toMatchObject({ channel: 'udp' })
    net.advance(1000)
    expect(net.lookup('b.test').outcome).toMatchObject({ channel: 'tls', isConfidential: true })
  })

  test('one lost handshake does not cost minutes of plaintext', () => {
    const net = opportunistic({})
    net.lookup('a.test')
    net.hangUp(0)
    net.paths[0]!.tls = 'silent'
    expect(net.lookup('b.test').outcome.kind).toBe('reply')
    net.paths[0]!.tls = 'works'
    net.advance(1500)
    expect(net.lookup('c.test').outcome).toMatchObject({ channel: 'tls', isConfidential: true })
    expect(net.news.length).toBe(1)
  })

  test('a firewall that begins to reset TLS: plaintext at once, one line, and TLS again when it is gone', () => {
    const net = opportunistic({})
    net.lookup('a.test')
    net.hangUp(0)
    net.paths[0]!.tls = 'refused'
    for (let i = 0; i < 50; i++) {
      expect(net.lookup(`n${i}.test`).took).toBeLessThanOrEqual(40)
      net.advance(100)
    }
    net.paths[0]!.tls = 'works'
    for (let i = 0; i < 50; i++) {
      net.lookup(`m${i}.test`)
      net.advance(200)
    }
    expect(net.lookup('z.test').outcome).toMatchObject({ channel: 'tls' })
    expect(net.news.map((line) => line.replace(/^\S+ \S+ /, ''))).toEqual([
      'takes DNS over TLS and is asked so from now on',
      'is asked in plaintext, as DNS over TLS does not work: the port is closed',
      'takes DNS over TLS and is asked so from now on',
    ])
  })

  test('a server that dies is left for the second, over TLS', () => {
    const net = opportunistic({}, {})
    net.lookup('a.test')
    net.paths[0]!.isAlive = false
    net.hangUp(0)
    const took = Array.from({ length: 50 }, (_, i) => {
      const { outcome, took: time } = net.lookup(`n${i}.test`)
      expect(outcome.kind).toBe('reply')
      net.advance(100)
      return time
    })
    expect(percentile(took, 0.9)).toBeLessThan(300)
    expect(net.lookup('z.test').outcome).toMatchObject({ channel: 'tls' })
  })

  test('on another network everything is untried again', () => {
    const net = opportunistic({ tls: 'refused' })
    net.lookup('a.test')
    net.paths[0]!.tls = 'works'
    net.upstreams.wake(net.now)
    expect(net.lookup('b.test').outcome).toMatchObject({ channel: 'tls' })
  })
})
