import net from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import { type Channel, IpAddress } from '../../../src/base/index.ts'
import { Outgoing } from '../../../src/sys/index.ts'
import { ChannelTransports } from '../../../src/transport/index.ts'
import { MAX_USES } from '../../../src/transport/pooled-udp.ts'
import { openTcpTransport } from '../../../src/transport/tcp-transport.ts'
import { UdpTransport } from '../../../src/transport/udp-transport.ts'
import { TransportError } from '../../../src/upstream/index.ts'
import { frame } from '../../../src/wire/index.ts'
import { exchange } from '../../kit/exchange.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import {
  failureOf,
  KINDS,
  libc,
  message,
  openTransport,
  openUpstream,
  channelOf,
  contextOf,
  queryTo,
  textOf,
  until,
} from './support.ts'

/** What every Transport owes to those who ask. */
describe.each(KINDS)('%s', (kind) => {
  const channel = channelOf(kind)

  test('answers a question with the bytes of the server, and stops its timers', async () => {
    const clock = new FakeClock()
    await using upstream = await openUpstream(channel, (query, send) =>
      send(message(query.readUInt16BE(0), `re ${textOf(query)}`)),
    )
    await using transport = openTransport(kind, clock)
    const reply = await exchange(transport, queryTo(upstream.port, channel, 7, 'hello'))
    expect(reply).toEqual(message(7, 're hello'))
    expect(clock.pending).toBe(channel === 'udp' ? 0 : 1) // the idle timer of the kept connection
  })

  test('R-SRV-7: passes over messages that are no answer', async () => {
    await using upstream = await openUpstream(channel, (query, send) => {
      send(message(query.readUInt16BE(0), 'forged'))
      send(message(query.readUInt16BE(0) ^ 1, `re ${textOf(query)}`))
      send(message(query.readUInt16BE(0), `re ${textOf(query)}`))
    })
    await using transport = openTransport(kind, new FakeClock())
    const reply = await exchange(transport, queryTo(upstream.port, channel, 9, 'x'))
    expect(textOf(reply)).toBe('re x')
  })

  test('gives up with `timeout` after the patience, not before', async () => {
    const clock = new FakeClock()
    let asked = 0
    await using upstream = await openUpstream(channel, () => asked++)
    await using transport = openTransport(kind, clock)
    const failure = failureOf(exchange(transport, queryTo(upstream.port, channel, 1, 'x', { patience: 300 })))
    await until(() => asked === 1)
    await clock.advance(299)
    expect(await Promise.race([failure, new Promise((resolve) => setImmediate(() => resolve('waiting')))])).toBe(
      'waiting',
    )
    await clock.advance(1)
    expect(await failure).toBe('timeout')
  })

  test('a closed port is `refused` at once', async () => {
    await using transport = openTransport(kind, new FakeClock())
    const { port } = await closedPort(channel)
    expect(await failureOf(exchange(transport, queryTo(port, channel, 1, 'x')))).toBe('refused')
  })

  test('what is taken back is told no more, and leaves no timer', async () => {
    const clock = new FakeClock()
    const answers: (() => void)[] = []
    await using upstream = await openUpstream(channel, (query, send) => {
      answers.push(() => send(message(query.readUInt16BE(0), `re ${textOf(query)}`)))
    })
    const transport = openTransport(kind, clock)
    const told: unknown[] = []
    const takeBack = transport.exchange(queryTo(upstream.port, channel, 1, 'x'), (result) => told.push(result))
    const other = exchange(transport, queryTo(upstream.port, channel, 2, 'y'))
    await until(() => answers.length === 2)
    takeBack()
    takeBack()
    for (const answer of answers) answer()
    expect(textOf(await other)).toBe('re y')
    await clock.advance(60_000)
    await transport[Symbol.asyncDispose]()
    expect(told).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test('nothing is told before exchange() returns, however soon it fails', async () => {
    const transport = openTransport(kind, new FakeClock())
    await transport[Symbol.asyncDispose]()
    const told: unknown[] = []
    transport.exchange(queryTo(9, channel, 1, 'x'), (result) => told.push(result))
    transport.exchange(queryTo(9, channel, 1, 'x'), () => told.push('taken back, and yet told'))()
    expect(told).toEqual([])
    await new Promise((resolve) => setImmediate(resolve))
    expect(told).toMatchObject([{ code: 'io' }])
  })

  test('closing ends what is under way, leaves no timer, and refuses the rest', async () => {
    const clock = new FakeClock()
    let asked = 0
    await using upstream = await openUpstream(channel, () => asked++)
    const transport = openTransport(kind, clock)
    const failures = [1, 2].map((id) => failureOf(exchange(transport, queryTo(upstream.port, channel, id, 'x'))))
    await until(() => asked === 2)
    await transport[Symbol.asyncDispose]()
    await transport[Symbol.asyncDispose]()
    expect(await Promise.all(failures)).toEqual(['io', 'io'])
    expect(await failureOf(exchange(transport, queryTo(upstream.port, channel, 3, 'x')))).toBe('io')
    expect(clock.pending).toBe(0)
  })

  test('200 questions at once, answered in reverse, each get their own answer, though all have the same ID', async () => {
    const waiting: (() => void)[] = []
    await using upstream = await openUpstream(channel, (query, send) => {
      waiting.push(() => send(message(query.readUInt16BE(0), `re ${textOf(query)}`)))
      if (waiting.length === 200) for (const answer of waiting.toReversed()) answer()
    })
    await using transport = openTransport(kind, new FakeClock())
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, i) => exchange(transport, queryTo(upstream.port, channel, 77, `q${i}`))),
    )
    expect(replies).toEqual(Array.from({ length: 200 }, (_, i) => message(77, `re q${i}`)))
  })

  test('R-SRV-8: a link that is not there is a failure, not another way out', async () => {
    await using transport = openTransport(kind, new FakeClock())
    const away = { address: IpAddress.parse('192.0.2.53') as IpAddress, ifindex: 999_999 }
    const failure = await failureOf(exchange(transport, queryTo(53, channel, 1, 'x', away)))
    expect(failure).toBe(kind.endsWith('koffi') ? 'io' : 'unreachable')
  })

  test('a message too long for the channel is `too-large`', async () => {
    await using upstream = await openUpstream(channel, () => {})
    await using transport = openTransport(kind, new FakeClock())
    const query = queryTo(upstream.port, channel, 1, 'x', { wire: Buffer.alloc(66_000) })
    expect(await failureOf(exchange(transport, query))).toBe('too-large')
  })
})

