/**
 * `tsresolvectl`, also called as `resolvconf` and `systemd-resolve` (resolvectl.md §1). This file goes from arguments
 * to exit code; the rest is in folders by what a person does:
 *
 * - `command/` words, options and help · `client/` bus, varlink and links of this machine · `terminal/` printing
 * - `query/` lookups · `settings/` status and setters · `inspect/` dumps and resets · `watch/` what goes on
 * - `diagnose/` `why` and `doctor` · `resolvconf/` the other personality · `completion/` for shells
 *
 * All that it knows comes from the daemon's interfaces, checked by their descriptions (`dbus`, `varlink-idl`), and from
 * /sys/class/net. It decides nothing about names, and imports no room of the daemon but `base`, `wire` and `sys`. A verb is a
 * row in `command/verbs.ts` and a function that gets its words and a `Context`.
 */
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Lifetime } from '../base/index.ts'
import { Libc } from '../sys/index.ts'
import { FormError } from '../wire/index.ts'
import { adviceOn } from './client/advice.ts'
import type { BusClient } from './client/bus-client.ts'
import { BusUnused } from './client/bus-errors.ts'
import { connectToBus } from './client/system-bus.ts'
import { RUNTIME_DIRECTORY, VarlinkClient } from './client/varlink-client.ts'
import { CliError } from './command/cli-error.ts'
import type { Context } from './command/context.ts'
import { helpText, listText, verbHelpText } from './command/help.ts'
import { type HostLinks, SysfsLinks } from './client/host-links.ts'
import { DEFAULT_OPTIONS, type Options } from './command/options.ts'
import { parseArguments } from './command/parse-arguments.ts'
import { printPaged } from './terminal/pager.ts'
import { PROGRAM } from './command/program.ts'
import { ProcessScreen } from './terminal/screen.ts'
import { didYouMean } from './command/suggestion.ts'
import type { Verb } from './command/verb.ts'
import { DEFAULT_VERB, findVerb, VERBS } from './command/verbs.ts'

/** Without it all works as well, and starts later. */
const libc = Libc.load()
const screen = new ProcessScreen(libc)
/** By the name the program is called by, as a symbolic link (resolvectl.md §1). */
const PERSONALITIES: ReadonlyMap<string, (argv: readonly string[]) => Promise<number>> = new Map([
  ['resolvconf', runAsResolvconf],
  ['systemd-resolve', runAsOld],
])
void run(process.argv.slice(2)).then((code) => (process.exitCode = code))

/** From arguments to exit code (C-2): everything that goes wrong in a known way is a message on stderr. */
async function run(argv: readonly string[]): Promise<number> {
  try {
    const name = basename(process.argv[1] ?? '')
    const runAs = PERSONALITIES.get(name) ?? runAsCtl
    process.title = runAs === runAsCtl ? PROGRAM : name // for ps, and the daemon, which tells who set what
    return await runAs(argv)
  } catch (error) {
    if (!(error instanceof CliError) && !(error instanceof FormError)) throw error
    screen.note(error instanceof FormError ? `Received a malformed record: ${error.message}` : error.message)
    const advice = adviceOn(error)
    if (advice !== undefined) screen.note(advice)
    return 1
  }
}

async function runAsCtl(argv: readonly string[]): Promise<number> {
  const { options, words } = parseArguments(argv)
  const [name = DEFAULT_VERB, ...rest] = words
  if (name === 'help') return show(options, rest[0])
  if (options.show !== undefined) return show(options, words[0])
  return withContext(options, await workOf(name, rest))
}

/** One verb after the other, until one fails. */
async function runAsOld(argv: readonly string[]): Promise<number> {
  const { parseOldArguments, OLD_HELP } = await import('./command/old-arguments.ts')
  const { options, calls } = parseOldArguments(argv)
  if (options.show === 'help') screen.print(OLD_HELP)
  if (options.show !== undefined) return options.show === 'help' ? 0 : show(options)
  for (const [name, ...rest] of calls) {
    const code = await withContext(options, await workOf(name, rest))
    if (code !== 0) return code
  }
  return 0
}

