import { expect, test } from 'vitest'
import { bestReply } from '../../../src/resolve/sources/hooks.ts'
import type { HookReply } from '../../../src/resolve/index.ts'
import { rr } from '../../kit/messages.ts'

const FOUND: HookReply = { rcode: 0, records: [rr('a.test 60 A 192.0.2.1')] }
const OTHER: HookReply = { rcode: 0, records: [rr('a.test 60 A 192.0.2.2')] }
const EMPTY: HookReply = { rcode: 0, records: [] }
const GONE: HookReply = { rcode: 3, records: [] }
const BROKEN: HookReply = { rcode: 2, records: [] }

test.each<[string, (HookReply | undefined)[], HookReply | undefined]>([
  ['H-WIN-4: none has it', [undefined, undefined], undefined],
  ['H-WIN-1: records over an empty success', [EMPTY, FOUND], FOUND],
  ['H-WIN-2: a success over a failure, wherever it stands', [GONE, FOUND], FOUND],
  ['H-WIN-2: and the other way round', [FOUND, GONE], FOUND],
  ['H-WIN-1: an empty success over a failure', [GONE, EMPTY], EMPTY],
  ['H-WIN-3: the first of several with records', [undefined, FOUND, OTHER], FOUND],
  ['H-WIN-3: the first of several failures', [BROKEN, GONE], BROKEN],
])('%s', (_rule, replies, expected) => {
  expect(bestReply(replies)).toBe(expected)
})