describe('udp', () => {
  test('R-SRV-7: every question leaves from a port of its own, in no order', async () => {
    await using upstream = await openUpstream('udp', (query, send) =>
      send(message(query.readUInt16BE(0), `re ${textOf(query)}`)),
    )
    await using transport = openTransport('udp', new FakeClock())
    for (let i = 0; i < 64; i++) await exchange(transport, queryTo(upstream.port, 'udp', i, 'x'))
    expect(new Set(upstream.ports).size).toBeGreaterThan(60)
    const steps = upstream.ports.slice(1).map((port, i) => Math.abs(port - (upstream.ports[i] as number)))
    expect(steps.filter((step) => step < 16).length).toBeLessThan(8)
  })

  test('R-SRV-7: among many questions a port serves a few of them, one by one, and the ports lie all over the range', async () => {
    await using upstream = await openUpstream('udp', (query, send) =>
      send(message(query.readUInt16BE(0), `re ${textOf(query)}`)),
    )
    await using transport = openTransport('udp', new FakeClock())
    const { endpoint } = queryTo(upstream.port, 'udp', 0, '')
    for (let wave = 0; wave < 4 * MAX_USES; wave++) {
      const asked = Array.from({ length: 32 }, (_, i) => ({ ...queryTo(upstream.port, 'udp', i, 'x'), endpoint }))
      await Promise.all(asked.map((query) => exchange(transport, query)))
    }
    const uses = new Map<number, number>()
    for (const port of upstream.ports) uses.set(port, (uses.get(port) ?? 0) + 1)
    expect(Math.max(...uses.values())).toBeLessThanOrEqual(2 * MAX_USES) // a port may come up twice by chance
    expect([...uses.values()].filter((count) => count > MAX_USES).length).toBeLessThan(8)
    expect(uses.size).toBeLessThan(4 * 32 + 32) // the first and the last of a burst keep their ports too
    const ports = [...uses.keys()].toSorted((a, b) => a - b)
    const [low, high] = [ports[0] as number, ports.at(-1) as number]
    const quarterOf = (port: number) => Math.floor((4 * (port - low)) / (high + 1 - low))
    const quarters = [0, 1, 2, 3].map((quarter) => ports.filter((port) => quarterOf(port) === quarter).length)
    expect(Math.min(...quarters)).toBeGreaterThan(ports.length / 20)
  })

  test('R-SRV-7: the port of a question that was given up serves for no other', async () => {
    const clock = new FakeClock()
    const lost: number[] = []
    await using upstream = await openUpstream('udp', (query, send) => {
      if (textOf(query) === 'lost') lost.push(upstream.ports.at(-1) as number)
      else send(message(query.readUInt16BE(0), `re ${textOf(query)}`))
    })
    await using transport = openTransport('udp', clock)
    const { endpoint } = queryTo(upstream.port, 'udp', 0, '')
    const ask = (id: number, text: string) => {
      return exchange(transport, { ...queryTo(upstream.port, 'udp', id, text, { patience: 100 }), endpoint })
    }
    const wave = (text: string) => Array.from({ length: 32 }, (_, i) => ask(i, text))
    await Promise.all(wave('x'))
    const failures = wave('lost').map(failureOf)
    await until(() => lost.length === 32)
    await clock.advance(100)
    expect(new Set(await Promise.all(failures))).toEqual(new Set(['timeout']))
    const before = upstream.ports.length
    for (let i = 0; i < 10; i++) await Promise.all(wave('y'))
    expect(upstream.ports.slice(before).filter((port) => lost.includes(port))).toEqual([])
  })

  test('when sockets get scarce, questions asked for the first time get them, and those asked often none', async () => {
    const silent = { connectUdp: () => ({ send() {}, close() {} }) } as unknown as Outgoing
    await using transport = new UdpTransport(contextOf(silent, new FakeClock()))
    const room = async (earlier: number) => {
      const failures: string[] = []
      for (let sent = 0; ; sent++) {
        transport.exchange(queryTo(53, 'udp', 1, 'x', { earlier }), (result) => {
          if (result instanceof TransportError) failures.push(result.code)
        })
        await Promise.resolve()
        if (failures.length > 0) return [sent, ...failures]
      }
    }
    expect(await room(9)).toEqual([2048, 'io'])
    expect(await room(3)).toEqual([512, 'io'])
    expect(await room(9)).toEqual([0, 'io'])
    expect(await room(1)).toEqual([1024, 'io'])
    expect(await room(0)).toEqual([512, 'io'])
  })

  test('R-SRV-7: a late answer meets an open port, for five seconds', async () => {
    const clock = new FakeClock()
    const answers: (() => void)[] = []
    await using upstream = await openUpstream('udp', (query, send) => {
      answers.push(() => send(message(query.readUInt16BE(0), `re ${textOf(query)}`)))
    })
    await using transport = openTransport('udp', clock)
    for (let i = 0; i < 3; i++) {
      const failure = failureOf(exchange(transport, queryTo(upstream.port, 'udp', i, 'x', { patience: 100 })))
      await until(() => answers.length === i + 1)
      await clock.advance(100)
      expect(await failure).toBe('timeout')
    }
    expect(await boundPorts(upstream.ports)).toBe(3)
    answers[0]?.()
    await until(() => clock.pending === 1)
    await clock.advance(5000)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await boundPorts(upstream.ports)).toBe(0)
    expect(clock.pending).toBe(0)
  })
})