/** What a verb does with these words. @throws {CliError} when there is no such verb, or not with as many words */
async function workOf(name: string, words: readonly string[]): Promise<(context: Context) => Promise<number>> {
  const work = await checkedVerb(name, words).load()
  return (context) => work(words, context)
}

async function runAsResolvconf(argv: readonly string[]): Promise<number> {
  const { parseResolvconf, RESOLVCONF_HELP } = await import('./resolvconf/arguments.ts')
  const call = parseResolvconf(argv, process.env)
  if (call.action === 'help') screen.print(RESOLVCONF_HELP)
  else if (call.action === 'version') show({ ...DEFAULT_OPTIONS, show: 'version' })
  else if (call.action === 'update') screen.note('Switch -u ignored.')
  else {
    const { runResolvconf } = await import('./resolvconf/resolvconf.ts')
    return withContext(DEFAULT_OPTIONS, (context) => runResolvconf(call, process.stdin, context))
  }
  return 0
}

/** Help is that of the verb, if one was given before it was asked for. */
function show(options: Options, word?: string): number {
  const what = options.show ?? 'help'
  const verb = word === undefined ? undefined : findVerb(word)
  if (what === 'help' && word !== undefined && verb === undefined) throw unknownVerb(word)
  if (what === 'version') screen.print(`${PROGRAM} ${packageVersion()}`)
  else if (what !== 'help') printPaged(listText(what, options), { options, screen })
  else
    printPaged(verb === undefined ? helpText(screen.columns) : verbHelpText(verb, screen.columns), { options, screen })
  return 0
}

function checkedVerb(name: string, words: readonly string[]): Verb {
  const verb = findVerb(name)
  if (verb === undefined) throw unknownVerb(name)
  const usage = `Usage: ${PROGRAM} ${`${name} ${verb.usage}`.trimEnd()}`
  if (words.length < verb.least) throw new CliError(`Too few arguments.\n${usage}`)
  if (words.length > verb.most) throw new CliError(`Too many arguments.\n${usage}`)
  return verb
}

function unknownVerb(name: string): CliError {
  const known = VERBS.map((verb) => verb.name)
  return new CliError(`Unknown command verb ${name}.${didYouMean(name, known)}\nSee '${PROGRAM} --help'.`)
}

async function withContext(options: Options, work: (context: Context) => Promise<number>): Promise<number> {
  await using life = new Lifetime()
  const links = new SysfsLinks()
  const directory = options.runtimeDirectory ?? (process.env.TSRESOLVED_RUNTIME_DIR || undefined)
  let bus: Promise<BusClient> | undefined
  return await work({
    options,
    links,
    screen,
    ifindex: commonIndex(options.interfaces, links),
    bus: () => (bus ??= connect(directory).then((client) => life.adopt(client))),
    varlink: new VarlinkClient(directory ?? RUNTIME_DIRECTORY, libc),
    now: () => Number(process.hrtime.bigint() / 1000n),
  })
}

/**
 * The resolver on the bus is another one than that in a runtime directory somebody names: that is asked by varlink
 * alone.
 */
async function connect(directory: string | undefined): Promise<BusClient> {
  if (directory === undefined) return connectToBus()
  throw new BusUnused(`The resolver in ${directory} is a try-out, not on the system bus: this cannot be asked of it.`)
}

/** All `-i` must name one link; 0 for none. */
function commonIndex(interfaces: readonly string[], links: HostLinks): number {
  const indexes = new Set(interfaces.map((text) => links.find(text).ifindex))
  if (indexes.size > 1) throw new CliError('Specified multiple different interfaces. Refusing.')
  return [...indexes][0] ?? 0
}

function packageVersion(): string {
  const file = join(dirname(import.meta.filename), '../../package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
