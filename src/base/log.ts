/** syslog's severities, most severe first; their place in the list is their number. */
export const LOG_LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** A line, or how to make it when its level is on. */
export type LogText = string | (() => string)

/** Lines for the administrator. Name the link and the server a line is about. */
export interface Log {
  error(text: LogText): void
  warning(text: LogText): void
  notice(text: LogText): void
  info(text: LogText): void
  debug(text: LogText): void
  /** Something that should be impossible happened: logged with its stack, and the daemon goes on. */
  bug(error: unknown): void
}

/** Passes lines at or above `level` to `write`; the level may change while running. */
export class Logger implements Log {
  level: LogLevel
  readonly #write: (level: LogLevel, line: string) => void

  constructor(level: LogLevel, write: (level: LogLevel, line: string) => void) {
    this.level = level
    this.#write = write
  }

  error(text: LogText): void {
    this.#log('err', text)
  }
  warning(text: LogText): void {
    this.#log('warning', text)
  }
  notice(text: LogText): void {
    this.#log('notice', text)
  }
  info(text: LogText): void {
    this.#log('info', text)
  }
  debug(text: LogText): void {
    this.#log('debug', text)
  }
  bug(error: unknown): void {
    this.#log('err', `Internal error, please report it: ${error instanceof Error ? error.stack : String(error)}`)
  }

  #log(level: LogLevel, text: LogText): void {
    if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(this.level)) return
    this.#write(level, typeof text === 'string' ? text : text())
  }
}

/** What an error says, without its stack: for lines that people read. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
