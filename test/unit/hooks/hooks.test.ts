import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Logger, sharedAbort } from '../../../src/base/index.ts'
import { Hooks } from '../../../src/hooks/index.ts'
import { nameOf } from '../../../src/wire/index.ts'
import { eventually } from '../../kit/eventually.ts'
import { FakeClock, settle } from '../../kit/fake-clock.ts'
import { hookRecords, HookServer } from '../../kit/hook-server.ts'

const NAME = nameOf('www.test')
const KEY = { name: NAME, type: 1, class: 1 }
const { signal } = sharedAbort() // many questions wait for it

let directory: string
let clock: FakeClock
let log: string[]
let hooks: Hooks

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hooks-'))
  clock = new FakeClock()
  log = []
  hooks = new Hooks(clock, new Logger('debug', (level, line) => log.push(`${level}: ${line}`)))
})

afterEach(async () => {
  await hooks[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true })
})

function socket(name: string, inode = 1n) {
  return { name, path: join(directory, name), inode }
}

function taking(name = 'www.test'): string[] {
  return hooks.taking(nameOf(name)).map((hook) => hook.name)
}

describe('which names a hook takes', () => {
  test('H-DIR-3: all, until it has told its filter; H-FIL-3: each reply replaces the filter', async () => {
    await using server = await HookServer.open(join(directory, 'a'), { filter: undefined })
    hooks.apply([socket('a')])
    expect(taking()).toEqual(['a'])
    await eventually(() => expect(server.followers).toBe(1))
    server.setFilter({ filterDomains: ['other.test'] })
    await eventually(() => expect(taking()).toEqual([]))
    expect(taking('x.other.test')).toEqual(['a'])
    const { dependency } = hooks
    server.setFilter({ filterDomains: ['www.test'] })
    await eventually(() => expect(taking()).toEqual(['a']))
    expect(dependency.isCurrent).toBe(false)
  })

  test('H-FIL-3: after the last reply every name', async () => {
    await using server = await HookServer.open(join(directory, 'a'), { filter: { filterDomains: [] } })
    hooks.apply([socket('a')])
    await eventually(() => expect(taking()).toEqual([]))
    server.setFilter({ filterDomains: [] }, false)
    await eventually(() => expect(taking()).toEqual(['a']))
    await eventually(() => expect(server.connections).toBe(0))
    await clock.advance(60_000)
    expect(server.connections).toBe(0)
  })

  test('H-FIL-3: a hook without QueryFilter takes every name', async () => {
    const filter = { error: 'org.varlink.service.MethodNotFound' }
    await using server = await HookServer.open(join(directory, 'a'), { filter })
    hooks.apply([socket('a')])
    await eventually(() => expect(server.connections).toBe(0))
    expect(taking()).toEqual(['a'])
  })

  test('H-FIL-4: the last filter holds over a disconnect, and a new one comes with the new connection', async () => {
    await using server = await HookServer.open(join(directory, 'a'), { filter: { filterDomains: ['a.test'] } })
    hooks.apply([socket('a')])
    await eventually(() => expect(taking()).toEqual([]))
    server.filter = { filterDomains: ['www.test'] }
    server.disconnect()
    await eventually(() => expect(server.connections).toBe(0))
    expect(taking('x.a.test')).toEqual(['a'])
    await eventually(async () => {
      await clock.advance(1000)
      expect(taking()).toEqual(['a'])
    })
  })

  test('H-DIR-3: none where nobody listens, and all that it says once somebody does', async () => {
    hooks.apply([socket('a')])
    await eventually(() => expect(taking()).toEqual([]))
    await using _server = await HookServer.open(join(directory, 'a'))
    await eventually(async () => {
      await clock.advance(1000)
      expect(taking()).toEqual(['a'])
    })
  })

  test('H-DIR-2: none after the socket is gone; another one under its name is another hook', async () => {
    await using server = await HookServer.open(join(directory, 'a'))
    hooks.apply([socket('a')])
    await eventually(() => expect(server.connections).toBe(1))
    hooks.apply([socket('a', 2n)])
    await eventually(() => expect(server.connections).toBe(1))
    hooks.apply([])
    await eventually(() => expect(server.connections).toBe(0))
    expect(taking()).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test('H-DIR-5: one that may not be opened is one line in the log', async () => {
    await using _server = await HookServer.open(join(directory, 'a'))
    hooks.apply([{ ...socket('b'), path: join(directory, 'a', 'b') }]) // root may open all but what cannot be there
    await eventually(() => expect(taking()).toEqual([]))
    await clock.advance(60_000)
    expect(log.filter((line) => line.startsWith('warning: Hook b is not used: connect ENOTDIR'))).toHaveLength(1)
  })
})

describe('what a hook says', () => {
  async function open(setup: Partial<HookServer>): Promise<HookServer> {
    const server = await HookServer.open(join(directory, 'a'), setup)
    hooks.apply([socket('a')])
    await eventually(() => expect(server.followers).toBe(1))
    return server
  }

  async function ask() {
    const [hook] = hooks.taking(NAME)
    return hook?.ask([KEY], signal)
  }

  test('H-RR-1: all keys in one call, and their records back', async () => {
    await using server = await open({ answer: () => hookRecords('www.test 60 A 192.0.2.1') })
    const [hook] = hooks.taking(NAME)
    const reply = await hook?.ask([KEY, { ...KEY, type: 28 }], signal)
    expect(reply?.records.map(({ rdata }) => rdata.join('.'))).toEqual(['192.0.2.1'])
    expect(server.calls).toEqual([['www.test 1', 'www.test 28']])
  })

  test.each<[string, Partial<HookServer>]>([
    ['an error', { answer: () => ({ error: 'org.example.Broken' }) }],
    ['a disconnect', { answer: () => 'close' }],
    ['what is no message', { answer: () => Buffer.from('nonsense\0') }],
    ['records that are none', { answer: () => ({ rcode: 0, answer: [{ raw: 'AA==' }] }) }],
  ])('H-RR-4: %s is one line in the log, and the name is left to others', async (_what, setup) => {
    await using _server = await open(setup)
    expect(await ask()).toBeUndefined()
    expect(await ask()).toBeUndefined()
    expect(log.filter((line) => line.startsWith('notice: Hook a'))).toHaveLength(1)
    expect(hooks.taking(NAME)[0]?.isLeftOut).toBe(false)
  })

  test('H-RR-4: silence costs one question two seconds, and then nobody anything', async () => {
    await using server = await open({ answer: () => 'silence' })
    const asked = ask()
    await eventually(() => expect(server.calls).toHaveLength(1))
    await clock.advance(1999)
    const early = await Promise.race([asked, settle().then(() => 'waits')])
    expect(early).toBe('waits')
    await clock.advance(1)
    expect(await asked).toBeUndefined()
    expect(await ask()).toBeUndefined()
    expect(server.calls).toHaveLength(1)
    server.answer = () => ({ rcode: 3 })
    await clock.advance(10_000)
    expect(await ask()).toEqual({ rcode: 3, records: [] })
    expect(await ask()).toEqual({ rcode: 3, records: [] })
  })

  test('H-RR-5: many questions at once, and four idle connections afterwards', async () => {
    await using server = await open({ answer: () => ({ rcode: 3 }) })
    const replies = await Promise.all(Array.from({ length: 200 }, ask))
    expect(replies.every((reply) => reply?.rcode === 3)).toBe(true)
    await eventually(() => expect(server.connections).toBe(1 + 4))
  })

  test('H-RR-5: a connection that the hook closed while it was idle is not used again', async () => {
    await using server = await open({ answer: () => ({ rcode: 3 }) })
    await ask()
    server.disconnect()
    await eventually(() => expect(server.connections).toBe(0))
    expect(await ask()).toEqual({ rcode: 3, records: [] })
  })

  test('a question that is given up rejects with its reason, and says nothing against the hook', async () => {
    await using server = await open({ answer: () => 'silence' })
    const abort = new AbortController()
    const asked = hooks.taking(NAME)[0]?.ask([KEY], abort.signal)
    await eventually(() => expect(server.calls).toHaveLength(1))
    abort.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
    expect(hooks.taking(NAME)[0]?.isLeftOut).toBe(false)
    expect(clock.pending).toBe(0)
  })

  test('H-RR-6: a hook that is gone leaves the name to others, and comes back', async () => {
    const server = await open({})
    await server[Symbol.asyncDispose]()
    await eventually(async () => {
      expect(await ask()).toBeUndefined()
      expect(taking()).toEqual([])
    })
    await using _again = await HookServer.open(join(directory, 'a'), { answer: () => ({ rcode: 3 }) })
    await eventually(async () => {
      await clock.advance(1000)
      expect(await ask()).toEqual({ rcode: 3, records: [] })
    })
  })
})