describe('tcp', () => {
  test('R-SRV-17: one connection serves all questions to a server, and is closed after ten idle seconds', async () => {
    const clock = new FakeClock()
    await using upstream = await openUpstream('tcp', (query, send) =>
      send(message(query.readUInt16BE(0), `re ${textOf(query)}`)),
    )
    await using transport = openTransport('tcp', clock)
    await exchange(transport, queryTo(upstream.port, 'tcp', 1, 'a'))
    await clock.advance(9999)
    await exchange(transport, queryTo(upstream.port, 'tcp', 2, 'b'))
    expect(upstream.connections).toBe(1)
    await clock.advance(10_000)
    await exchange(transport, queryTo(upstream.port, 'tcp', 3, 'c'))
    expect(upstream.connections).toBe(2)
  })

  test('a server that hangs up ends every exchange with `closed`, and the next one connects anew', async () => {
    let asked = 0
    await using upstream = await openUpstream('tcp', (query, send) => {
      if (++asked > 2) send(message(query.readUInt16BE(0), `re ${textOf(query)}`))
    })
    await using transport = openTransport('tcp', new FakeClock())
    const failures = [1, 2].map((id) => failureOf(exchange(transport, queryTo(upstream.port, 'tcp', id, 'x'))))
    await until(() => asked === 2)
    upstream.hangUp()
    expect(await Promise.all(failures)).toEqual(['closed', 'closed'])
    expect(textOf(await exchange(transport, queryTo(upstream.port, 'tcp', 3, 'x')))).toBe('re x')
  })

  test('a connection that left a question unanswered gets no new one, but may still answer the others', async () => {
    const clock = new FakeClock()
    const answers: (() => void)[] = []
    await using upstream = await openUpstream('tcp', (query, send) => {
      answers.push(() => send(message(query.readUInt16BE(0), `re ${textOf(query)}`)))
    })
    await using transport = openTransport('tcp', clock)
    const failure = failureOf(exchange(transport, queryTo(upstream.port, 'tcp', 1, 'a', { patience: 50 })))
    const slow = exchange(transport, queryTo(upstream.port, 'tcp', 2, 'b'))
    await until(() => answers.length === 2)
    await clock.advance(50)
    expect(await failure).toBe('timeout')
    const fresh = exchange(transport, queryTo(upstream.port, 'tcp', 3, 'c'))
    await until(() => answers.length === 3)
    expect(upstream.connections).toBe(2)
    for (const answer of answers) answer()
    expect([textOf(await slow), textOf(await fresh)]).toEqual(['re b', 're c'])
  })

  test('when the ways out have changed the next question connects anew, and what waits is still answered', async () => {
    const answers: (() => void)[] = []
    await using upstream = await openUpstream('tcp', (query, send) => {
      answers.push(() => send(message(query.readUInt16BE(0), `re ${textOf(query)}`)))
    })
    const clock = new FakeClock()
    await using transport = new ChannelTransports(contextOf(new Outgoing(libc), clock))
    const before = exchange(transport, queryTo(upstream.port, 'tcp', 1, 'a'))
    await until(() => answers.length === 1)
    transport.renew()
    const after = exchange(transport, queryTo(upstream.port, 'tcp', 2, 'b'))
    await until(() => answers.length === 2)
    expect(upstream.connections).toBe(2)
    for (const answer of answers) answer()
    expect([textOf(await before), textOf(await after)]).toEqual(['re a', 're b'])
    transport.renew()
    expect(clock.pending).toBe(0) // nothing idle is kept either
  })

  test('a connection that never comes about ends after ten seconds at the latest', async () => {
    const clock = new FakeClock()
    const outgoing = new Outgoing(libc)
    vi.spyOn(outgoing, 'connectTcp').mockImplementation(() => net.connect({ host: 'x', port: 9, lookup: () => {} }))
    await using transport = openTcpTransport(contextOf(outgoing, clock))
    const failure = failureOf(exchange(transport, queryTo(9, 'tcp', 1, 'x', { patience: 60_000 })))
    await clock.advance(9999)
    expect(clock.pending).toBe(2)
    await clock.advance(1)
    expect(await failure).toBe('timeout')
    expect(clock.pending).toBe(0)
  })

  test('R-SRV-17: at most 128 connections; an idle one gives way', async () => {
    await using upstream = await openUpstream('tcp', (query, send) =>
      send(message(query.readUInt16BE(0), `re ${textOf(query)}`)),
    )
    await using transport = openTransport('tcp', new FakeClock())
    for (let i = 1; i <= 140; i++) {
      await exchange(transport, queryTo(upstream.port, 'tcp', i, 'x', { address: IpAddress.of(`127.0.1.${i}`) }))
    }
    expect(upstream.connections).toBe(140)
    await until(() => upstream.open <= 128)
    expect(upstream.open).toBe(128)
  })

  test('frame refuses what no length can tell', () => {
    expect(() => frame(Buffer.alloc(65_536))).toThrow(RangeError)
  })
})

/** A port nobody listens on just now. */
async function closedPort(channel: Channel): Promise<{ port: number }> {
  const upstream = await openUpstream(channel, () => {})
  await upstream[Symbol.asyncDispose]()
  return { port: upstream.port }
}

/** How many of these UDP ports are open, by the kernel's own list. */
async function boundPorts(ports: readonly number[]): Promise<number> {
  const { readFile } = await import('node:fs/promises')
  const open = new Set(
    (await readFile('/proc/net/udp', 'latin1'))
      .split('\n')
      .slice(1)
      .map((line) => Number.parseInt(line.trim().split(/\s+/)[1]?.split(':')[1] ?? '0', 16)),
  )
  return ports.filter((port) => open.has(port)).length
}
