import { spawnSync } from 'node:child_process'
import type { Context } from '../command/context.ts'

/** Prints `text`, through a pager when someone is watching and has not declined it (C-4). */
export function printPaged(text: string, { options, screen }: Pick<Context, 'options' | 'screen'>): void {
  const wantsPager = screen.isTerminal && options.pager && !DUMB.has(process.env.TERM ?? '')
  if (!wantsPager || !pagerCommands().some((command) => runPager(command, text))) screen.print(text)
}

/** Terminals on which `less` asks for leave first. */
const DUMB: ReadonlySet<string> = new Set(['', 'dumb', 'unknown'])

/** The user's choice, empty or `cat` for none; else what most machines have. */
function pagerCommands(): readonly string[] {
  const chosen = process.env.SYSTEMD_PAGER ?? process.env.PAGER
  if (chosen === undefined) return ['less', 'more']
  return chosen === '' || chosen === 'cat' ? [] : [chosen]
}

/** False when there is no such command. `less` leaves at once when all fits on the screen, and lets colours through. */
function runPager(command: string, text: string): boolean {
  const env = { ...process.env, LESS: process.env.SYSTEMD_LESS ?? process.env.LESS ?? 'FRSXMK' }
  const { error, status } = spawnSync('sh', ['-c', `exec ${command}`], {
    input: `${text}\n`,
    stdio: ['pipe', 'inherit', 'inherit'],
    env,
  })
  return error === undefined && status !== COMMAND_NOT_FOUND
}

/** What a shell exits with then. */
const COMMAND_NOT_FOUND = 127
