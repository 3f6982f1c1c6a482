/** Says `ready`, then each real-time signal it is told of, until its standard input ends. */
import { openSync } from 'node:fs'
import { Logger } from '../../../src/base/index.ts'
import { Libc, RealTimeSignals } from '../../../src/sys/index.ts'

const warnings: string[] = []
const log = new Logger('warning', (level, line) => warnings.push(`${level} ${line}`))
const say = (line: string) => void process.stdout.write(`${line}\n`)
const libc = Libc.load(log)
const first = libc?.call('__libc_current_sigrtmin') ?? 0

if (process.argv.includes('--taken')) while (openSync('/dev/null', 'r') < first + 1);
const signals = RealTimeSignals.take(libc, log, new Map([1, 18].map((n) => [n, (value) => say(`${n} ${value}`)])))
if (signals === undefined) throw new Error('nothing was taken')

if (process.argv.includes('--busy')) compute()
process.stdin.resume().once('end', () => signals[Symbol.dispose]())
say('ready')
for (const warning of warnings) say(warning)

/** Machine code of V8's, garbage, and calls into the C library. */
function compute(): void {
  const garbage = Array.from({ length: 20_000 }, (_, i) => ({ i, text: String(Math.sqrt(i)) }))
  libc?.call('clock_gettime', 1, new BigInt64Array(2))
  if (garbage.length > 0 && !process.stdin.readableEnded) setImmediate(compute)
}
