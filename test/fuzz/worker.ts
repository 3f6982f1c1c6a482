import { parentPort, workerData } from 'node:worker_threads'
import { SeededRandom } from '../kit/seeded-random.ts'
import { Coverage } from './coverage.ts'
import { Engine } from './engine.ts'
import { MemoryWatch } from './memory-watch.ts'
import { dictionaryOf } from './mutations.ts'
import { type Order, type Report, SHARED } from './protocol.ts'
import type { Target } from './target.ts'

const STEPS_BETWEEN_LOOKS = 16

async function fuzz(order: Order): Promise<void> {
  const numbers = new Int32Array(order.shared, 0, 4)
  const room = Buffer.from(order.shared, SHARED.size)
  const coverage = new Coverage(order.bundle.places)
  Object.assign(globalThis, { __coverage: coverage })
  process.setSourceMapsEnabled(true)
  const [instrumented, plain] = (await Promise.all(
    [order.instrumented, order.plain].map(async (path) => ((await import(path)) as { target: Target }).target),
  )) as [Target, Target]
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window, but a thread
  const report = (message: Report) => parentPort?.postMessage(message)
  const engine = new Engine({
    instrumented,
    plain,
    coverage,
    dictionary: dictionaryOf(order.bundle.literals),
    random: new SeededRandom(order.seed),
    onRun: (input) => {
      Atomics.store(numbers, SHARED.length, input.copy(room))
      Atomics.add(numbers, SHARED.executions, 1)
    },
    onFinding: (finding) => report({ kind: 'finding', finding }),
  })
  const end = Date.now() + order.seconds * 1000
  const inputs = order.inputs.map((input) => Buffer.from(input))
  await engine.load([...instrumented.seeds(), ...inputs])
  const memory = new MemoryWatch()
  for (let step = 0; step % STEPS_BETWEEN_LOOKS !== 0 || Date.now() < end; step++) {
    await engine.step()
    numbers[SHARED.features] = engine.features
    numbers[SHARED.corpus] = engine.corpus.length
    const growth = memory.look(engine.executions)
    if (growth !== undefined)
      report({ kind: 'finding', finding: { kind: 'cost', reason: growth, input: Buffer.alloc(0) } })
  }
  report({ kind: 'done', kept: [...(await engine.minimal())], corpus: [...engine.corpus] })
}

await fuzz(workerData as Order)
