import { basename } from 'node:path'
import { printable } from '../base/index.ts'

/** `comm` of what runs programs of others: of Node it is the name of its main thread since version 24. */
const INTERPRETER = /^(?:node|nodejs|MainThread|python[\d.]*|perl[\d.]*|ruby[\d.]*|bash|dash|sh|zsh)$/
/** Options behind which the program itself stands on the command line, or a module: `-c`, `-e`, `-m`, `-r`. */
const TAKES_TEXT = /^-[a-z]*[cemr]$/
const MAX_LENGTH = 64

/**
 * What a user calls the program: of an interpreter the script that it runs, without its folder. `comm` and `cmdline` as
 * /proc has them; both are the process's own words.
 */
export function programName(comm: string, cmdline: string): string {
  const name = comm.trim()
  if (!INTERPRETER.test(name)) return printable(name)
  const words = cmdline.split('\0').slice(1)
  const at = words.findIndex((word) => !word.startsWith('-'))
  const script = basename(words[at] ?? '')
  const isText = words.slice(0, Math.max(0, at)).some((word) => TAKES_TEXT.test(word))
  return printable(script === '' || isText ? name : script.slice(0, MAX_LENGTH))
}
