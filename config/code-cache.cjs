// Writes the V8 code cache of a bundled program: `node config/code-cache.cjs PROGRAM CACHE`. The program is run once, as a lookup
// that finds nobody to ask, so that the functions of a usual call are in the cache as well.
const { readFileSync, writeFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { Script } = require('node:vm')

const [, , filename, cache] = process.argv
process.argv = [process.execPath, 'tsresolvectl', '--runtime-dir=/nonexistent', 'query', 'localhost']
process.stdout.write = process.stderr.write = () => true
const script = new Script(readFileSync(filename, 'utf8'), { filename })
script.runInThisContext()(createRequire(filename), filename)
process.on('exit', () => {
  writeFileSync(cache, script.createCachedData())
  process.exitCode = 0 // that nobody answered is as it should be
})
