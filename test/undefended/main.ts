import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Defence, DEFENCES, type DefenceTest } from './defences.ts'

/*
 * `npm run undefended -- [--lab] [WORDS]`: takes away one defence of `src/SECURITY.md` after the other, in a copy of the
 * sources, and runs the tests that stand beside it: each must fail. With `--lab` those end to end too, which need root and
 * a quiet machine. WORDS choose the defences whose names contain them.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { lab: { type: 'boolean', default: false } },
})
const ROOT = join(import.meta.dirname, '../..')
const COPY = join(ROOT, '.cache/undefended')
/** Some attacks are endless loops then. */
const PATIENCE = { unit: 120_000, replay: 120_000, lab: 600_000 }
const chosen = DEFENCES.filter(({ name }) => name.includes(positionals.join(' ')))

rmSync(COPY, { recursive: true, force: true })
mkdirSync(COPY, { recursive: true })
try {
  copySources()
  const passed = chosen.flatMap(unnoticed)
  for (const line of passed) console.error(`${line} does not notice`)
  process.exitCode = passed.length > 0 ? 1 : 0
} finally {
  rmSync(COPY, { recursive: true, force: true })
}

/** Whatever the tests need; hard links where nothing is written. */
function copySources(): void {
  for (const part of [
    'src',
    'test',
    'config',
    'bench',
    'nss',
    'build.ts',
    'package.json',
    'tsconfig.json',
    'README.md',
  ]) {
    execFileSync('cp', ['-a', join(ROOT, part), COPY])
  }
  execFileSync('cp', ['-al', join(ROOT, 'node_modules'), COPY])
}

/** The tests that pass without the defence. */
function unnoticed(defence: Defence): string[] {
  const path = join(COPY, 'src', defence.file)
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, without(text, defence))
  try {
    const tests = defence.tests.filter(({ project }) => values.lab || project !== 'lab')
    return tests
      .filter((test) => !fails(test, defence))
      .map(({ file }) => `${file}: '${defence.name}' is gone, which it`)
  } finally {
    writeFileSync(path, text)
  }
}

function without(text: string, { edits }: Defence): string {
  return edits.reduce((changed, [from, to]) => changed.replace(from, () => to), text)
}

function fails({ project, file, title }: DefenceTest, { name }: Defence): boolean {
  if (project === 'lab') execFileSync('npm', ['run', '--silent', 'build'], { cwd: COPY, stdio: 'inherit' })
  const only = title === undefined ? [] : ['-t', title]
  const argv = [
    'vitest',
    'run',
    '--config',
    'test/vitest.config.ts',
    '--project',
    project,
    `test/${project}/${file}.test.ts`,
  ]
  const { stdout, error } = spawnSync('npx', [...argv, '--reporter=json', ...only], {
    cwd: COPY,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: PATIENCE[project],
    killSignal: 'SIGKILL',
  })
  if (error !== undefined) {
    console.log(`${name}: ${project}/${file} does not end without it`)
    return true
  }
  const { numFailedTests, numTotalTests } = JSON.parse(stdout.slice(stdout.indexOf('{"num'))) as Record<string, number>
  console.log(`${name}: ${numFailedTests} of ${numTotalTests} fail in ${project}/${file}`)
  return (numFailedTests ?? 0) > 0
}
