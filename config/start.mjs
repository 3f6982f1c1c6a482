/*
 * `npm start`, first half: builds what is not built yet and prints the path of the program, which npm then runs. Plain
 * JavaScript of long ago, so that a Node that is too old for everything else can say so.
 */
import { spawnSync } from 'child_process'
import { accessSync, constants, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'fs'
import { tmpdir } from 'os'
import { dirname, join } from 'path'
import { fileURLToPath } from 'url'

const NEEDED = 20
const root = dirname(dirname(fileURLToPath(import.meta.url)))

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  fail(
    `tsresolved needs Node ${NEEDED} or later, and ${process.execPath} is ${process.versions.node}; newer ones are at ` +
      'https://nodejs.org/en/download (Debian 13 has 20, Debian 12 and Ubuntu 24.04 have 18).',
  )
}
if (!existsSync(join(root, 'node_modules', 'esbuild'))) fail('Run this first:  npm ci')
process.stdout.write(`${join(built(), 'main.js')}\n`)

/** The folder with the built programs: the clone's own, or a private one where that is not ours to write. */
function built() {
  const own = join(root, 'dist')
  const newest = newestIn(join(root, 'src'), 'build.ts', join('config', 'bundle-plugins.ts'), join('config', 'monotonic.ts'))
  if (isUpToDate(own, newest)) return own
  const target = isWritable(own) || (!existsSync(own) && isWritable(root)) ? own : privateFolder()
  if (isUpToDate(target, newest)) return target
  process.stderr.write(`Building tsresolved in ${target} ...\n`)
  const tsx = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs')
  const { status } = spawnSync(process.execPath, [tsx, join(root, 'build.ts'), target], { stdio: ['ignore', 2, 2] })
  if (status !== 0) fail(`It could not be built (exit code ${status}).`)
  return target
}

/** A folder that is remembered, in a place where others cannot have put anything. */
function privateFolder() {
  const folder = join(tmpdir(), `tsresolved-build-${process.getuid()}`)
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 })
  const { uid, mode } = lstatSync(folder)
  if (!lstatSync(folder).isDirectory() || uid !== process.getuid() || (mode & 0o022) !== 0) {
    fail(`${folder} is not ours alone; remove it, or set TMPDIR.`)
  }
  // The programs look for this file beside their folder.
  rmSync(join(folder, 'package.json'), { force: true })
  symlinkSync(join(root, 'package.json'), join(folder, 'package.json'))
  return join(folder, 'dist')
}

function isUpToDate(folder, newest) {
  const program = join(folder, 'LICENSES') // written last
  return existsSync(program) && statSync(program).mtimeMs >= newest
}

function newestIn(folder, ...others) {
  const times = others.map((name) => statSync(join(root, name)).mtimeMs)
  return readdirSync(folder, { withFileTypes: true }).reduce((newest, entry) => {
    const path = join(folder, entry.name)
    return Math.max(newest, entry.isDirectory() ? newestIn(path) : statSync(path).mtimeMs)
  }, Math.max(0, ...times))
}

function isWritable(path) {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function fail(text) {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}
