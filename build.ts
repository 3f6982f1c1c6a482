import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { build, type BuildOptions } from 'esbuild'
import { loadedLate, nativeLibraries, pastIndexes, withoutSideEffects } from './config/bundle-plugins.ts'

/*
 * `npm run build`: the daemon and the client, each in one file. Reading four hundred modules one by one took Node 250 of 350 ms
 * before the first line ran. The folder is complete: native libraries lie in a `node_modules` of its own.
 * With arguments: the folder to make in place of `dist`, the machine as Node calls it, and the folder of koffi's library
 * for a machine other than this one.
 */
const root = import.meta.dirname
const [wantedTarget = 'dist', machine = process.arch, koffiFolder] = process.argv.slice(2)
const target = resolve(root, wantedTarget)
const sources = join(root, 'src')
/** What the bundler is told, wherever the files go: their names and contents depend on it. */
const NOMINAL = join(root, 'dist')

/** Libraries, which lie beside the programs. */
const NATIVE: Readonly<Record<string, RegExp>> = {
  [`@koromix/koffi-linux-${machine}`]: /\/koffi\.node$/,
  netlink: new RegExp(`^prebuilds/linux-${machine}/.*\\.node$`),
}

/**
 * Each program is an expression in one file, to be called by `src/app/launch.ts`. CommonJS starts in half the time of modules
 * in parts, and can be compiled beforehand: V8 takes what a start needs from the code cache. `sideEffects` leaves out what a
 * program does not use.
 */
const program = {
  absWorkingDir: root,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  charset: 'ascii', // one byte for each character, in the file and in memory
  minifyWhitespace: true,
  minifySyntax: true,
  supported: { 'dynamic-import': false }, // a script of node:vm has none
  inject: [join(root, 'config/monotonic.ts')],
  define: { 'import.meta.filename': '__filename', __dirname: 'undefined' },
  plugins: [pastIndexes(sources), withoutSideEffects(sources), loadedLate(), nativeLibraries(sources, machine)],
  banner: { js: '(function (require, __filename) {' },
  footer: { js: '})' },
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  write: false,
  outExtension: { '.js': '.cjs' },
} as const satisfies BuildOptions
/** For the client. Short names are a tenth less to read; in the daemon's log they would tell nothing of where it was. */
const quick = { minifyIdentifiers: true } satisfies BuildOptions
const launcher = {
  ...program,
  banner: {},
  footer: {},
  plugins: [loadedLate()],
  outExtension: {},
} satisfies BuildOptions

/** Where each program lies in the folder, and from which file it is made. */
const PROGRAMS = { '.': 'src/app/main.ts', cli: 'src/cli/main.ts' } as const

const built = await Promise.all(
  Object.entries(PROGRAMS).flatMap(([folder, main]) => {
    const outdir = join(NOMINAL, folder)
    return [
      build({ ...launcher, entryPoints: [{ in: 'src/app/launch.ts', out: 'main' }], outdir }),
      build({ ...program, ...(folder === 'cli' && quick), entryPoints: [{ in: main, out: 'program' }], outdir }),
    ]
  }),
)
const files = built
  .flatMap(({ outputFiles }) => outputFiles)
  .map(({ path, contents }) => ({ path: join(target, relative(NOMINAL, path)), contents }))
for (const { path, contents } of files) {
  // The launcher reads programs as one byte for each character: esbuild leaves regular expressions as they are written.
  if (path.endsWith('.cjs') && contents.some((byte) => byte > 0x7f))
    throw new Error(`${path} is not ASCII: write \\u escapes`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, contents)
}
for (const name of ['main.js', 'cli/main.js']) chmodSync(join(target, name), 0o755)
const type = join(target, 'package.json')
writeFileSync(type, '{ "type": "commonjs" }\n')
const native = Object.entries(NATIVE).flatMap(([name, wanted]) => copyPackage(name, wanted))
const caches = Object.keys(PROGRAMS).map((folder) => makeCodeCache(join(target, folder)))
const licenses = join(target, 'LICENSES')
writeFileSync(licenses, licensesOf(built.flatMap(({ metafile }) => Object.keys(metafile.inputs))))
removeOthers([...files.map(({ path }) => path), type, ...caches, ...native, licenses])

function folderOf(name: string): string {
  return join('node_modules', name)
}

/** The files that `wanted` names, into our `node_modules`; where they are now. */
function copyPackage(name: string, wanted: RegExp): string[] {
  const from = koffiFolder !== undefined && name.startsWith('@koromix/') ? koffiFolder : join(root, folderOf(name))
  const found = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter((path) => wanted.test(path))
  return found.map((path) => {
    const to = join(target, folderOf(name), path)
    mkdirSync(dirname(to), { recursive: true })
    rmSync(to, { force: true }) // a program that runs has it mapped
    copyFileSync(join(from, path), to)
    chmodSync(to, 0o644)
    return to
  })
}

/** Needs what the program needs; `config/code-cache.cjs` says how it is made. */
function makeCodeCache(folder: string): string {
  const cache = join(folder, 'program.cache')
  const { NODE_OPTIONS: _, ...environment } = process.env // tsx is not part of what is cached
  execFileSync(process.execPath, [join(root, 'config/code-cache.cjs'), join(folder, 'program.cjs'), cache], {
    env: environment,
  })
  return cache
}

/** The terms of every package that is now part of our files, as most of them ask for. */
function licensesOf(inputs: readonly string[]): string {
  const packages = new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []))
  const texts = [...packages].toSorted().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Record<
      string,
      string
    >
    const file = readdirSync(join(root, folder)).find((each) => /^(?:licen[cs]e|copying)/i.test(each))
    if (file === undefined) throw new Error(`${folder}: no licence text`)
    return `${name} ${version}\n\n${readFileSync(join(root, folder, file), 'utf8').trim()}\n`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

/** What an earlier build left goes last, so that a program starting meanwhile finds all of its files. */
function removeOthers(kept: readonly string[]): void {
  for (const name of readdirSync(target, { recursive: true, encoding: 'utf8' })) {
    const path = join(target, name)
    if (!kept.some((each) => each === path || each.startsWith(`${path}/`)))
      rmSync(path, { recursive: true, force: true })
  }
}
