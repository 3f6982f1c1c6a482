import { expect, test } from 'vitest'
import type { AnchorRollover } from '../../../src/app/anchor-rollover.ts'
import type { Message } from '../../../src/wire/index.ts'
import { ROOT } from '../../../src/wire/index.ts'
import { ChangingRoot } from '../../kit/changing-root.ts'
import { settle } from '../../kit/fake-clock.ts'

const tags = (rollover: AnchorRollover) => rollover.anchor?.keys.map(({ tag }) => tag)

test('S-ROLL-1: a new key of the root is trusted after 30 days, also over a restart', async () => {
  const root = new ChangingRoot()
  const { old, fresh } = root.keys
  const first = await root.open()
  first.follow()
  await root.days(1)
  root.present = [old, fresh]
  await root.days(15)
  expect(tags(first)).toEqual([old.tag])
  first[Symbol.dispose]()
  const second = await root.open()
  expect(tags(second)).toEqual([old.tag])
  second.follow()
  await root.days(17)
  expect(tags(second)).toEqual([old.tag, fresh.tag])
  expect(root.changes).toBe(3)
  expect(root.log.filter((line) => line.includes(`key ${fresh.tag} is`))).toEqual([
    `trust anchor of .: key ${fresh.tag} is new, and trusted in 30 days if it stays`,
    `trust anchor of .: key ${fresh.tag} is trusted`,
  ])
  second[Symbol.dispose]()
  expect(root.clock.pending).toBe(0)
})

test('S-ROLL-1: servers that are down cost a question an hour and no key', async () => {
  const root = new ChangingRoot()
  const rollover = await root.open()
  rollover.follow()
  await root.days(1)
  const { asked } = root
  root.isDown = true
  await root.days(3)
  expect(root.asked - asked).toBeLessThanOrEqual(3 * 24)
  expect(tags(rollover)).toEqual([root.keys.old.tag])
  rollover[Symbol.dispose]()
})

test('a file that cannot be used is told, and begun anew', async () => {
  const root = new ChangingRoot()
  root.file = '{'
  const rollover = await root.open()
  expect(root.log).toEqual([
    'the file with the keys of the trust anchor cannot be used, and is begun anew: it is no JSON',
  ])
  expect(rollover.anchor).toEqual(root.configured)
  rollover[Symbol.dispose]()
})

test('a file that cannot be written is told, and the keys count all the same', async () => {
  const root = new ChangingRoot()
  const rollover = await root.open({ write: () => Promise.reject(new Error('EROFS')) })
  rollover.follow()
  await root.days(1)
  expect(root.log.at(-1)).toBe('what is known of the keys of . cannot be kept: Error: EROFS')
  expect(tags(rollover)).toEqual([root.keys.old.tag])
  rollover[Symbol.dispose]()
})

test('what is ended while it asks changes nothing', async () => {
  const root = new ChangingRoot()
  let answer = (_message: Message | undefined): void => undefined
  const rollover = await root.open({ ask: () => new Promise((resolve) => (answer = resolve)) })
  rollover.follow()
  await root.clock.advance(1)
  await settle()
  rollover[Symbol.dispose]()
  answer(undefined)
  await settle()
  expect([root.file, root.clock.pending]).toEqual([undefined, 0])
})

test('S-ROLL-1: a reply that costs too much to look into did not end the looks for good', async () => {
  const root = new ChangingRoot()
  const { old, fresh } = root.keys
  const rollover = await root.open()
  rollover.follow()
  await root.days(1)
  const now = root.clock.wall() / 1000
  const wrong = old.sign([fresh.dnskey(ROOT)], ROOT, [now - 86_400, now + 86_400 * 20])
  root.otherSignatures = Array.from({ length: 40 }, () => wrong)
  await root.days(1)
  root.otherSignatures = []
  root.present = [old, fresh]
  await root.days(33)
  expect(tags(rollover)).toEqual([old.tag, fresh.tag])
  rollover[Symbol.dispose]()
})

test('S-ROLL-1: a look noted for years ahead, while the clock was wrong, is made at once', async () => {
  const root = new ChangingRoot()
  const first = await root.open()
  first.follow()
  await root.days(1)
  first[Symbol.dispose]()
  root.file = root.file?.replace(/"nextQuery": "\d+/, '"nextQuery": "2099')
  const { asked } = root
  const second = await root.open()
  second.follow()
  await root.clock.advance(1)
  await settle()
  expect(root.asked).toBe(asked + 1)
  second[Symbol.dispose]()
})

test('S-ROLL-1: keys of a private root do not outlast its configuration', async () => {
  const root = new ChangingRoot()
  const first = await root.open()
  first.follow()
  await root.days(1)
  first[Symbol.dispose]()
  const other = new ChangingRoot()
  other.file = root.file
  const second = await other.open()
  expect(second.anchor).toEqual(other.configured)
  second[Symbol.dispose]()
})
