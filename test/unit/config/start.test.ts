import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const work = mkdtempSync(join(tmpdir(), 'start-'))
chmodSync(work, 0o755)
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** As in a fresh clone. */
function clone(name: string): string {
  const folder = join(work, name)
  mkdirSync(folder)
  for (const each of ['src', 'config', 'build.ts', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, each), join(folder, each), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

function start(folder: string, before: readonly string[] = [], options: readonly string[] = []) {
  const temporary = join(work, 'tmp')
  mkdirSync(temporary, { recursive: true })
  chmodSync(temporary, 0o1777)
  const argv = [...before, process.execPath, ...options, join(folder, 'config/start.mjs')]
  const { status, stdout, stderr } = spawnSync(argv[0] as string, argv.slice(1), {
    env: { ...process.env, TMPDIR: temporary },
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('an old Node is told in one sentence, with where to get another, in place of a stack trace', () => {
  const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } })`
  const { status, stdout, stderr } = start(root, [], ['--import', `data:text/javascript,${encodeURIComponent(old)}`])
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toMatch(
    /^tsresolved needs Node 20 or later, and \S+ is 18\.20\.4; newer ones are at https:\S+ [^\n]*\n$/,
  )
})

test('without its packages it says what to run', () => {
  const folder = clone('bare')
  rmSync(join(folder, 'node_modules'))
  expect(start(folder)).toEqual({ status: 1, stdout: '', stderr: 'Run this first:  npm ci\n' })
})

test('it builds with a line of progress, once, and again when a source is newer', () => {
  const folder = clone('own')
  const program = join(folder, 'dist/main.js')
  const built = { status: 0, stdout: `${program}\n`, stderr: `Building tsresolved in ${join(folder, 'dist')} ...\n` }
  expect(start(folder)).toEqual(built)
  expect(start(folder)).toEqual({ ...built, stderr: '' })
  expect(execFileSync(process.execPath, [program, '--version'], { encoding: 'utf8' })).toMatch(/^tsresolved \d/)
  const later = new Date(Date.now() + 1000)
  utimesSync(join(folder, 'src/app/main.ts'), later, later)
  expect(start(folder)).toEqual(built)
})

/** Root may write everywhere and needs no private folder; somebody else must be able to read the clone. */
const other = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
const canBeOther =
  spawnSync('setpriv', [...other.slice(1), 'test', '-r', join(root, 'node_modules/esbuild/package.json')]).status === 0

test.skipIf(!canBeOther)('a clone of somebody else is built in a private folder', () => {
  const folder = clone('foreign')
  const first = start(folder, other)
  const program = join(work, 'tmp/tsresolved-build-65534/dist/main.js')
  expect(first).toMatchObject({ status: 0, stdout: `${program}\n` })
  expect(existsSync(join(folder, 'dist'))).toBe(false)
  const argv = [...other.slice(1), process.execPath, program, '--version']
  expect(execFileSync('setpriv', argv, { encoding: 'utf8' })).toMatch(/^tsresolved \d/)
  expect(start(folder, other).stderr).toBe('')

  rmSync(join(work, 'tmp/tsresolved-build-65534'), { recursive: true })
  symlinkSync(work, join(work, 'tmp/tsresolved-build-65534'))
  expect(start(folder, other)).toMatchObject({ status: 1, stderr: expect.stringContaining('is not ours alone') })
})
