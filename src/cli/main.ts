#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Lifetime } from '../base/index.ts'
import { FormError } from '../wire/index.ts'
import { BusClient } from './bus-client.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { helpText, listText } from './help.ts'
import { type HostLinks, SysfsLinks } from './host-links.ts'
import { DEFAULT_OPTIONS, type Options } from './options.ts'
import { parseArguments } from './parse-arguments.ts'
import { printPaged } from './pager.ts'
import { PROGRAM } from './program.ts'
import { ProcessScreen } from './screen.ts'
import { DEFAULT_VERB, findVerb, type Verb } from './verbs.ts'

const screen = new ProcessScreen()
// A reader that has seen enough (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
process.exitCode = await run(process.argv.slice(2))

/** From arguments to exit code (C-2): everything that goes wrong in a known way is a message on stderr. */
async function run(argv: readonly string[]): Promise<number> {
  try {
    const isResolvconf = basename(process.argv[1] ?? '') === 'resolvconf'
    return await (isResolvconf ? runAsResolvconf(argv) : runAsCtl(argv))
  } catch (error) {
    if (!(error instanceof CliError) && !(error instanceof FormError)) throw error
    screen.note(error instanceof FormError ? `Received a malformed record: ${error.message}` : error.message)
    return 1
  }
}

async function runAsCtl(argv: readonly string[]): Promise<number> {
  const { options, words } = parseArguments(argv)
  const [name = DEFAULT_VERB, ...rest] = words
  if (options.show !== undefined || name === 'help') return show(options)
  const verb = checkedVerb(name, rest)
  const work = await verb.load()
  return withContext(options, (context) => work(rest, context))
}

async function runAsResolvconf(argv: readonly string[]): Promise<number> {
  const { parseResolvconf, RESOLVCONF_HELP } = await import('./resolvconf-arguments.ts')
  const call = parseResolvconf(argv, process.env)
  if (call.action === 'help') screen.print(RESOLVCONF_HELP)
  else if (call.action === 'version') show({ ...DEFAULT_OPTIONS, show: 'version' })
  else if (call.action !== 'update') {
    const { runResolvconf } = await import('./resolvconf.ts')
    return withContext(DEFAULT_OPTIONS, (context) => runResolvconf(call, process.stdin, context))
  }
  return 0
}

function show(options: Options): number {
  const what = options.show ?? 'help'
  if (what === 'version') screen.print(`${PROGRAM} ${packageVersion()}`)
  else printPaged(what === 'help' ? helpText(screen.columns) : listText(what, options), { options, screen })
  return 0
}

function checkedVerb(name: string, words: readonly string[]): Verb {
  const verb = findVerb(name)
  if (verb === undefined) throw new CliError(`Unknown command verb ${name}.\nSee '${PROGRAM} --help'.`)
  if (words.length < verb.least) throw new CliError('Too few arguments.')
  if (words.length > verb.most) throw new CliError('Too many arguments.')
  return verb
}

async function withContext(options: Options, work: (context: Context) => Promise<number>): Promise<number> {
  await using life = new Lifetime()
  const links = new SysfsLinks()
  let bus: Promise<BusClient> | undefined
  return await work({
    options,
    links,
    screen,
    ifindex: commonIndex(options.interfaces, links),
    bus: () => (bus ??= BusClient.connect().then((client) => life.adopt(client))),
    now: () => Number(process.hrtime.bigint() / 1000n),
  })
}

/** All `-i` must name one link; 0 for none. */
function commonIndex(interfaces: readonly string[], links: HostLinks): number {
  const indexes = new Set(interfaces.map((text) => links.find(text).ifindex))
  if (indexes.size > 1) throw new CliError('Specified multiple different interfaces. Refusing.')
  return [...indexes][0] ?? 0
}

function packageVersion(): string {
  const url = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(url, 'utf8')) as { version: string }).version
}
