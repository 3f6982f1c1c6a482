import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** Beside the programs, as the build leaves it; V8 refuses it silently, and everything is compiled anew. */
describe('compiled code of the build', () => {
  const root = resolve(import.meta.dirname, '../..')
  let folder: string
  let listener: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'start-'))
    listener = join(folder, 'listener.cjs')
    writeFileSync(listener, TELLS_OF_REFUSAL)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.for([
    ['as the unit starts it', 'main.js', unitOptions(root)],
    ['as npm start does', 'main.js', '--use-openssl-ca'],
    ['the client', 'cli/main.js', ''],
    ['the client, started by a service of Node', 'cli/main.js', unitOptions(root)],
  ] as const)('is taken: %s', ([, program, options]) => {
    const environment = { ...process.env, NODE_OPTIONS: `${options} --require ${listener}` }
    const output = execFileSync(process.execPath, [join(root, 'dist', program), '--version'], {
      env: environment,
      encoding: 'utf8',
    })
    expect(output).toContain('compiled code is taken')
  })

  // As config/debian/functions.sh does; without the run it would be a third.
  test('holds what a start runs, also where it is made by a path that is not absolute', () => {
    const cache = join(folder, 'program.cache')
    const argv = [join(root, 'config/code-cache.cjs'), 'dist/program.cjs', cache]
    execFileSync(process.execPath, argv, { cwd: root })
    expect(statSync(cache).size).toBeGreaterThan(0.9 * statSync(join(root, 'dist/program.cache')).size)
    expect(statSync(cache).size).toBeGreaterThan(statSync(join(root, 'dist/program.cjs')).size)
  })
})

test('no sockets of Node are loaded before the daemon listens: that took a twentieth of its start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'start-'))
  try {
    const listener = join(folder, 'listener.cjs')
    writeFileSync(listener, TELLS_WHAT_IS_LOADED)
    const daemon = resolve(import.meta.dirname, '../../dist/main.js')
    // It gets as far as the directory that it cannot make.
    const argv = ['--require', listener, daemon, '--user=root', `--runtime-dir=${listener}/none`]
    const { stdout } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
    expect(stdout).toMatch(/^NativeModule fs$/m)
    expect(stdout).not.toMatch(/^NativeModule (?:net|dgram|stream|perf_hooks)$/m)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

const TELLS_WHAT_IS_LOADED = `
const { writeSync } = require('node:fs')
Object.defineProperty(process, 'stderr', { value: { write: () => writeSync(1, process.moduleLoadList.join('\\n')) } })
`

const TELLS_OF_REFUSAL = `
const vm = require('node:vm')
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options)
    console.log('compiled code is', this.cachedDataRejected === false ? 'taken' : 'refused')
  }
}
`

function unitOptions(root: string): string {
  const unit = readFileSync(join(root, 'config/tsresolved.service'), 'utf8')
  const options = /^Environment="NODE_OPTIONS=(.*)"$/m.exec(unit)?.[1]
  if (options === undefined) throw new Error('the unit gives Node no options')
  return options
}
