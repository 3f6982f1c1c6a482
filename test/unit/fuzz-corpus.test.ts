import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { KEPT, readCorpus } from '../fuzz/corpus.ts'
import { Coverage } from '../fuzz/coverage.ts'
import { Engine, type Finding, problemOf } from '../fuzz/engine.ts'
import { Instrumenter } from '../fuzz/instrument.ts'
import { costOf, excessOf, limitsOf } from '../fuzz/limits.ts'
import { dictionaryOf } from '../fuzz/mutations.ts'
import type { Target } from '../fuzz/target.ts'
import { SeededRandom } from '../kit/seeded-random.ts'

const FOLDER = join(import.meta.dirname, '../fuzz/targets')
const targets = await Promise.all(
  readdirSync(FOLDER).map(async (file) => ((await import(join(FOLDER, file))) as { target: Target }).target),
)

test('every target has a corpus, and every corpus a target', () => {
  expect(readdirSync(KEPT).toSorted()).toEqual(targets.map(({ name }) => name).toSorted())
})

describe.each(targets)('$name', (target) => {
  const inputs = [...target.seeds(), ...readCorpus(KEPT, target.name)]

  test('each input of the corpus: no error but those of the contract, in time, in bounded memory', async () => {
    expect(inputs.length).toBeGreaterThan(0)
    for (const input of inputs) {
      const told = () => `${target.name} ${input.toString('base64')}`
      const limits = limitsOf(target, input.length)
      let problem: string | undefined
      const { time, memory } = await costOf(async () => {
        problem = await problemOf(target, input)
      })
      expect(problem, told()).toBeUndefined()
      const isSuspect = time > limits.time || memory > limits.memory
      expect(isSuspect ? await excessOf(target, input) : undefined, told()).toBeUndefined()
    }
  })
})

describe('the fuzzer itself', () => {
  /** Runs a program, given as JavaScript with a function `program(bytes)`, for so many steps. */
  async function fuzz(program: string, steps: number): Promise<{ findings: Finding[]; engine: Engine }> {
    const instrumenter = new Instrumenter()
    const code = instrumenter.instrument(`${program}; globalThis.program = program`)
    const coverage = new Coverage(instrumenter.places)
    const scope = { program: (_input: Buffer): void => undefined }
    // oxlint-disable-next-line typescript/no-implied-eval -- the program under test is a text of this file
    new Function('globalThis', '__hits', '__equal', code)(scope, coverage.hits, coverage.equal)
    const target: Target = {
      name: 'program',
      maxLength: 4096,
      seeds: () => [],
      run: (input) => scope.program(input),
    }
    const findings: Finding[] = []
    const engine = new Engine({
      instrumented: target,
      plain: target,
      coverage,
      dictionary: dictionaryOf(instrumenter.literals),
      random: new SeededRandom(1),
      onRun: () => undefined,
      onFinding: (finding) => findings.push(finding),
    })
    await engine.load([Buffer.from('hello')])
    for (let step = 0; step < steps && findings.length === 0; step++) await engine.step()
    return { findings, engine }
  }

  test('finds its way through branches that chance alone would not pass', async () => {
    const program = `function program(bytes) {
      if (bytes.length < 12 || bytes[0] !== 0xf3) return
      if (bytes.readUInt16BE(1) !== 0xbeef) return
      if (bytes.toString('latin1', 3, 7) === ['k', 'e', 'y', '='].join('')) {
        const { word } = JSON.parse('{"word":"\\\\u0061pple"}')
        if (bytes.toString('latin1', 7, 12) === word) throw new Error('planted')
      }
    }`
    const { findings, engine } = await fuzz(program, 20_000)
    expect(findings.map(({ kind, reason }) => [kind, reason.split('\n')[0]])).toEqual([['error', 'Error: planted']])
    expect((await engine.minimal()).length).toBeGreaterThan(1)
  })

  test('tells of an input that takes its length squared', async () => {
    const program = `function program(bytes) {
      let sum = 0
      for (const a of bytes) for (const b of bytes) sum += a * b
      return sum
    }`
    const { findings } = await fuzz(program, 500)
    expect(findings[0]).toMatchObject({ kind: 'cost', reason: expect.stringMatching(/^takes .* ms for/) })
  })

  test('tells of an input that fills the memory', async () => {
    const program = `function program(bytes) {
      if (bytes.length > 6) globalThis.kept = Buffer.allocUnsafeSlow(3 << 20)
    }`
    const { findings } = await fuzz(program, 500)
    expect(findings[0]).toMatchObject({ kind: 'cost', reason: expect.stringMatching(/^allocates .* bytes for/) })
  })
})
