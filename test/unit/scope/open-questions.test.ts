import { describe, expect, test, vi } from 'vitest'
import { Logger } from '../../../src/base/index.ts'
import { TransactionCounts } from '../../../src/scope/index.ts'
import { OpenQuestions } from '../../../src/scope/open-questions.ts'
import { type Answer, failed, type ScopeRequest } from '../../../src/scope/index.ts'
import { parseServerSpec } from '../../../src/settings/index.ts'
import { serverChannels, Upstream, Upstreams } from '../../../src/upstream/index.ts'
import { CD, CLASS, nameOf, TYPE } from '../../../src/wire/index.ts'
import { FakeClock, settle } from '../../kit/fake-clock.ts'
import { queryFor, replyFor } from '../../kit/messages.ts'
import { ScriptedTransport } from '../../kit/scripted-transport.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'
import { World } from '../../kit/world.ts'

test('R-SRV-17: who asks the same joins the question under way', async () => {
  const { questions, transport, clock, counts } = scene()
  const both = [ask(questions, requestFor('www.test')), ask(questions, requestFor('www.test'))]
  expect([transport.exchanges.length, questions.size, counts.current]).toEqual([1, 1, 1])
  answer(transport, 0)
  const [first, second] = await Promise.all(both)
  expect(second).toBe(first)
  expect(first?.state).toBe('no-source') // what the scope of this test makes of every outcome
  expect([questions.size, counts.current, clock.pending]).toEqual([0, 0, 0])
})

test('nothing is left of a thousand questions once they are answered, lost or broken off', async () => {
  const { questions, transport, clock, counts } = scene()
  const asked = Array.from({ length: 1000 }, (_, i) => ask(questions, requestFor(`n${i}.test`)))
  for (let i = 0; i < 500; i++) answer(transport, i)
  questions.abort((name) => name.startsWith('n9'))
  await clock.advance(60_000)
  const states = (await Promise.all(asked)).map(({ state }) => state)
  expect(new Set(states)).toEqual(new Set(['no-source', 'aborted', 'timeout']))
  expect([questions.size, counts.current, clock.pending]).toEqual([0, 0, 0])
  expect(transport.exchanges.filter(({ isOpen }) => isOpen).length).toBeLessThanOrEqual(64 * 24) // late answers may teach
  questions[Symbol.dispose]()
  expect(transport.exchanges.some(({ isOpen }) => isOpen)).toBe(false)
})

test('what is forgotten is answered, but joined by nobody and not kept', async () => {
  const kept: boolean[] = []
  const { questions, transport } = scene()
  const note = (mayBeKept: boolean) => kept.push(mayBeKept)
  const old = ask(questions, requestFor('www.test'), note)
  questions.forget()
  const fresh = ask(questions, requestFor('www.test'), note)
  expect([transport.exchanges.length, questions.size]).toEqual([1, 2])
  answer(transport, 0)
  await settle()
  answer(transport, 1)
  await Promise.all([old, fresh])
  expect(kept).toEqual([false, true])
})

test('closing breaks off what is under way, and takes its messages back', async () => {
  const { questions, transport, clock } = scene()
  const asked = ask(questions, requestFor('www.test'))
  questions[Symbol.dispose]()
  questions[Symbol.dispose]()
  expect(await asked).toMatchObject({ state: 'aborted' })
  expect([transport.exchanges[0]?.isOpen, clock.pending]).toEqual([false, 0])
})

test('a bug in what is made of an answer reaches those who asked, and leaves nothing behind', async () => {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
  world.serve('*', () => ({ answer: ['www.test 60 A 192.0.2.9'] }))
  const name = nameOf('www.test')
  const bare = {
    types: [TYPE.A],
    class: CLASS.IN,
    flags: 0,
    ifindex: 0,
    relayed: undefined,
    patienceForRest: undefined,
  }
  const query = { name, ...bare }
  const scope = world.scopes.ofLink(2)!
  const store = vi.spyOn(scope.cache, 'store').mockImplementation(() => {
    throw new Error('impossible')
  })
  await expect(world.resolve(query)).rejects.toThrow('impossible')
  store.mockRestore()
  expect((await world.ask('www.test')).answer.length).toBe(1) // asked anew: nobody joins what failed
  expect(world.exchanges.length).toBe(2)
})

