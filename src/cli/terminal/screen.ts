/**
 * Folder `terminal/`: how text reaches people: colours, tables, paging, glyphs, JSON. Rows, lines and values
 * come in; nothing here asks the daemon. Tests give a `Screen` of their own.
 */
import type { Libc } from '../../sys/index.ts'
import { errnoText } from '../client/errno-text.ts'
import { isUtf8Locale } from './glyphs.ts'
import { StandardStream } from './standard-stream.ts'

/** Where results and remarks go. */
export interface Screen {
  readonly isTerminal: boolean
  /** Width for wrapping; 80 when the output is not a terminal (C-4). */
  readonly columns: number
  /** For people: names of other scripts are shown as what they stand for. */
  readonly showsUnicode: boolean
  /** A result: one or more lines, without the last line end. */
  print(text: string): void
  /** A result that is not text. */
  write(bytes: Uint8Array): void
  /** An error or a note: never among the results (C-3). */
  note(text: string): void
  /** Colours what is printed; plain where colours are not wanted. */
  paint(style: Style, text: string): string
  /** As `paint`, for notes. */
  paintNote(style: Style, text: string): string
}
export type Style = 'bold' | 'grey' | 'red'

const CODES: Readonly<Record<Style, number>> = { bold: 1, grey: 90, red: 31 }

/** Standard output and error. Colours only on a terminal, and never with NO_COLOR or TERM=dumb. */
export class ProcessScreen implements Screen {
  readonly isTerminal: boolean
  readonly columns: number
  readonly showsUnicode: boolean
  readonly #out: StandardStream
  readonly #notes: StandardStream

  constructor(libc: Libc | undefined) {
    this.#out = new StandardStream(1, libc, (error) => this.#end(error))
    this.#notes = new StandardStream(2, libc, () => {}) // whom could it be told?
    this.isTerminal = this.#out.isTerminal
    this.columns = this.#out.columns ?? 80
    this.showsUnicode = this.isTerminal && isUtf8Locale(process.env)
  }

  print(text: string): void {
    this.#out.write(Buffer.from(`${harmless(text)}\n`))
  }

  write(bytes: Uint8Array): void {
    this.#out.write(bytes)
  }

  note(text: string): void {
    this.#notes.write(Buffer.from(`${harmless(text)}\n`))
  }

  paint(style: Style, text: string): string {
    return wantsColour(this.#out) ? colour(style, text) : text
  }

  paintNote(style: Style, text: string): string {
    return wantsColour(this.#notes) ? colour(style, text) : text
  }

  /** A reader that has seen enough (`| head`) is no failure of ours. */
  #end(error: NodeJS.ErrnoException): never {
    if (error.code !== 'EPIPE') this.note(`Failed to write: ${errnoText(error)}`)
    process.exit(error.code === 'EPIPE' ? 0 : 1)
  }
}

/** Control characters of strangers, such as those of an escape sequence or of direction, become `?`; our own colours and line ends stay. */
export function harmless(text: string): string {
  return text.replace(STRANGE, (found) => {
    const isOurs = found.startsWith('\n') || found.startsWith('\t') || (found.startsWith('\x1b') && found.length > 1)
    return isOurs ? found : `?${found.slice(1)}`
  })
}

/** `\p{Cc}` and `\p{Bidi_Control}`, written out, as V8 loads its tables of properties for long; and what makes it a colour of ours. */
// oxlint-disable-next-line no-control-regex -- to find control characters is the purpose
const STRANGE = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069](?:\[(?:0|1|31|90)m)?/g

function wantsColour(stream: StandardStream): boolean {
  return stream.isTerminal && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb'
}

function colour(style: Style, text: string): string {
  return text === '' ? text : `\x1b[${CODES[style]}m${text}\x1b[0m`
}
