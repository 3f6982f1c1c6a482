import { readStaticRecords, warningText } from '../../../src/settings/index.ts'
import { compose, parseMessage } from '../../../src/wire/index.ts'
import { must, type Target } from '../target.ts'

const SEED = JSON.stringify([
  { key: { name: 'nas.home.example', type: 1 }, address: '192.168.1.5' },
  {
    key: { name: 'nas.home.example', type: 28, class: 1 },
    address: [32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  },
  { key: { name: 'files.home.example', type: 5 }, name: 'nas.home.example' },
  { key: { name: 'old.example', type: 39 }, name: 'new.example' },
])

/** `*.rr` files of static records. */
export const target: Target = {
  name: 'static-records',
  maxLength: 16_384,
  // As in `settings`: a warning for each record that is refused.
  allowance: { timePerBlock: 12, memory: 8 << 20 },
  seeds: () => [Buffer.from(SEED)],
  run(input) {
    const { records, warnings } = readStaticRecords([{ path: 'f', text: input.toString('utf8') }])
    for (const warning of warnings) warningText(warning)
    for (const [name, set] of records) {
      const { answer } = parseMessage(compose({ id: 1, flags: 0x8180, answer: set }))
      must(
        answer.every((record) => record.name === name),
        'a static record survives its wire form',
      )
    }
  },
}
