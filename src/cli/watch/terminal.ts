import { emitKeypressEvents } from 'node:readline'
import ansi from 'ansi-escapes'
import { asciiSigns, isUtf8Locale } from '../terminal/glyphs.ts'
import type { Line, Size } from './top-view.ts'

export interface TerminalEvents {
  /** The name of a key, such as `q`, `up` or `space`; `c-c` for Control-C. */
  onKey(key: string): void
  onResize(): void
}

const STYLES = { bold: '1', grey: '90', red: '31', green: '32', inverse: '7' } as const
const LEAVING = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const

/** The whole terminal, until disposed: then it is as it was, whichever way the program ends. */
export class Terminal implements Disposable {
  readonly #events: TerminalEvents
  readonly #signs = isUtf8Locale(process.env) ? (text: string) => text : asciiSigns
  readonly #isColoured = (process.env.NO_COLOR ?? '') === ''
  #isOpen = true
  readonly #onKey = (text: string | undefined, key: { name?: string; ctrl?: boolean } | undefined): void => {
    const name = key?.name ?? text ?? ''
    if (key?.ctrl === true && name === 'z') return this.#suspend()
    this.#events.onKey(key?.ctrl === true ? `c-${name}` : name)
  }
  readonly #onResize = (): void => this.#events.onResize()
  readonly #restore = (): void => this[Symbol.dispose]()
  readonly #leave = (signal: NodeJS.Signals): void => {
    this[Symbol.dispose]()
    process.kill(process.pid, signal) // with our handler gone, it ends the program as it would have
  }

  /** Stopped by Control-Z or SIGTSTP, the terminal is the shell's; continued, ours again, and drawn anew. */
  readonly #suspend = (): void => {
    this.#giveBack()
    process.off('SIGTSTP', this.#suspend)
    process.once('SIGCONT', this.#resume)
    process.kill(process.pid, 'SIGTSTP') // with our handler gone, it stops the program as it would have
  }
  readonly #resume = (): void => {
    if (!this.#isOpen) return
    this.#take()
    this.#events.onResize()
  }

  constructor(events: TerminalEvents) {
    this.#events = events
    process.on('exit', this.#restore)
    for (const signal of LEAVING) process.once(signal, this.#leave)
    emitKeypressEvents(process.stdin)
    process.stdin.on('keypress', this.#onKey)
    process.stdout.on('resize', this.#onResize)
    process.stdout.on('error', () => process.exit(1)) // the terminal is gone
    this.#take()
  }

  #take(): void {
    process.on('SIGTSTP', this.#suspend)
    process.stdin.setRawMode(true)
    process.stdin.resume()
    process.stdout.write(ansi.enterAlternativeScreen + ansi.cursorHide + ansi.clearViewport)
  }

  #giveBack(): void {
    process.stdout.write(ansi.cursorShow + ansi.exitAlternativeScreen)
    process.stdin.setRawMode(false)
    process.stdin.pause()
  }

  get size(): Size {
    return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }
  }

  /** Draws over what is there, without flicker. */
  draw(lines: readonly Line[]): void {
    if (!this.#isOpen) return
    const text = lines.map((line) => line.map((piece) => this.#styled(piece)).join('') + ansi.eraseEndLine)
    process.stdout.write(ansi.cursorTo(0, 0) + text.join('\r\n') + ansi.eraseDown)
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    process.stdin.off('keypress', this.#onKey)
    process.stdout.off('resize', this.#onResize)
    process.off('exit', this.#restore)
    for (const signal of LEAVING) process.off(signal, this.#leave)
    process.off('SIGTSTP', this.#suspend)
    process.off('SIGCONT', this.#resume)
    this.#giveBack()
  }

  /** What is selected is inverse also where colours are not wanted. */
  #styled({ text: signs, style }: Line[number]): string {
    const text = this.#signs(signs)
    if (style === undefined || (!this.#isColoured && style !== 'inverse' && style !== 'bold')) return text
    return `\x1b[${STYLES[style]}m${text}\x1b[0m`
  }
}
