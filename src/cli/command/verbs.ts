/**
 * Folder `command/`: the command line as data and its parser. Words come in; out come `Options`, a verb and its words,
 * or a usage error that says what was meant. It runs nothing and asks nobody: the verbs' code is loaded only when it is
 * called.
 */
import { LOG_LEVELS } from '../../base/index.ts'
import type { VerbRun } from './context.ts'
import type { Completes, Verb } from './verb.ts'

const MANY = Number.POSITIVE_INFINITY
/** Those that shells offer; there are thousands. */
const SERVICE_TYPES = [
  '_http._tcp',
  '_ipp._tcp',
  '_ssh._tcp',
  '_sftp-ssh._tcp',
  '_smb._tcp',
  '_airplay._tcp',
  '_googlecast._tcp',
  '_workstation._tcp',
]
const RESOLVE_MODES = ['yes', 'no', 'resolve']

/** The one table behind parsing, `--help` and completion. */
// biome-ignore format: a table reads better in rows
export const VERBS: readonly Verb[] = [
  verb('query', 'HOSTNAME|ADDRESS...', 1, MANY, 'Resolve domain names, IPv4 and IPv6 addresses', async () => (await import('../query/query.ts')).query),
  verb('why', 'NAME|ADDRESS', 1, 1, 'Explain how a name is resolved: sources, scopes, cache, servers', async () => (await import('../diagnose/why.ts')).why),
  verb('doctor', '', 0, 0, 'Find what is wrong with name resolution, and how to repair it', async () => (await import('../diagnose/doctor.ts')).doctor),
  verb('top', '', 0, 0, 'Show links and questions live on the whole terminal', async () => (await import('../watch/top.ts')).top),
  verb('service', '[[NAME] TYPE] DOMAIN', 1, 3, 'Resolve service (SRV)', async () => (await import('../query/service.ts')).service),
  verb('browse', '[TYPE [DOMAIN]]', 0, 2, 'Show services of neighbours live', async () => (await import('../watch/browse.ts')).browse, SERVICE_TYPES),
  verb('openpgp', 'EMAIL@DOMAIN...', 1, MANY, 'Query OpenPGP public key', async () => (await import('../query/key-verbs.ts')).openpgp),
  verb('tlsa', '[FAMILY] DOMAIN[:PORT]...', 1, MANY, 'Query TLS public key', async () => (await import('../query/key-verbs.ts')).tlsa, ['tcp', 'udp', 'sctp']),
  verb('status', '[LINK...]', 0, MANY, 'Show link and server status', async () => (await import('../settings/status.ts')).status),
  verb('statistics', '', 0, 0, 'Show resolver statistics', async () => (await import('../inspect/statistics.ts')).statistics),
  verb('reset-statistics', '', 0, 0, 'Reset resolver statistics', async () => (await import('../inspect/statistics.ts')).resetStatistics),
  verb('flush-caches', '', 0, 0, 'Flush all local DNS caches', async () => (await import('../inspect/maintenance.ts')).flushCaches),
  verb('reset-server-features', '', 0, 0, 'Forget learnt DNS server feature levels', async () => (await import('../inspect/maintenance.ts')).resetServerFeatures),
  verb('monitor', '', 0, 0, 'Monitor DNS queries', async () => (await import('../watch/monitor.ts')).monitor),
  verb('show-cache', '', 0, 0, 'Show cache contents', async () => (await import('../inspect/cache-dump.ts')).showCache),
  verb('show-server-state', '', 0, 0, 'Show servers state', async () => (await import('../inspect/server-state.ts')).showServerState),
  verb('dns', '[LINK [SERVER...]]', 0, MANY, 'Get/set per-interface DNS server address', () => setting('dns')),
  verb('domain', '[LINK [DOMAIN...]]', 0, MANY, 'Get/set per-interface search domain', () => setting('domain')),
  verb('default-route', '[LINK [BOOL]]', 0, 2, 'Get/set per-interface default route flag', () => setting('default-route'), ['yes', 'no', 'auto']),
  verb('llmnr', '[LINK [MODE]]', 0, 2, 'Get/set per-interface LLMNR mode', () => setting('llmnr'), RESOLVE_MODES),
  verb('mdns', '[LINK [MODE]]', 0, 2, 'Get/set per-interface MulticastDNS mode', () => setting('mdns'), RESOLVE_MODES),
  verb('dnsovertls', '[LINK [MODE]]', 0, 2, 'Get/set per-interface DNS-over-TLS mode', () => setting('dnsovertls'), ['yes', 'no', 'opportunistic']),
  verb('dnssec', '[LINK [MODE]]', 0, 2, 'Get/set per-interface DNSSEC mode', () => setting('dnssec'), ['yes', 'no', 'allow-downgrade']),
  verb('nta', '[LINK [DOMAIN...]]', 0, MANY, 'Get/set per-interface DNSSEC NTA', () => setting('nta')),
  verb('revert', 'LINK', 0, 1, 'Revert per-interface configuration', async () => (await import('../settings/setting-verbs.ts')).revert),
  verb('log-level', '[LEVEL]', 0, 1, 'Get/set logging threshold of the resolver', async () => (await import('../inspect/maintenance.ts')).logLevel, LOG_LEVELS),
  verb('completion', 'SHELL', 1, 1, 'Print completion script for bash, zsh or fish', loadCompletion, ['bash', 'zsh', 'fish']),
]

export const DEFAULT_VERB = 'status'

/** @returns undefined for a word that is no verb; `help` is handled before. */
export function findVerb(name: string): Verb | undefined {
  return VERBS.find((candidate) => candidate.name === name)
}

function verb(
  name: string,
  usage: string,
  least: number,
  most: number,
  help: string,
  load: () => Promise<VerbRun>,
  words: readonly string[] = [],
): Verb {
  return { name, usage, help, least, most, load, completes: { links: linksIn(usage), words } }
}

function linksIn(usage: string): Completes['links'] {
  if (!usage.includes('LINK')) return 'none'
  return usage.includes('LINK...') ? 'each' : 'first'
}

async function setting(
  name: Parameters<typeof import('../settings/setting-verbs.ts').settingVerb>[0],
): Promise<VerbRun> {
  return (await import('../settings/setting-verbs.ts')).settingVerb(name)
}

/** Made here, from the table itself. */
async function loadCompletion(): Promise<VerbRun> {
  const { completionScript } = await import('../completion/completion.ts')
  return async ([shell], { screen }) => {
    screen.print(completionScript(shell!, VERBS))
    return 0
  }
}
