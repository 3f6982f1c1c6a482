import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { FOUND, KEPT, readCorpus, writeCorpus } from './corpus.ts'
import { problemOf } from './engine.ts'
import { bundleInstrumented, bundlePlain, shortPath } from './instrument.ts'
import { excessOf } from './limits.ts'
import { FuzzRun, type Summary } from './run.ts'
import type { Target } from './target.ts'

/*
 * `npm run fuzz -- [TARGET...] [--seconds N] [--keep] [--seed N]`: looks for inputs that break a target, an hour for each.
 * `npm run fuzz -- TARGET --input FILE`: runs one input and tells what is wrong with it.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '3600' },
    seed: { type: 'string', default: String(Date.now() % 0xffff_ffff) },
    input: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})
const TARGETS = join(import.meta.dirname, 'targets')
const all = readdirSync(TARGETS).map((file) => file.replace(/\.ts$/, ''))
const unknown = positionals.find((name) => !all.includes(name))
if (unknown !== undefined) {
  console.error(`There is no target '${unknown}'. There are: ${all.join(', ')}`)
  process.exit(2)
}
const chosen = positionals.length > 0 ? positionals : all
process.exitCode = values.input === undefined ? await fuzzAll(chosen) : await replay(chosen[0] as string, values.input)

async function fuzzAll(names: readonly string[]): Promise<number> {
  const summaries: Summary[] = []
  for (const name of names) summaries.push(await fuzzOne(name))
  for (const { name, executions, seconds, corpus, features, findings } of summaries) {
    const rate = Math.round(executions / Math.max(1, seconds))
    console.log(
      `${name.padEnd(12)} ${executions} executions, ${rate}/s, ${features} features, ${corpus} inputs, ${findings} findings`,
    )
  }
  return summaries.some(({ findings }) => findings > 0) ? 1 : 0
}

async function fuzzOne(name: string): Promise<Summary> {
  const folder = join(import.meta.dirname, '../../node_modules/.fuzz', `${name}-${process.pid}`)
  const [instrumented, plain, worker] = ['instrumented', 'plain', 'worker'].map((part) =>
    join(folder, `${part}.mjs`),
  ) as [string, string, string]
  try {
    const bundle = await bundleInstrumented(join(TARGETS, `${name}.ts`), instrumented)
    await bundlePlain(join(TARGETS, `${name}.ts`), plain)
    await bundlePlain(join(import.meta.dirname, 'worker.ts'), worker)
    const inputs = [...readCorpus(KEPT, name), ...readCorpus(FOUND, `${name}.corpus`)]
    const run = new FuzzRun(worker, {
      name,
      bundle,
      instrumented: pathToFileURL(instrumented).href,
      plain: pathToFileURL(plain).href,
      seed: Number(values.seed),
      seconds: Number(values.seconds),
      inputs,
    })
    run.onFinding = (reason, input) => save(name, reason, input)
    const summary = await run.finish()
    if (run.corpus.length > 0) writeCorpus(FOUND, `${name}.corpus`, run.corpus)
    if (values.keep && run.kept.length > 0) writeCorpus(KEPT, name, run.kept)
    return summary
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function save(name: string, reason: string, input: Buffer): void {
  const digest = createHash('sha256').update(input).digest('hex').slice(0, 12)
  const path = join(FOUND, `${name}-${digest}`)
  mkdirSync(FOUND, { recursive: true })
  writeFileSync(path, input)
  console.log(`\n${name}: ${reason}\n  npm run fuzz -- ${name} --input ${shortPath(path)}\n`)
}

async function replay(name: string, path: string): Promise<number> {
  const { target } = (await import(join(TARGETS, `${name}.ts`))) as { target: Target }
  const input = readFileSync(path)
  const problem = (await problemOf(target, input)) ?? (await excessOf(target, input))
  console.log(problem ?? 'nothing is wrong with it')
  return problem === undefined ? 0 : 1
}
