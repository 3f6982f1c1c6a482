#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'

/**
 * Starts daemon and client alike: runs the bundle `program.cjs` with the code cache that the build left beside it. V8 then
 * compiles nothing that a usual start needs. A cache of another version of Node is refused by V8, and the bundle compiled; so is a
 * missing one. (`module.enableCompileCache` would do the same, but only from Node 22.8 on, and writes into /tmp, where
 * others could leave code for root.)
 */
const folder = dirname(import.meta.filename)
const filename = join(folder, 'program.cjs')
const source = readFileSync(filename, 'latin1') // the bundle is ASCII
const script = new Script(source, { filename: pathToFileURL(filename).href, cachedData: codeCache() })
const run = script.runInThisContext() as (require: NodeJS.Require, file: string) => void
run(createRequire(filename), filename)

function codeCache(): Buffer | undefined {
  try {
    return readFileSync(join(folder, 'program.cache'))
  } catch {
    return undefined
  }
}
