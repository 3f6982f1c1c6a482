import { LOG_LEVELS, type LogLevel } from '../base/index.ts'

/** What the value of SIGRTMIN+18 asks for, as of all daemons of systemd. */
export type ControlCommand =
  | { readonly kind: 'log-level'; readonly level: LogLevel }
  | { readonly kind: 'trim-memory' }
  | { readonly kind: 'memory-use' }
  | { readonly kind: 'unknown'; readonly text: string }

const LOG_LEVEL_BASE = 0x100
const TRIM_MEMORY = 0x300
const MEMORY_USE = 0x301

/** `kill -s RTMIN+18 -q VALUE PID`; undefined when no value came with it, or when it is not known. */
export function controlCommand(value: number | undefined): ControlCommand {
  if (value === undefined) return { kind: 'unknown', text: 'without a value' }
  const level = LOG_LEVELS[value - LOG_LEVEL_BASE]
  if (level !== undefined) return { kind: 'log-level', level }
  if (value === TRIM_MEMORY) return { kind: 'trim-memory' }
  if (value === MEMORY_USE) return { kind: 'memory-use' }
  return { kind: 'unknown', text: `with value ${value}` }
}
