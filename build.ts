import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build, type BuildOptions } from 'esbuild'

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

const programs = await Promise.all([
  build({ ...common, entryPoints: [{ in: 'src/app/main.ts', out: 'main' }], outdir: 'dist' }),
  build({ ...common, entryPoints: ['src/cli/main.ts'], outdir: 'dist/cli' }),
])
const files = programs.flatMap(({ outputFiles }) => outputFiles)
for (const { path, contents } of files) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, contents)
}
for (const program of ['main.js', 'cli/main.js']) chmodSync(join(target, program), 0o755)
const licenses = join(target, 'LICENSES')
writeFileSync(licenses, licensesOf(programs.flatMap(({ metafile }) => Object.keys(metafile.inputs))))
removeOthers([...files.map(({ path }) => path), licenses])

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
