import { describe, expect, test } from 'vitest'
import { Transaction, Upstreams } from '../../../src/upstream/index.ts'
import type { Step, Exchange } from '../../../src/upstream/index.ts'
import { CLASS, nameOf, TYPE } from '../../../src/wire/index.ts'
import { replyFor } from '../../kit/messages.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'
import { upstreamAt } from './simulation.ts'

const TC = 0x200

function begin(...servers: string[]): { transaction: Transaction; first: Exchange } {
  const question = { name: nameOf('a.test'), type: TYPE.A, class: CLASS.IN }
  const upstreams = new Upstreams(servers.map((address) => upstreamAt(address)))
  const transaction = new Transaction({ kind: 'question', question }, upstreams, new SeededRandom(), 0)
  return { transaction, first: sentBy(transaction.begin(0)) }
}

function sentBy(step: Step): Exchange {
  const exchange = step.kind === 'wait' ? step.send[0] : undefined
  if (exchange === undefined) throw new Error(`nothing sent: ${JSON.stringify(step)}`)
  return exchange
}

function shape({ upstream, channel, payloadSize }: Exchange): string {
  return `${upstream.label} ${channel} ${payloadSize}`
}

describe('a truncated answer', () => {
  test('a connection that closes as the question is written: once more, on a fresh one', () => {
    const { transaction, first } = begin('192.0.2.1', '192.0.2.2')
    const stream = sentBy(transaction.onReply(first, replyFor(first.wire, { flags: TC }), 10))
    const again = sentBy(transaction.onFailure(stream, 'closed', 20))
    expect(shape(again)).toBe('192.0.2.1 tcp 1232')
    const other = sentBy(transaction.onFailure(again, 'closed', 30))
    expect(shape(other)).toBe('192.0.2.2 udp 1232')
  })

  test('a server that answers one question on each connection and closes it: on at once while it answers others', () => {
    const { transaction, first } = begin('192.0.2.1')
    let stream = sentBy(transaction.onReply(first, replyFor(first.wire, { flags: TC }), 10))
    for (let now = 20; now < 100; now += 10) {
      stream.upstream.onStreamMessage(now - 1)
      stream = sentBy(transaction.onFailure(stream, 'closed', now))
      expect(shape(stream)).toBe('192.0.2.1 tcp 1232')
    }
    expect(stream.upstream.counts.failedTcp).toBe(0)
    expect(shape(sentBy(transaction.onFailure(stream, 'closed', 100)))).toBe('192.0.2.1 udp 4096') // no answer meanwhile
  })

  test('no TCP anywhere: the last resort is a large datagram', () => {
    const { transaction, first } = begin('192.0.2.1')
    const stream = sentBy(transaction.onReply(first, replyFor(first.wire, { flags: TC }), 10))
    const large = sentBy(transaction.onFailure(stream, 'refused', 20))
    expect(shape(large)).toBe('192.0.2.1 udp 4096')
    const step = transaction.onReply(large, replyFor(large.wire, { flags: TC }), 30)
    expect(step).toMatchObject({ kind: 'done', outcome: { kind: 'failure', state: 'invalid-reply' } })
  })

  test('failures of TCP do not make a server silent', () => {
    const { transaction, first } = begin('192.0.2.1', '192.0.2.2')
    const stream = sentBy(transaction.onReply(first, replyFor(first.wire, { flags: TC }), 10))
    transaction.onFailure(stream, 'timeout', 2010)
    expect(first.upstream.isTrusted(2010)).toBe(true)
    expect(first.upstream.counts.failedTcp).toBe(1)
  })
})

test('what comes after the end is taken in for what it says about the server', () => {
  const { transaction, first } = begin('192.0.2.1', '192.0.2.2')
  const second = sentBy(transaction.onTime(250))
  expect(first.upstream.isTrusted(250)).toBe(false)
  const done = transaction.onReply(second, replyFor(second.wire, { answer: ['a.test 60 A 192.0.2.9'] }), 260)
  expect(transaction.onReply(first, replyFor(first.wire), 900)).toEqual(done)
  expect(first.upstream.isTrusted(900)).toBe(true)
  expect(first.upstream.roundTrip).toBe(900)
})
