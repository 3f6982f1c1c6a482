import { headingOf, statusLines } from './configuration-text.ts'
import { CliError } from './cli-error.ts'
import type { Context, VerbRun } from './context.ts'
import type { DnsConfiguration } from './dns-configuration.ts'
import type { HostLink } from './host-links.ts'
import { printPaged } from './pager.ts'
import { printJson } from './output.ts'
import { readConfiguration } from './read-configuration.ts'

/** Global, links, delegates; or only the links named (C-S-1). A link that does not exist is said and skipped. */
export const status: VerbRun = async (words, context) => {
  const { options } = context
  const named = context.ifindex > 0 ? [String(context.ifindex), ...words] : words
  const known = named.flatMap((word) => findLink(word, context) ?? [])
  const isAll = named.length === 0
  const wanted = isAll ? { global: true, delegates: true } : { links: known, global: false, delegates: false }
  const blocks = await readConfiguration(wanted, context)
  if (options.json !== 'off') printJson(blocks, context)
  else if (blocks.length > 0) {
    const texts = blocks.map((block) => blockText(block, context))
    printPaged(texts.join('\n\n'), context)
  }
  return known.length < named.length ? 1 : 0
}

function blockText(block: DnsConfiguration, { screen, links }: Context): string {
  const lines = statusLines(block, screen.columns, (ifindex) => links.nameOf(ifindex))
  return [screen.paint('bold', headingOf(block)), ...lines].join('\n')
}

function findLink(word: string, { links, screen }: Context): HostLink | undefined {
  try {
    return links.find(word)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    screen.note(`Failed to resolve interface "${word}", ignoring: No such device`)
    return undefined
  }
}
