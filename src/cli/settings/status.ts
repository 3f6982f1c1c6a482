/**
 * Folder `settings/`: what is configured, globally, per link and per delegate (`status` and its short forms), and the
 * verbs that set it. `read-configuration.ts` brings both interfaces into one form, `configuration-text.ts` prints it.
 * Limits and rights are the daemon's.
 */
import { blockForPeople, headingOf, statusLines } from './configuration-text.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context, VerbRun } from '../command/context.ts'
import type { DnsConfiguration } from './dns-configuration.ts'
import type { HostLink } from '../client/host-links.ts'
import { originLines, originsOf, readOrigins, type SettingOrigin } from './origins.ts'
import { type LinkState, linkStateLines } from './link-state.ts'
import { printPaged } from '../terminal/pager.ts'
import { printJson } from '../terminal/output.ts'
import { readConfiguration } from './read-configuration.ts'
import { doubtLines, encryptionLines, readScopeServers, type ScopeServers } from './server-doubts.ts'

/**
 * Global, links, delegates; or only the links named (C-S-1). As in the original, a link that does not exist is said and
 * skipped.
 */
export const status: VerbRun = async (words, context) => {
  const { options } = context
  const known = words.flatMap((word) => findLink(word, context) ?? [])
  const wanted =
    words.length === 0 ? { global: true, delegates: true } : { links: known, global: false, delegates: false }
  const [blocks, origins, servers] = await Promise.all([
    readConfiguration(wanted, context),
    readOrigins(context),
    readScopeServers(context),
  ])
  if (options.json !== 'off') printJson(origins === undefined ? blocks : blocks.map(withOrigins(origins)), context)
  else if (blocks.length > 0) {
    const texts = blocks.map((block) => blockText(block, originsOf(block, origins), servers, context))
    printPaged(texts.join('\n\n'), context)
  }
  return 0
}

/** JSON of links that somebody configured says who did. */
function withOrigins(all: readonly SettingOrigin[]): (block: DnsConfiguration) => DnsConfiguration {
  return (block) => {
    const origins = originsOf(block, all)
    return origins.length === 0 ? block : { ...block, origins }
  }
}

function blockText(
  block: DnsConfiguration,
  origins: readonly SettingOrigin[],
  servers: readonly (ScopeServers & LinkState)[],
  { screen, links }: Context,
): string {
  const lines = statusLines(blockForPeople(block, screen), screen.columns, (ifindex) => links.nameOf(ifindex))
  const owners = originLines(origins, screen.columns, Date.now() * 1000)
  const state = linkStateLines(block, servers, screen.columns)
  const doubts = doubtLines(block, servers, screen.columns)
  const encryption = encryptionLines(block, servers, screen.columns)
  return [screen.paint('bold', headingOf(block)), ...lines, ...state, ...encryption, ...doubts, ...owners].join('\n')
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
