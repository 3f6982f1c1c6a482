import { writeSync } from 'node:fs'
import { LOG_LEVELS, type LogLevel, printableLines } from '../base/index.ts'
import { SourcePlaces } from './source-places.ts'

/**
 * Lines go to standard error: for the journal with the level as sd-daemon(3) marks it, for people with time and level. What
 * would steer a terminal is replaced here, for whatever names and texts of others a line holds.
 */
export function logWriter(
  environment: NodeJS.ProcessEnv,
  writeNow: WriteNow = writeSync,
): (level: LogLevel, line: string) => void {
  const places = new SourcePlaces()
  const write = standardError(writeNow)
  const readable = (line: string) => printableLines(line.includes('\n    at ') ? places.inText(line) : line)
  if (environment.JOURNAL_STREAM !== undefined) {
    return (level, line) => {
      write(`<${LOG_LEVELS.indexOf(level)}>${readable(line).replaceAll('\n', '\n ')}\n`)
    }
  }
  return (level, line) => write(`${new Date().toISOString()} ${level}: ${readable(line)}\n`)
}

const STANDARD_ERROR = 2

/** As `writeSync` of node:fs. */
type WriteNow = (fd: number, bytes: Buffer) => number

/**
 * Writes at once, as Node's stream does here, which takes a twentieth of a start to load. That one takes over for good where
 * whoever reads is too slow and has made the descriptor non-blocking: it keeps what could not be written.
 */
function standardError(writeNow: WriteNow): (text: string) => void {
  let hasStream = false
  return (text) => {
    const left = hasStream ? Buffer.from(text) : notWritten(writeNow, Buffer.from(text))
    if (left.length === 0) return
    if (!hasStream) process.stderr.on('error', () => {}) // saying that nobody reads any more would only fail again
    hasStream = true
    process.stderr.write(left)
  }
}

/** What is left to write. */
function notWritten(writeNow: WriteNow, bytes: Buffer): Buffer {
  try {
    return bytes.subarray(writeNow(STANDARD_ERROR, bytes))
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? bytes : Buffer.alloc(0) // whoever read the log is gone
  }
}