describe('R-SRV-17: one message at a time for a name, type and class', () => {
  test('400 spellings, options and flags of one question are not 400 chances for a forger', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
    const random = new SeededRandom(7)
    const asked = Array.from({ length: 400 }, (_, i) => {
      const spelling = 'www.bank.test'.replace(/./g, (c) => (random.below(2) === 0 ? c : c.toUpperCase()))
      const options = {
        dnssecOk: i % 2 === 0,
        flags: i % 3 === 0 ? CD : 0,
        options: [{ code: 65001, data: Buffer.from([i & 1, i & 2]) }],
      }
      const listener = i % 5 === 0 ? ({ kind: 'proxy', transport: 'udp' } as const) : undefined
      return world.send(queryFor(spelling, options), listener)
    })
    await settle()
    for (let passed = 0; passed < 400 && world.clock.nextDue !== undefined; passed++) {
      expect(outstanding(world)).toBeLessThanOrEqual(1)
      const open = world.exchanges.find(({ isOpen }) => isOpen)
      open?.reply(replyFor(open.wire, { answer: ['www.bank.test 60 A 192.0.2.9'] }))
      await settle()
    }
    expect(world.exchanges.length).toBeLessThan(30)
    expect((await Promise.all(asked)).every((reply) => reply !== undefined)).toBe(true)
  })

  test('a flush does not put the same question out twice', async () => {
    const { questions, transport } = scene()
    for (let i = 0; i < 100; i++) {
      void ask(questions, requestFor('www.test'))
      questions.forget()
    }
    expect(transport.exchanges.length).toBe(1)
    expect(questions.size).toBe(2)
  })

  test('a message that no server answers keeps ordinary askers waiting for two seconds at most', async () => {
    const { questions, transport, clock } = scene()
    const relayed = ask(questions, relayOf('www.test', 1))
    const ordinary = ask(questions, requestFor('www.test'))
    await clock.advance(1900)
    expect(transport.exchanges.every(({ wire }) => wire.includes('odd'))).toBe(true)
    await clock.advance(200)
    const now = transport.exchanges.filter(({ isOpen }) => isOpen)
    expect(now.map(({ wire }) => wire.includes('odd'))).toEqual([false])
    now[0]?.reply(replyFor(now[0].wire, { answer: ['www.test 60 A 192.0.2.9'] }))
    expect((await ordinary).state).toBe('no-source')
    await clock.advance(60_000)
    expect((await relayed).state).toBe('timeout')
    expect([questions.size, clock.pending]).toEqual([0, 0])
  })

  test('more than 16 odd messages for one name are refused, the ordinary question never', async () => {
    const { questions } = scene()
    const odd = Array.from({ length: 30 }, (_, i) => ask(questions, relayOf('www.test', i)))
    void ask(questions, requestFor('www.test'))
    expect(questions.size).toBe(18)
    expect((await odd[29])?.state).toBe('errno')
    questions[Symbol.dispose]()
    expect(questions.size).toBe(0)
  })
})

/** Questions that a forger could answer just now. */
function outstanding({ exchanges }: World): number {
  return exchanges.filter(({ isOpen }) => isOpen).length
}

/** As the scope does: joins the same question, and makes of its outcome what `conclude` says. */
function ask(
  questions: OpenQuestions,
  request: ScopeRequest,
  onEnd: (mayBeKept: boolean) => void = () => undefined,
): Promise<Answer> {
  const open = questions.find(request)
  if (open !== undefined) return open.answer
  const begun = questions.begin(request, true)
  if (begun === undefined) return Promise.resolve(failed(request.request.question.name, 'errno'))
  begun.answer = begun.outcome.then((outcome) => {
    questions.end(begun)
    onEnd(begun.mayBeKept)
    const state = outcome === 'aborted' ? outcome : outcome.kind === 'reply' ? 'no-source' : outcome.state
    return failed(request.request.question.name, state)
  })
  return begun.answer
}

function scene() {
  const clock = new FakeClock()
  const transport = new ScriptedTransport(clock)
  const counts = new TransactionCounts()
  const log = new Logger('err', () => undefined)
  const spec = parseServerSpec('192.0.2.1', () => undefined)
  const channels = serverChannels(spec, 'no', 0)
  const upstreams = new Upstreams([new Upstream({ spec, channels, label: '192.0.2.1' })])
  const services = { transport, clock, random: new SeededRandom(), log, counts }
  return { questions: new OpenQuestions(upstreams, services), transport, clock, counts }
}

function requestFor(name: string): ScopeRequest {
  return {
    request: { kind: 'question', question: { name: nameOf(name), type: TYPE.A, class: CLASS.IN } },
    variant: '',
    readsCache: true,
    fillsCache: true,
    mayAskNetwork: true,
    mayRedirect: true,
    mayBeStale: true,
  }
}

function relayOf(name: string, i: number): ScopeRequest {
  const request = requestFor(name)
  const message = queryFor(name, { options: [{ code: 65001, data: Buffer.from(`odd${i}`) }] })
  return { ...request, variant: 'proxy', request: { ...request.request, kind: 'relay', message } }
}

function answer(transport: ScriptedTransport, index: number): void {
  const exchange = transport.exchanges[index]
  if (exchange === undefined) throw new Error('nothing was asked')
  exchange.reply(replyFor(exchange.wire, { answer: [`${exchange.question.name} 60 A 192.0.2.9`] }))
}
