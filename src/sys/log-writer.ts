import { LOG_LEVELS, type LogLevel, printableLines } from '../base/index.ts'
import { SourcePlaces } from './source-places.ts'

/**
 * Lines go to standard error: for the journal with the level as sd-daemon(3) marks it, for people with time and level. What
 * would steer a terminal is replaced here, for whatever names and texts of others a line holds.
 */
export function logWriter(environment: NodeJS.ProcessEnv): (level: LogLevel, line: string) => void {
  const places = new SourcePlaces()
  const readable = (line: string) => printableLines(line.includes('\n    at ') ? places.inText(line) : line)
  if (environment.JOURNAL_STREAM !== undefined) {
    return (level, line) => {
      process.stderr.write(`<${LOG_LEVELS.indexOf(level)}>${readable(line).replaceAll('\n', '\n ')}\n`)
    }
  }
  return (level, line) => void process.stderr.write(`${new Date().toISOString()} ${level}: ${readable(line)}\n`)
}
