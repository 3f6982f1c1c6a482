// Writes the V8 code cache of a bundled program: `node config/code-cache.cjs PROGRAM CACHE`. The program is run once, so that the
// functions of a usual start are in the cache as well: the daemon as a try-out that asks a server of its own one question, answers
// it once more from its cache, and ends; the client as a lookup that a try-out answers, of `main.js` in the folder above.
const { spawn } = require('node:child_process')
const { createSocket } = require('node:dgram')
const fs = require('node:fs')
const { createRequire } = require('node:module')
const { tmpdir } = require('node:os')
const { basename, dirname, join, resolve } = require('node:path')
const { setFlagsFromString } = require('node:v8')
const { Script } = require('node:vm')

const { mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } = fs
const [program, cache] = process.argv.slice(2)
const filename = resolve(program)
const QUESTION = Buffer.from('00010100000100000000000003777777076578616d706c6503636f6d0000010001', 'hex') // www.example.com A
const RECORD = Buffer.from('c00c0001000100000e100004c0000201', 'hex') // of the question's name: A 192.0.2.1 for an hour
const HEADER = 12
const TRY_OUT = ['tsresolved', '--try-out', '--user=root']
const isDaemon = basename(dirname(filename)) !== 'cli'
const folder = mkdtempSync(join(tmpdir(), 'tsresolved-cache-'))
const server = createSocket('udp4', (query, { port, address }) => server.send(answer(query), port, address))

process.env.DBUS_SYSTEM_BUS_ADDRESS = 'unix:path=/nonexistent'
process.stdout.write = () => true
process.stderr.write = () => true
fs.writeSync = (fd, bytes, ...rest) => {
  if (fd !== 2) return writeSync(fd, bytes, ...rest)
  const port = /is ready, answering on 127\.0\.0\.1 port (\d+)/.exec(bytes)?.[1]
  if (port !== undefined) setImmediate(askTwiceAndEnd, Number(port))
  return bytes.length
}
const script = new Script(readFileSync(filename, 'latin1'), { filename })
process.on('exit', () => {
  setFlagsFromString('--flush-bytecode') // V8 refuses a cache that was made with other flags than it starts with
  writeFileSync(cache, script.createCachedData())
  rmSync(folder, { recursive: true })
  process.exitCode = 0 // that nobody answered is as it should be
})
setTimeout(() => process.exit(), 20_000).unref() // what was compiled until then is of use too
server.on('error', () => run(TRY_OUT)) // there is no loopback where images are built: nobody can ask then
if (isDaemon) server.unref().bind(0, '127.0.0.1', runDaemon)
else runClient()

function runDaemon() {
  const config = join(folder, 'resolved.conf')
  writeFileSync(config, `[Resolve]\nDNS=127.0.0.1:${server.address().port}\nDomains=~.\nFallbackDNS=\nCacheFromLocalhost=yes\n`)
  run([...TRY_OUT, `--config=${config}`])
}

function runClient() {
  const [, ...options] = TRY_OUT
  const daemon = spawn(process.execPath, [resolve(filename, '../../main.js'), ...options], { stdio: ['ignore', 'ignore', 'pipe'] })
  process.on('exit', () => daemon.kill())
  let log = ''
  daemon.stderr.on('data', (text) => {
    log += text
    const directory = /--runtime-dir=\S+/.exec(log)?.[0]
    if (directory === undefined) return
    daemon.stderr.destroy()
    daemon.unref()
    run(['tsresolvectl', directory, 'query', 'localhost'])
  })
  daemon.stderr.once('end', () => run(['tsresolvectl', '--runtime-dir=/nonexistent', 'query', 'localhost'])) // it did not start
}

function run(argv) {
  process.argv = [process.execPath, ...argv]
  script.runInThisContext()(createRequire(filename), filename)
}

/** The question, the record, and what followed: how the server does EDNS. */
function answer(query) {
  const end = query.indexOf(0, HEADER) + 5
  const reply = Buffer.concat([query.subarray(0, end), RECORD, query.subarray(end)])
  reply.writeUInt16BE(0x8180, 2) // QR, RD, RA
  reply.writeUInt16BE(1, 6) // answers
  return reply
}

function askTwiceAndEnd(port) {
  let left = 2
  const socket = createSocket('udp4', () => (--left > 0 ? ask() : end()))
  const timer = setTimeout(end, 1000)
  ask()
  function ask() {
    socket.send(QUESTION, port, '127.0.0.1')
  }
  function end() {
    clearTimeout(timer)
    socket.close()
    process.emit('SIGTERM', 'SIGTERM')
  }
}
