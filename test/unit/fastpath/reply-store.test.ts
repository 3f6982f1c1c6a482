import { expect, test } from 'vitest'
import { QueryScan } from '../../../src/fastpath/query-scan.ts'
import { NONE, ReplyStore } from '../../../src/fastpath/reply-store.ts'
import { queryFor, replyFor } from '../../kit/messages.ts'

/** As a client reads it whose names were chosen to have one and the same hash: easy for 32 bits without a secret. */
function colliding(query: Buffer): QueryScan {
  const probe = new QueryScan()
  expect(probe.read(query)).toBe(true)
  probe.hash = 0x1234567
  return probe
}

test('names chosen to collide: only so many are kept, and no look-up goes through all of them', () => {
  const store = new ReplyStore<string>()
  const queries = Array.from({ length: 2000 }, (_, i) => queryFor(`n${i}.test`))
  for (const query of queries) {
    const wire = replyFor(query, { answer: [`a.test 300 A 192.0.2.1`] })
    const entry = {
      wire,
      storedAt: 0,
      expiresAt: 300_000,
      replayableUntil: 300_000,
      isCurrent: true,
      noteReplay: () => {},
    }
    store.add(colliding(query), query, { wire, entry, source: '', ttls: [], addresses: [], addressSize: 0 }, 1)
  }
  const kept = queries.filter((query) => store.find(colliding(query), query) !== NONE)
  expect(kept.length).toBeLessThanOrEqual(64)
  expect(kept).toContain(queries.at(-1))
})
