import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'launch-'))
const main = join(folder, 'main.cjs')
const cache = join(folder, 'program.cache')
afterAll(() => rmSync(folder, { recursive: true }))

/** Tells whether V8 refuses what another process has compiled, of a text that this one has not seen yet. */
const PROGRAM = `(function (require, filename) {
  const { Script } = require('node:vm')
  const cachedData = require('node:fs').readFileSync(filename.replace('program.cjs', 'probe.cache'))
  const { cachedDataRejected } = new Script('1 + 1', { cachedData })
  console.log(cachedDataRejected, process.noDeprecation === true)
})`
const COMPILE = `
  const { Script } = require('node:vm')
  for (const [text, cache] of JSON.parse(process.argv[1])) {
    require('node:fs').writeFileSync(cache, new Script(text).createCachedData())
  }`

beforeAll(async () => {
  const format = {
    bundle: true,
    format: 'cjs',
    platform: 'node',
    define: { 'import.meta.filename': '__filename' },
  } as const
  await build({ entryPoints: ['src/app/launch.ts'], outfile: main, ...format })
  writeFileSync(join(folder, 'program.cjs'), PROGRAM)
  const texts = JSON.stringify([
    [PROGRAM, cache],
    ['1 + 1', join(folder, 'probe.cache')],
  ])
  execFileSync(process.execPath, ['-e', COMPILE, texts])
})

function launched(environment: NodeJS.ProcessEnv = {}): { stdout: string; stderr: string } {
  const env = { ...process.env, ...environment }
  const { stdout, stderr } = spawnSync(process.execPath, [main], { encoding: 'utf8', env })
  return { stdout, stderr }
}

test.each([
  ['without flags', ''],
  ["with the unit's flag for the heap", '--max-semi-space-size=4'],
  ['with that flag, and warnings of what will go', '--max-semi-space-size=4 --pending-deprecation'],
])('compiled code is taken %s, and nothing is warned of', (_, flags) => {
  expect(launched({ NODE_OPTIONS: flags })).toEqual({ stdout: 'false false\n', stderr: '' })
})

test('compiled code of another version is not missed, nor is none', () => {
  writeFileSync(cache, 'of another version')
  expect(launched()).toEqual({ stdout: 'false false\n', stderr: '' })
  rmSync(cache)
  expect(launched()).toEqual({ stdout: 'false false\n', stderr: '' })
})
