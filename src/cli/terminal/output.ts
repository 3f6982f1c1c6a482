import { type AnswerLine, legendLines, linkRemark } from '../query/answer-lines.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context } from '../command/context.ts'
import { formatJson } from './layout.ts'
import { type Provenance, provenanceLines, sourceText } from '../query/provenance.ts'

/** One JSON value, in the form that `--json=` or `-j` asks for. */
export function printJson(value: unknown, { options, screen }: Context): void {
  const isPretty = options.json === 'auto' ? screen.isTerminal : options.json === 'pretty'
  screen.print(formatJson(value, isPretty ? 'pretty' : 'short'))
}

/** Lines with their links, then the legend (C-Q-2, C-Q-6), then what the daemon says of where it comes from. */
export function printAnswer(
  lines: readonly AnswerLine[],
  { flags, provenance }: { readonly flags: number; readonly provenance?: Provenance | undefined },
  elapsed: number,
  context: Context,
): void {
  const { screen, links } = context
  for (const line of lines) {
    const remark = linkRemark(line, (ifindex) => links.nameOf(ifindex))
    screen.print(line.text + screen.paint('grey', remark))
  }
  printLegend(flags, elapsed, context)
  if (provenance !== undefined) printProvenance(provenance, context)
}

/** All of it with `--explain`; else, to people who watch, one line below the legend. */
export function printProvenance(provenance: Provenance, { options, screen }: Context): void {
  const now = Date.now() * 1000
  if (options.explain) screen.print(['', ...provenanceLines(provenance, now)].join('\n'))
  else if (screen.isTerminal && options.legend) screen.print(`-- Source: ${sourceText(provenance, now)}`)
}

/** Binary data would only upset a terminal (C-Q-13). */
export function refuseTerminal({ screen }: Context): void {
  if (screen.isTerminal) throw new CliError('Refusing to write binary data to tty.')
}

function printLegend(flags: number, elapsed: number, { options, screen }: Context): void {
  const lines = options.legend ? legendLines(flags, elapsed) : []
  if (lines.length > 0) screen.print(['', ...lines].join('\n'))
}
