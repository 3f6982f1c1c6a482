/**
 * Folder `completion/`: scripts for bash, fish and zsh, made from the same table as `--help`, so that they cannot
 * differ from what is parsed. Verbs come in, text goes out; link names and the like are completed by the script when it
 * runs.
 */
import { bashScript } from './bash.ts'
import { fishScript } from './fish.ts'
import { zshScript } from './zsh.ts'
import { CliError } from '../command/cli-error.ts'
import type { Verb } from '../command/verb.ts'

/**
 * A shell's completion script, made from the tables of verbs and options. @throws {CliError} for a shell that has none
 */
export function completionScript(shell: string, verbs: readonly Verb[]): string {
  const make = SCRIPTS.get(shell)
  if (make !== undefined) return make(verbs)
  throw new CliError(`No completion for "${shell}"; there is one for ${[...SCRIPTS.keys()].join(', ')}.`)
}

const SCRIPTS: ReadonlyMap<string, (verbs: readonly Verb[]) => string> = new Map([
  ['bash', bashScript],
  ['zsh', zshScript],
  ['fish', fishScript],
])
