#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { Script } from 'node:vm'

/**
 * Starts daemon and client alike: runs the bundle `program.cjs` with the code cache that the build left beside it. V8 then
 * compiles nothing that a usual start needs. A cache of another version of Node is refused by V8, and the bundle compiled; so is a
 * missing one. (`module.enableCompileCache` would do the same, but only from Node 22.8 on, and writes into /tmp, where
 * others could leave code for root.)
 */
const isSilent = process.noDeprecation ?? false
allowCodeCaches()
const folder = dirname(import.meta.filename)
const filename = join(folder, 'program.cjs')
const source = readFileSync(filename, 'latin1') // the bundle is ASCII
const script = new Script(source, { filename, cachedData: codeCache() })
const run = script.runInThisContext() as (require: NodeJS.Require, file: string) => void
run(require, filename) // that of CommonJS, which this file is built as: one of `node:module` takes longer to make than the client to answer

/**
 * Before 24, Node refuses compiled code, its own included, while V8 has a flag that the code was not compiled with: that is a third of a
 * start. The unit's flag was for the heap, which is set up by now and stays as it is.
 */
function allowCodeCaches(): void {
  if (Number(process.versions.node.split('.')[0]) >= 24) return
  const flags = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ')
  if (flags.includes('--max-semi-space-size')) setFlag('--max-semi-space-size=0')
}

/** Past `node:v8` where that is possible: it loads the streams of Node, all of which V8 would compile then, for a fifth of the start. */
function setFlag(flag: string): void {
  try {
    process.noDeprecation = true // these versions keep it
    ;(process as unknown as Bindings).binding('v8').setFlagsFromString(flag)
  } catch {
    setFlagsFromString(flag)
  } finally {
    process.noDeprecation = isSilent
  }
}

/** What Node calls `process.binding`. */
interface Bindings {
  binding(name: 'v8'): { setFlagsFromString(flag: string): void }
}

function codeCache(): Buffer | undefined {
  try {
    return readFileSync(join(folder, 'program.cache'))
  } catch {
    return undefined
  }
}
