import { describe, expect, test } from 'vitest'
import { queryFor } from '../../../src/lookup/index.ts'
import { SourceOrder } from '../../../src/resolve/order.ts'
import { ScopesSource } from '../../../src/resolve/sources/scopes.ts'
import type { AnswerSource } from '../../../src/resolve/sources/source.ts'
import type { AnswerState } from '../../../src/scope/index.ts'
import { failed } from '../../../src/scope/index.ts'
import { nameOf, TYPE } from '../../../src/wire/index.ts'
import { World } from '../../kit/world.ts'

const QUERY = queryFor({ name: nameOf('a.test'), spelling: undefined }, [TYPE.A], 0, 0)
const { signal } = new AbortController()

/** `has`: the state of its answer, if it has one. */
function source(
  name: AnswerSource['name'],
  has: AnswerState | undefined,
  asked: string[],
  isOff = false,
): AnswerSource {
  return {
    name,
    standsBy: name === 'synthesized',
    off: () => (isOff ? 'off' : undefined),
    ask({ name: asks }) {
      asked.push(name)
      const answer = has && failed(asks, has)
      return name === 'scopes' ? Promise.resolve(answer) : answer
    },
    explain: () => ({ decides: has !== undefined, detail: '' }),
  }
}

describe('the order of sources (R-ORDER-1, R-ORDER-3)', () => {
  /** rule, what hosts, scopes and synthesis have, who is asked, the state that comes out, what is explained */
  const cases: readonly [string, (AnswerState | undefined)[], string, AnswerState, string][] = [
    [
      'the first that has an answer decides',
      ['success', 'success', 'success'],
      'hosts',
      'success',
      'decides unreached unreached',
    ],
    ['NODATA is final', [undefined, 'success', 'success'], 'hosts scopes', 'success', 'passes decides stands-by'],
    [
      'a failure is replaced',
      [undefined, 'timeout', 'success'],
      'hosts scopes synthesized',
      'success',
      'passes decides stands-by',
    ],
    ['or stays', [undefined, 'timeout', undefined], 'hosts scopes synthesized', 'timeout', 'passes decides passes'],
    [
      'an aborted question is not replaced',
      [undefined, 'aborted', 'success'],
      'hosts scopes',
      'aborted',
      'passes decides stands-by',
    ],
    [
      'nobody asked, synthesis decides',
      [undefined, undefined, 'success'],
      'hosts scopes synthesized',
      'success',
      'passes passes decides',
    ],
    [
      'nobody has anything',
      [undefined, undefined, undefined],
      'hosts scopes synthesized',
      'no-servers',
      'passes passes passes',
    ],
  ]

  test.each(cases)('%s', async (_rule, [hosts, scopes, synthesis], asks, state, explained) => {
    const asked: string[] = []
    const order = new SourceOrder([
      source('hosts', hosts, asked),
      source('scopes', scopes, asked),
      source('synthesized', synthesis, asked),
    ])
    expect((await order.ask(QUERY, 1000, signal)).state).toBe(state)
    expect(asked.join(' ')).toBe(asks)
    const { steps } = await order.explain(QUERY)
    expect(steps.map(({ verdict }) => verdict).join(' ')).toBe(explained)
  })

  test('what is off is neither asked nor decides', async () => {
    const asked: string[] = []
    const order = new SourceOrder([source('static', 'success', asked, true), source('hosts', 'success', asked)])
    await order.ask(QUERY, 1000, signal)
    expect(asked).toEqual(['hosts'])
    expect((await order.explain(QUERY)).steps.map(({ verdict }) => verdict)).toEqual(['off', 'decides'])
  })
})

test('why told of a resolv.conf that had been replaced: it looks at what changed, as the resolver does', async () => {
  const world = new World()
  const catchUp = async () => world.change({ dns: ['10.9.0.1'] })
  const host = () => ({ ownNames: [], addresses: [], gateways: [], outbound: [], hasIpv6: false })
  const scopes = new ScopesSource({ scopes: world.scopes, host, catchUp, clock: world.clock })
  expect(await scopes.explain(QUERY)).toMatchObject({ decides: true, detail: 'global' })
})
