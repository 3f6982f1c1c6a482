// Writes the V8 code cache of a bundled program: `node config/code-cache.cjs PROGRAM CACHE`. The program is run once, so that the
// functions of a usual start are in the cache as well: the client as a lookup that finds nobody to ask, the daemon as a
// try-out that answers one question and ends.
const { createSocket } = require('node:dgram')
const { readFileSync, writeFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { basename, dirname } = require('node:path')
const { setFlagsFromString } = require('node:v8')
const { Script } = require('node:vm')

const [, , filename, cache] = process.argv
const QUESTION = Buffer.from('000101000001000000000000096c6f63616c686f73740000010001', 'hex') // localhost A
const isDaemon = basename(dirname(filename)) !== 'cli'

process.env.DBUS_SYSTEM_BUS_ADDRESS = 'unix:path=/nonexistent'
process.argv = isDaemon
  ? [process.execPath, 'tsresolved', '--try-out', '--user=root']
  : [process.execPath, 'tsresolvectl', '--runtime-dir=/nonexistent', 'query', 'localhost']
process.stdout.write = () => true
process.stderr.write = (text) => {
  const port = /is ready, answering on 127\.0\.0\.1 port (\d+)/.exec(text)?.[1]
  if (port !== undefined) setImmediate(askAndEnd, Number(port))
  return true
}
const script = new Script(readFileSync(filename, 'latin1'), { filename })
process.on('exit', () => {
  setFlagsFromString('--flush-bytecode') // V8 refuses a cache that was made with other flags than it starts with
  writeFileSync(cache, script.createCachedData())
  process.exitCode = 0 // that nobody answered is as it should be
})
setTimeout(() => process.exit(), 20_000).unref() // what was compiled until then is of use too
script.runInThisContext()(createRequire(filename), filename)

function askAndEnd(port) {
  const socket = createSocket('udp4', end)
  const timer = setTimeout(end, 1000)
  function end() {
    clearTimeout(timer)
    socket.close()
    process.emit('SIGTERM', 'SIGTERM')
  }
  socket.send(QUESTION, port, '127.0.0.1')
}
