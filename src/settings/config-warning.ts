/** Text that cannot be used as a setting. `part` is the piece of it that is wrong, as it was written. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
  readonly part: string

  constructor(message: string, part: string) {
    super(message)
    this.part = part
  }
}

/** Something in a file that was passed over, and what to do about it. The rest of the file still counts. */
export interface ConfigWarning {
  readonly file: string
  /** Counted from 1; undefined when the file as a whole is meant. */
  readonly line: number | undefined
  /** The key whose value it is about. */
  readonly key: string | undefined
  readonly message: string
}

/** One line for the log: `file:line: Key=: message`. */
export function warningText({ file, line, key, message }: ConfigWarning): string {
  return `${file}${line === undefined ? '' : `:${line}`}: ${key === undefined ? '' : `${key}=: `}${message}`
}

/** How a parser reports one thing it passes over; its caller knows file, line and key. */
export type Report = (message: string) => void

/** Runs `parse`; a `SettingError` goes to `report` and gives undefined, anything else is a bug and passes through. */
export function orReport<T>(report: Report, parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof SettingError)) throw error
    report(error.message)
    return undefined
  }
}

/** A file's text, with the path that messages name it by. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}
