import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build, type BuildOptions, type Plugin } from 'esbuild'

/*
 * `npm run build`: the daemon and the client, each in one file and what is loaded only when it is needed. Reading four
 * hundred modules one by one took Node 250 of 350 ms before the first line ran; as one file they take 50.
 */
const root = import.meta.dirname
const target = join(root, 'dist')

/** Found at run time: they load native code from where they lie. `x11` is for session buses and never reached. */
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
 * modules in parts, `sideEffects` leaves out what its verbs do not use, and V8 takes what it compiled from the code cache.
 */
const client = {
  ...common,
  splitting: false,
  format: 'cjs',
  banner: {},
  minifyWhitespace: true,
  minifySyntax: true,
  supported: { 'dynamic-import': false }, // a script of node:vm has none
  define: { 'import.meta.filename': '__filename', 'import.meta.url': 'fileUrl' },
  plugins: [withoutSideEffects()],
  outdir: 'dist/cli',
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
  build({ ...common, entryPoints: [{ in: 'src/app/main.ts', out: 'main' }], outdir: 'dist' }),
  build({ ...client, entryPoints: [{ in: 'src/cli/launch.ts', out: 'main' }] }),
  build({ ...client, ...asFunction, entryPoints: [{ in: 'src/cli/main.ts', out: 'program' }], outExtension }),
])
const files = programs.flatMap(({ outputFiles }) => outputFiles)
for (const { path, contents } of files) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, contents)
}
for (const program of ['main.js', 'cli/main.js']) chmodSync(join(target, program), 0o755)
const built = [...files.map(({ path }) => path), ...prepareClient(join(target, 'cli'))]
const licenses = join(target, 'LICENSES')
writeFileSync(licenses, licensesOf(programs.flatMap(({ metafile }) => Object.keys(metafile.inputs))))
removeOthers([...built, licenses])

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
  execFileSync(process.execPath, [join(root, 'code-cache.cjs'), join(folder, 'program.cjs'), cache], {
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
