import { expect, test } from 'vitest'
import { AnchorRollover, type RolloverPorts } from '../../../src/app/anchor-rollover.ts'
import { Logger } from '../../../src/base/index.ts'
import { nodeAlgorithms, type PositiveAnchor, readDs } from '../../../src/dnssec/index.ts'
import type { Message } from '../../../src/wire/index.ts'
import { ROOT, TYPE } from '../../../src/wire/index.ts'
import { FakeClock, settle } from '../../kit/fake-clock.ts'
import { SigningKey } from '../../kit/signing-key.ts'
import { SignedTree } from '../../kit/signed-tree.ts'

const DAY = 86_400_000
const TREE = new SignedTree([])

/** A root whose keys change, and what follows them. */
class Root {
  readonly clock = new FakeClock()
  readonly log: string[] = []
  readonly keys = { old: new SigningKey(15), fresh: new SigningKey(15) }
  present = [this.keys.old]
  revoked: SigningKey[] = []
  file: string | undefined
  asked = 0
  changes = 0
  isDown = false
  readonly configured: PositiveAnchor = {
    name: ROOT,
    ds: [readDs(this.keys.old.ds(ROOT).rdata) ?? []].flat(),
    keys: [],
  }

  open(more: Partial<RolloverPorts> = {}): Promise<AnchorRollover> {
    const ports: RolloverPorts = {
      clock: this.clock,
      log: new Logger('debug', (_level, line) => this.log.push(line)),
      algorithms: nodeAlgorithms(),
      read: () => Promise.resolve(this.file),
      write: (text) => {
        this.file = text
        return Promise.resolve()
      },
      ask: () => Promise.resolve(this.#reply()),
      onChange: () => this.changes++,
      ...more,
    }
    return AnchorRollover.open(ports, this.configured)
  }

  async days(count: number): Promise<void> {
    for (let i = 0; i < count * 2; i++) {
      await this.clock.advance(DAY / 2)
      await settle()
    }
  }

  #reply(): Message | undefined {
    this.asked++
    if (this.isDown) return undefined
    const now = Math.floor(this.clock.wall() / 1000)
    const keys = [...this.present, ...this.revoked].map((key) => key.dnskey(ROOT, 2 * 86_400))
    const signers = [...this.present.slice(0, 1), ...this.revoked]
    const signatures = signers.map((key) => key.sign(keys, ROOT, [now - 86_400, now + 20 * 86_400]))
    return { ...TREE.reply({ name: ROOT, type: TYPE.DNSKEY }), answer: [...keys, ...signatures] }
  }
}

const tags = (rollover: AnchorRollover) => rollover.anchor?.keys.map(({ tag }) => tag)

test('S-ROLL-1: a new key of the root is trusted after 30 days, also over a restart', async () => {
  const root = new Root()
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
  const root = new Root()
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
  const root = new Root()
  root.file = '{'
  const rollover = await root.open()
  expect(root.log).toEqual([
    'the file with the keys of the trust anchor cannot be used, and is begun anew: it is no JSON',
  ])
  expect(rollover.anchor).toEqual(root.configured)
  rollover[Symbol.dispose]()
})

test('a file that cannot be written is told, and the keys count all the same', async () => {
  const root = new Root()
  const rollover = await root.open({ write: () => Promise.reject(new Error('EROFS')) })
  rollover.follow()
  await root.days(1)
  expect(root.log.at(-1)).toBe('what is known of the keys of . cannot be kept: Error: EROFS')
  expect(tags(rollover)).toEqual([root.keys.old.tag])
  rollover[Symbol.dispose]()
})

test('what is ended while it asks changes nothing', async () => {
  const root = new Root()
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
