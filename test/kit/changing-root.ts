import { AnchorRollover, type RolloverPorts } from '../../src/app/anchor-rollover.ts'
import { Logger } from '../../src/base/index.ts'
import { nodeAlgorithms, type PositiveAnchor, readDs } from '../../src/dnssec/index.ts'
import type { Message, ResourceRecord } from '../../src/wire/index.ts'
import { ROOT, TYPE } from '../../src/wire/index.ts'
import { FakeClock, settle } from './fake-clock.ts'
import { SigningKey } from './signing-key.ts'
import { SignedTree } from './signed-tree.ts'

const DAY = 86_400_000
const TREE = new SignedTree([])

/** A root whose keys change, and what follows them. */
export class ChangingRoot {
  readonly clock = new FakeClock()
  readonly log: string[] = []
  readonly keys = { old: new SigningKey(15), fresh: new SigningKey(15) }
  present = [this.keys.old]
  revoked: SigningKey[] = []
  file: string | undefined
  asked = 0
  changes = 0
  isDown = false
  /** In front of those that count. */
  otherSignatures: readonly ResourceRecord[] = []
  readonly configured: PositiveAnchor = {
    name: ROOT,
    ds: [readDs(this.keys.old.ds(ROOT).rdata) ?? []].flat(),
    keys: [],
  }

  get ports(): RolloverPorts {
    return {
      clock: this.clock,
      log: new Logger('debug', (_level, line) => this.log.push(line)),
      algorithms: nodeAlgorithms(),
      check: (check) => check.make(),
      read: () => Promise.resolve(this.file),
      write: (text) => {
        this.file = text
        return Promise.resolve()
      },
      ask: () => Promise.resolve(this.#reply()),
      onChange: () => this.changes++,
    }
  }

  open(more: Partial<RolloverPorts> = {}): Promise<AnchorRollover> {
    return AnchorRollover.open({ ...this.ports, ...more }, this.configured)
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
    return {
      ...TREE.reply({ name: ROOT, type: TYPE.DNSKEY }),
      answer: [...keys, ...this.otherSignatures, ...signatures],
    }
  }
}
