import { Duplex } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { nextTurn } from '../../../src/transport/load-ahead.ts'
import { StreamConnection } from '../../../src/transport/stream-connection.ts'
import { frame } from '../../../src/wire/index.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { queryFor, replyFor } from '../../kit/messages.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'
import { LOOPBACK } from './support.ts'

/** A connection with four questions on their way, and how often the peer was told what has come. */
function connection() {
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  const acknowledge = vi.fn<() => void>()
  const endpoint = { address: LOOPBACK, port: 853, ifindex: 0, serverName: undefined }
  const parts = {
    endpoint,
    socket,
    acknowledge,
    clock: new FakeClock(),
    random: new SeededRandom(1),
    onClosed: () => {},
  }
  const tested = new StreamConnection(parts)
  socket.emit('connect')
  const replies = [1, 2, 3, 4].map((id) => {
    const wire = queryFor('dns.test', { id })
    const query = { endpoint, channel: 'tcp', wire, patience: 9, earlier: 0, isAnsweredBy: () => true } as const
    tested.ask(query, () => undefined)
    return frame(replyFor(wire))
  })
  return { replies, say: (...frames: Buffer[]) => frames.forEach((bytes) => socket.push(bytes)), acknowledge }
}

test('RFC 896: while answers are to come the server is told at once what came: it may hold the next ones back for 40 ms', async () => {
  const { replies, say, acknowledge } = connection()
  const [first, second, third, last] = replies as [Buffer, Buffer, Buffer, Buffer]
  await nextTurn()
  say(first, second)
  await nextTurn()
  await nextTurn()
  expect(acknowledge).toHaveBeenCalledTimes(1) // once for all that comes in a turn
  say(third)
  await nextTurn()
  await nextTurn()
  expect(acknowledge).toHaveBeenCalledTimes(2)
  say(last)
  await nextTurn()
  expect(acknowledge).toHaveBeenCalledTimes(2) // nothing more is to come
})
