import { expect, test } from 'vitest'
import { SessionTickets } from '../../../src/transport/session-tickets.ts'

const ticket = (text: string, validUntil = 1000) => ({ session: Buffer.from(text), validUntil })
const taken = (tickets: SessionTickets, key: string, wall = 0) => tickets.take(key, wall)?.session.toString()

test('E-TLS-10: a ticket is used once', () => {
  const tickets = new SessionTickets()
  tickets.put('a', ticket('first'))
  tickets.put('a', ticket('second'))
  expect([taken(tickets, 'a'), taken(tickets, 'a'), taken(tickets, 'b')]).toEqual(['second', undefined, undefined])
})

test('E-NODE-5: none after its certificate has expired, also when the clock is put back again', () => {
  const tickets = new SessionTickets()
  tickets.put('a', ticket('old', 500))
  expect([taken(tickets, 'a', 500), taken(tickets, 'a', 0)]).toEqual([undefined, undefined])
})

test('the oldest of 64 servers makes room', () => {
  const tickets = new SessionTickets()
  for (let i = 0; i <= 64; i++) tickets.put(`server ${i}`, ticket(`${i}`))
  expect([0, 1, 64].map((i) => taken(tickets, `server ${i}`))).toEqual([undefined, '1', '64'])
})
