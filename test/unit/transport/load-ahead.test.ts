import http2 from 'node:http2'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import { expect, test, vi } from 'vitest'
import type { Outgoing } from '../../../src/sys/index.ts'
import { LateTransport } from '../../../src/transport/late-transport.ts'
import { loadAhead, nextTurn } from '../../../src/transport/load-ahead.ts'
import { ChannelTransports, type ChannelTransport } from '../../../src/transport/index.ts'
import { rehearseRequest } from '../../../src/transport/https-transport.ts'
import { rehearseExchange, rehearseTls } from '../../../src/transport/rehearsal.ts'
import { DNS_OVER_TLS } from '../../../src/transport/tls-transport.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { contextOf } from './support.ts'

test.each([
  ['tls', ['node:crypto', 'node:tls']],
  ['http2', ['node:crypto', 'node:tls', 'node:assert', 'node:http', 'node:http2']],
] as const)(
  '%s is loaded one module per turn of the loop: all at once blocks it for 20 to 60 ms',
  async (module, names) => {
    let turn = 0
    let isLoading = true
    const count = () => {
      turn++
      if (isLoading) setImmediate(count)
    }
    setImmediate(count)
    const loaded: [name: string, turn: number][] = []
    await loadAhead(module, async (name) => loaded.push([name, turn]))
    isLoading = false
    expect(loaded.map(([name]) => name)).toEqual(names)
    expect(new Set(loaded.map(([, at]) => at)).size).toBe(names.length)
  },
)

function isEnded({ value }: { readonly value: tls.TLSSocket | undefined }): boolean {
  return value?.destroyed === true
}

test.each(['tls', 'https'] as const)(
  'what the first question over %s needs is called before it, a step per turn, and nothing is sent for that',
  async (channel) => {
    const connectTcp = vi.fn<Outgoing['connectTcp']>(() => {
      throw Object.assign(new Error('not yet'), { code: 'EIO' })
    })
    const outgoing = { connectTcp } as unknown as Outgoing
    await using transport = new ChannelTransports(contextOf(outgoing, new FakeClock()))
    const rehearsed = vi.spyOn(tls, 'connect')
    const requested = vi.spyOn(http2, 'connect')
    transport.prepare(channel, true)
    await vi.waitFor(
      () => {
        expect(rehearsed.mock.results.map(isEnded)).toEqual([true])
        expect(requested).toHaveBeenCalledTimes(channel === 'https' ? 1 : 0)
      },
      { timeout: 10_000 },
    )
    expect(connectTcp).not.toHaveBeenCalled()
    vi.restoreAllMocks()
  },
)

test.each([
  ['TLS', rehearseTls],
  ['HTTPS', rehearseRequest],
])(
  'a rehearsed question over %s goes all the way: the reply is understood, and the connection closed',
  async (_, rehearse) => {
    const destroyed = vi.spyOn(Duplex.prototype, 'destroy')
    expect(await rehearse()).toBe(true)
    expect(destroyed).toHaveBeenCalled()
    vi.restoreAllMocks()
  },
)

test('a rehearsal that comes to nothing ends, too', async () => {
  expect(await rehearseExchange(DNS_OVER_TLS, [])).toBe(false)
})

function lateTransport() {
  const told: (boolean | string)[] = []
  const made: ChannelTransport = {
    exchange: () => () => undefined,
    renew: () => undefined,
    prepare: (isVerified) => told.push(isVerified),
    [Symbol.asyncDispose]: async () => undefined,
  }
  const late = new LateTransport(async () => {
    told.push('made')
    return made
  })
  return { told, late }
}

test('what is expected is made once, before any question, and told whether it is to verify', async () => {
  const { told, late } = lateTransport()
  late.prepare(false)
  late.prepare(true)
  late.prepare(false)
  await nextTurn()
  expect(told).toEqual(['made', true])
  late.prepare(false)
  expect(told).toEqual(['made', true, false])
})

test('nothing is made for what nobody expects', async () => {
  const { told } = lateTransport()
  await nextTurn()
  expect(told).toEqual([])
})
