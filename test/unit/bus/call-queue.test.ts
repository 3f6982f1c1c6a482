import { describe, expect, test } from 'vitest'
import { CallQueue } from '../../../src/bus/call-queue.ts'
import { MAX_VALUES, maxBodyOf } from '../../../src/bus/body-limits.ts'
import { Clients } from '../../../src/bus/clients.ts'
import { argumentsOf, type IncomingMessage, MANAGER } from '../../../src/dbus/index.ts'
import type { WorkTurns } from '../../../src/sys/index.ts'
import { leakWarnings } from '../../kit/leak-warnings.ts'
import { message, PATH } from './dispatch-kit.ts'

function call(sender: string, bodySize = 0): IncomingMessage {
  return { ...message(PATH, 'a.b', 'M', '', []), sender, bodySize }
}

/** A queue, and how its owner lets it begin one call. */
function queue(): { calls: CallQueue; begun: string[]; step: () => boolean } {
  const begun: string[] = []
  const owners = new Set<CallQueue>()
  const turns = { add: () => owners.add(calls), remove: () => owners.delete(calls) } as unknown as WorkTurns
  const calls = new CallQueue(({ sender }) => void begun.push(sender), turns)
  return { calls, begun, step: () => [...owners].some((owner) => owner.step()) }
}

describe('calls take turns', () => {
  test('200 property dumps at once: one is begun in each step', () => {
    const { calls, begun, step } = queue()
    for (let i = 0; i < 200; i++) expect(calls.push(call(':1.1'))).toBe(true)
    expect(begun).toEqual([])
    for (let i = 1; i <= 199; i++) expect([step(), begun.length]).toEqual([true, i])
    expect([step(), begun.length]).toEqual([false, 200])
  })

  test('who asks once waits for one call of each of the others, and calls of one stay in order', () => {
    const { calls, begun, step } = queue()
    for (let i = 0; i < 100; i++) for (const sender of ['a', 'b']) calls.push(call(sender))
    calls.push(call('c'))
    for (let i = 0; i < 4; i++) step()
    expect(begun).toEqual(['a', 'b', 'c', 'a'])
  })

  test('one sender fills its own room, in calls and in bytes', () => {
    const { calls } = queue()
    for (let i = 0; i < 2048; i++) expect(calls.push(call('a'))).toBe(true)
    expect(calls.push(call('a'))).toBe(false)
    for (let i = 0; i < 4; i++) expect(calls.push(call('b', 1 << 20))).toBe(true)
    expect(calls.push(call('b', 1))).toBe(false)
    expect(calls.push(call('c', Number.POSITIVE_INFINITY))).toBe(true)
  })

  test('what waits is dropped with the connection', () => {
    const { calls, begun, step } = queue()
    calls.push(call('a'))
    calls.close()
    step()
    expect([begun, calls.step()]).toEqual([[], false])
  })
})

describe('a body is no larger than what its method takes', () => {
  const limitOf = (member: keyof typeof MANAGER.methods) => maxBodyOf(argumentsOf(MANAGER.methods[member].in))
  test.each([
    ['ResolveHostname', 8 << 10],
    ['FlushCaches', 8 << 10],
    ['SetLinkDNS', 16 << 10],
    ['SetLinkDNSEx', 96 << 10],
    ['SetLinkDomains', 320 << 10],
    ['SetLinkDNSSECNegativeTrustAnchors', 576 << 10],
  ] as const)('%s: below %i bytes', (member, most) => {
    expect(limitOf(member)).toBeLessThan(most)
    expect(limitOf(member)).toBeGreaterThan(4000)
  })

  test('there is room for the values of the largest setting', () => {
    expect(MAX_VALUES).toBeGreaterThan(1024 * 3)
  })
})

test('one call that looks up the 64 hosts of a service: Node warned of a leak', () => {
  const warnings = leakWarnings()
  const clients = new Clients(async (busName) => ({ busName, uid: 1000, pid: 1, process: undefined }), 990)
  using slot = clients.client('a').enter('lookup')
  for (let i = 0; i < 64; i++) slot.signal.addEventListener('abort', () => undefined)
  expect(warnings).toEqual([])
})

describe('one user cannot keep the others out', () => {
  const uids: Record<string, number> = { root: 0, daemon: 990, nice: 1000 }
  const uidOf = (name: string) => uids[name] ?? 65_534
  const clients = () =>
    new Clients(async (busName) => ({ busName, uid: uidOf(busName), pid: 1, process: undefined }), 990)

  /** As many as they get, over as many connections as the bus gives them. */
  async function flood(all: Clients, kind: 'lookup' | 'change'): Promise<number> {
    let got = 0
    for (let i = 0; i < 256; i++) {
      const client = all.client(`flood${i}`)
      await client.identify()
      try {
        for (let j = 0; j < 64; j++, got++) client.enter(kind)
      } catch {
        // its share is used up
      }
    }
    return got
  }

  test.each([
    ['lookup', 2048],
    ['change', 4096],
  ] as const)('%s: another user, root and the daemon itself have room', async (kind, total) => {
    const all = clients()
    expect(all.isScarce).toBe(false)
    const got = await flood(all, kind)
    expect(got).toBeGreaterThan(total / 4)
    expect(got).toBeLessThan(total * 0.7)
    expect(all.isScarce).toBe(true)
    for (const name of ['nice', 'root', 'daemon']) {
      const client = all.client(name)
      await client.identify()
      for (let i = 0; i < 50; i++) expect(() => client.enter(kind)).not.toThrow()
    }
  })

  test('what is left when a user leaves is there again', async () => {
    const all = clients()
    const client = all.client('flood')
    await client.identify()
    const slots = Array.from({ length: 256 }, () => client.enter('lookup'))
    expect(() => client.enter('lookup')).toThrow('of this client')
    for (const slot of slots) slot[Symbol.dispose]()
    expect(() => client.enter('lookup')).not.toThrow()
  })
})
