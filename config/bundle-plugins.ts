import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'

/* What `build.ts` tells the bundler about modules that are not to be loaded as they are. */

/** Modules of Node that take long to load, and that nobody needs for the first answer. */
const LATE = /^node:(?:crypto|v8)$/

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

/** Of these modules only functions are used; whichever is called first loads its module. */
export function loadedLate(): Plugin {
  const load = createRequire(import.meta.url)
  return {
    name: 'loaded-late',
    setup(plugins) {
      plugins.onResolve({ filter: LATE }, ({ path, namespace }) =>
        namespace === 'late' ? { path, external: true } : { path, namespace: 'late', sideEffects: false },
      )
      plugins.onLoad({ filter: LATE, namespace: 'late' }, ({ path }) => {
        const names = Object.entries(load(path) as object).flatMap(([name, value]) =>
          typeof value === 'function' && name !== 'default' ? [name] : [],
        )
        const lines = names.map((name) => `export const ${name} = (...args) => load().${name}(...args)`)
        return {
          contents: [`const load = () => require('${path}')`, ...lines].join('\n'),
          resolveDir: import.meta.dirname,
        }
      })
    },
  }
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
      plugins.onLoad({ filter: /\/(?:sys\/libc|netlink\/rtnetlink-socket)\.ts$/ }, ({ path }) => {
        if (!path.startsWith(sources)) return undefined
        const text = readFileSync(path, 'utf8')
        if (!text.includes(AT_RUN_TIME)) throw new Error(`${path} does not load its library by ${AT_RUN_TIME}`)
        return { contents: text.replace(AT_RUN_TIME, 'require('), loader: 'ts' }
      })
      // Else koffi copies node:util, which loads a sixth of Node.
      plugins.onLoad({ filter: /\/src\/koffi\/index\.cjs$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8')
        if (!/__toESM\(require\("node:util"\)/.test(text)) throw new Error(`${path} does not copy node:util any more`)
        return { contents: text.replaceAll(COPIED, '{ default: require($1) }'), loader: 'js' }
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

/** One for each C library; that of another one does not load. */
function firstThatLoads(paths: readonly string[]): string {
  const [path, ...others] = paths
  if (path === undefined) return ''
  const next = others.length === 0 ? 'throw error' : firstThatLoads(others)
  return `try { module.exports = require('${path}') } catch (error) { ${next} }`
}

/** How koffi imports a module of Node as a whole. */
const COPIED = /__toESM\(require\(("node:\w+")\)(?:, 1)?\)/g

/** How sources load what the bundler shall not see, as it would be loaded at once, and the program fail without it. */
const AT_RUN_TIME = 'createRequire(import.meta.url)('
