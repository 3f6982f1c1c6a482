import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import type { Plugin } from 'esbuild'

/* What `build.ts` tells the bundler about modules that are not to be loaded as they are. */

/** Modules of Node that take long to load, and that nobody needs for the first answer. */
const LATE = /^node:(?:child_process|crypto|dgram|module|net|perf_hooks|tty|v8)$/

/** Modules of ours do nothing when they are loaded: of those that nobody uses, nothing stays. */
export function withoutSideEffects(sources: string): Plugin {
  return {
    name: 'without-side-effects',
    setup(plugins) {
      plugins.onResolve({ filter: /^\./ }, ({ path, resolveDir, importer }) => {
        if (!importer.startsWith(sources)) return undefined
        return { path: join(resolveDir, path), sideEffects: false }
      })
    },
  }
}

/**
 * Of these modules whichever function is called first loads its module. Classes and values, which are known only then, are had by
 * the default export.
 */
export function loadedLate(): Plugin {
  const load = createRequire(import.meta.url)
  return {
    name: 'loaded-late',
    setup(plugins) {
      plugins.onResolve({ filter: LATE }, ({ path, namespace, kind }) =>
        namespace === 'late' || kind === 'dynamic-import'
          ? { path, external: true }
          : { path, namespace: 'late', sideEffects: false },
      )
      plugins.onLoad({ filter: LATE, namespace: 'late' }, ({ path }) => {
        const all = Object.entries(load(path) as object).filter(([name]) => name !== 'default')
        const functions = all.filter(([, value]) => typeof value === 'function' && !isClass(value))
        const lines = functions.map(([name]) => `export const ${name} = (...args) => load().${name}(...args)`)
        const getters = all.map(([name]) => `get ${name}() { return load().${name} }`)
        return {
          contents: [
            `const load = () => require('${path}')`,
            ...lines,
            `export default { ${getters.join(', ')} }`,
          ].join('\n'),
          resolveDir: import.meta.dirname,
        }
      })
    },
  }
}

/** Node's own older ones are functions, named as classes are. */
function isClass(value: { readonly name: string }): boolean {
  return /^[A-Z]/.test(value.name)
}

/**
 * The scripts of koffi and netlink become part of the program, which then has their code compiled beforehand, and finds their
 * libraries without looking for them: that took a tenth of a start. Each library, a `.node` file, is loaded from `node_modules`
 * beside the program.
 */
export function nativeLibraries(sources: string, machine: string): Plugin {
  const koffi = `@koromix/koffi-linux-${machine}`
  const loaders = {
    [koffi]: firstThatLoads(['linux', 'musl'].map((libc) => `${koffi}/${libc}_${machine}/koffi.node`)),
    'node-gyp-build': `module.exports = () => require('netlink/prebuilds/linux-${machine}/node.napi.node')`,
  }
  return {
    name: 'native-libraries',
    setup(plugins) {
      plugins.onLoad({ filter: LOADS_LIBRARY }, ({ path }) =>
        path.startsWith(sources) ? { contents: sourceText(path), loader: 'ts' } : undefined,
      )
      // Else koffi copies node:util, which loads a sixth of Node, and loads node:module to make what we have, a `require`.
      plugins.onLoad({ filter: /\/src\/koffi\/index\.cjs$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8')
        if (!/__toESM\(require\("node:util"\)/.test(text)) throw new Error(`${path} does not copy node:util any more`)
        if (!text.includes(MAKES_REQUIRE)) throw new Error(`${path} does not make a require any more`)
        const contents = text.replaceAll(COPIED, '{ get default() { return require($1) } }')
        return {
          contents: contents.replace(MAKES_REQUIRE, 'require').replace('require("node:module")', 'undefined'),
          loader: 'js',
        }
      })
      plugins.onResolve({ filter: /\.node$/ }, ({ path }) => ({ path, external: true }))
      plugins.onResolve(
        { filter: /^(?:@koromix\/koffi-|node-gyp-build$)/ },
        ({ path }) => (path in loaders ? { path, namespace: 'library' } : { path, external: true }), // for other machines
      )
      plugins.onLoad({ filter: /^/, namespace: 'library' }, ({ path }) => ({ contents: loaders[path] ?? '' }))
    },
  }
}

/** A module of ours; one that loads a native library does it where the bundler sees it. */
function sourceText(path: string): string {
  const text = readFileSync(path, 'utf8')
  if (!LOADS_LIBRARY.test(path)) return text
  if (!text.includes(AT_RUN_TIME)) throw new Error(`${path} does not load its library by ${AT_RUN_TIME}`)
  return text.replace(AT_RUN_TIME, 'require(')
}

/** One for each C library; that of another one does not load. */
function firstThatLoads(paths: readonly string[]): string {
  const [path, ...others] = paths
  if (path === undefined) return ''
  const next = others.length === 0 ? 'throw error' : firstThatLoads(others)
  return `try { module.exports = require('${path}') } catch (error) { ${next} }`
}

/**
 * What a module imports from the index of a room comes from the file that defines it. A part of a program that is loaded late would
 * otherwise run every module of each room it uses, of which most calls of the client need few.
 */
export function pastIndexes(sources: string): Plugin {
  return {
    name: 'past-indexes',
    setup(plugins) {
      plugins.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!path.startsWith(sources)) return undefined
        const folder = dirname(path)
        const contents = sourceText(path).replace(
          /^import \{([^}]*)\} from '([^']*\/index\.ts)'/gm,
          (_, names, index) => {
            const files = definingFiles(join(folder, index as string))
            return importsFrom(files, folder, names as string)
          },
        )
        return { contents, loader: 'ts' }
      })
    },
  }
}

/** As many lines as before, for source maps. */
function importsFrom(files: ReadonlyMap<string, string>, folder: string, names: string): string {
  const imports = listed(names).map(
    (name) => `import { ${name} } from './${relative(folder, files.get(bare(name)) ?? '')}'`,
  )
  return imports.join('; ') + names.replace(/[^\n]/g, '')
}

/** Where each name is defined that an index exports. */
function definingFiles(index: string): Map<string, string> {
  const exports = readFileSync(index, 'utf8').matchAll(/^export (?:type )?(\*|\{[^}]*\}) from '([^']*)'/gm)
  return new Map(
    [...exports].flatMap(([, names = '', from = '']) => {
      const file = join(dirname(index), from)
      return (names === '*' ? exportedBy(file) : listed(names.slice(1, -1))).map((name) => [bare(name), file] as const)
    }),
  )
}

function exportedBy(file: string): string[] {
  const exports = readFileSync(file, 'utf8').matchAll(
    /^export (?:async )?(?:const|function|class|interface|type) (\w+)/gm,
  )
  return [...exports].flatMap(([, name]) => name ?? [])
}

function listed(names: string): string[] {
  return names.split(',').flatMap((name) => name.trim() || [])
}

function bare(name: string): string {
  return name.replace(/^type /, '')
}

/** How koffi imports a module of Node as a whole. */
const COPIED = /__toESM\(require\(("node:\w+")\)(?:, 1)?\)/g

const MAKES_REQUIRE = '(0, import_node_module.createRequire)(__filename)'

const LOADS_LIBRARY = /\/(?:sys\/libc|netlink\/rtnetlink-socket)\.ts$/

/** How sources load what the bundler shall not see, as it would be loaded at once, and the program fail without it. */
const AT_RUN_TIME = 'createRequire(import.meta.url)('
