import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { build, type BuildOptions, type Plugin } from 'esbuild'

/*
 * `npm run build`: the daemon and the client, each in one file and what is loaded only when it is needed. Reading four
 * hundred modules one by one took Node 250 of 350 ms before the first line ran; as one file they take 50. The folder is
 * complete: what has native code lies in a `node_modules` of its own, without what only compilers need.
 * With arguments: the folder to make in place of `dist`, the machine as Node calls it, and the folder of koffi's library
 * for a machine other than this one.
 */
const root = import.meta.dirname
const [wantedTarget = 'dist', machine = process.arch, koffiFolder] = process.argv.slice(2)
const target = resolve(root, wantedTarget)
/** What the bundler is told, wherever the files go: their names and contents depend on it. */
const NOMINAL = join(root, 'dist')

/** Not in our files, as they load native code from where they lie: what of each package is needed to run. */
const NATIVE: Readonly<Record<string, RegExp>> = {
  koffi: /^(?:package\.json|index\.cjs|src\/koffi\/index\.cjs|src\/koffi\/src\/static\.cjs)$/,
  [`@koromix/koffi-linux-${machine}`]: /^(?:package\.json|index\.js|.*\/koffi\.node)$/,
  netlink: new RegExp(`^(?:package\\.json|dist/raw\\.js|prebuilds/linux-${machine}/.*\\.node)$`),
  'node-gyp-build': /^(?:package\.json|index\.js|node-gyp-build\.js)$/,
}
/** `x11` and `usocket` are for session buses and never reached. */
const EXTERNAL = ['koffi', 'netlink', 'x11', 'usocket']
/** For packages that are CommonJS and ask for modules of Node. */
const REQUIRE = `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`

const common = {
  absWorkingDir: root,
  bundle: true,
  splitting: true, // what import() names stays a file of its own
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: EXTERNAL,
  banner: { js: REQUIRE },
  chunkNames: 'parts/[name]-[hash]',
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  write: false,
} as const satisfies BuildOptions

/**
 * The client lives for a tenth of a second, most of it spent on starting: CommonJS in one file starts in half the time of
 * modules in parts, `sideEffects` leaves out what its verbs do not use, V8 takes what it compiled from the code cache, and short
 * names make both a tenth to a third smaller.
 */
const client = {
  ...common,
  splitting: false,
  format: 'cjs',
  banner: {},
  minifyWhitespace: true,
  minifySyntax: true,
  minifyIdentifiers: true,
  supported: { 'dynamic-import': false }, // a script of node:vm has none
  define: { 'import.meta.filename': '__filename', 'import.meta.url': 'fileUrl' },
  plugins: [withoutSideEffects()],
  outdir: join(NOMINAL, 'cli'),
} as const satisfies BuildOptions

/** An expression, to be called by `launch.ts`. */
const asFunction = {
  banner: {
    js: `(function (require, __filename) { const fileUrl = require('node:url').pathToFileURL(__filename).href;`,
  },
  footer: { js: '})' },
}
const outExtension = { '.js': '.cjs' }

const programs = await Promise.all([
  build({ ...common, entryPoints: [{ in: 'src/app/main.ts', out: 'main' }], outdir: NOMINAL }),
  build({ ...client, entryPoints: [{ in: 'src/cli/launch.ts', out: 'main' }] }),
  build({ ...client, ...asFunction, entryPoints: [{ in: 'src/cli/main.ts', out: 'program' }], outExtension }),
])
const files = programs
  .flatMap(({ outputFiles }) => outputFiles)
  .map(({ path, contents }) => ({ path: join(target, relative(NOMINAL, path)), contents }))
for (const { path, contents } of files) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, contents)
}
for (const program of ['main.js', 'cli/main.js']) chmodSync(join(target, program), 0o755)
const built = [...files.map(({ path }) => path), ...prepareClient(join(target, 'cli'))]
const native = Object.entries(NATIVE).flatMap(([name, wanted]) => copyPackage(name, wanted))
const licenses = join(target, 'LICENSES')
const sources = [
  ...programs.flatMap(({ metafile }) => Object.keys(metafile.inputs)),
  ...Object.keys(NATIVE).filter(isSeparate).map(folderOf),
]
writeFileSync(licenses, licensesOf(sources))
removeOthers([...built, ...native, licenses])

/** koffi's library for each machine is a package without a licence text of its own. */
function isSeparate(name: string): boolean {
  return !name.startsWith('@koromix/')
}

function folderOf(name: string): string {
  return join('node_modules', name)
}

/** The files that `wanted` names, into our `node_modules`; where they are now. */
function copyPackage(name: string, wanted: RegExp): string[] {
  const from = koffiFolder !== undefined && !isSeparate(name) ? koffiFolder : join(root, folderOf(name))
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

/** Modules of ours do nothing when they are loaded: of those that nobody uses, nothing stays. */
function withoutSideEffects(): Plugin {
  return {
    name: 'without-side-effects',
    setup(plugins) {
      plugins.onResolve({ filter: /^\./ }, ({ path, resolveDir, importer }) => {
        if (!importer.startsWith(join(root, 'src'))) return undefined
        return { path: join(resolveDir, path), sideEffects: false }
      })
    },
  }
}

/** Marks the client's files as CommonJS, and makes its code cache. */
function prepareClient(folder: string): string[] {
  const [type, cache] = [join(folder, 'package.json'), join(folder, 'program.cache')]
  writeFileSync(type, '{ "type": "commonjs" }\n')
  const { NODE_OPTIONS: _, ...environment } = process.env // tsx is not part of what is cached
  execFileSync(process.execPath, [join(root, 'config/code-cache.cjs'), join(folder, 'program.cjs'), cache], {
    env: environment,
  })
  return [type, cache]
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
