#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Lifetime } from '../base/index.ts'
import { BusClient } from './bus-client.ts'
import { CliError } from './cli-error.ts'
import type { Context } from './context.ts'
import { helpText, listText } from './help.ts'
import { type HostLinks, SysfsLinks } from './host-links.ts'
import type { Options } from './options.ts'
import { parseArguments } from './parse-arguments.ts'
import { PROGRAM } from './program.ts'
import { ProcessScreen, type Screen } from './screen.ts'
import { DEFAULT_VERB, findVerb, type Verb } from './verbs.ts'

const screen = new ProcessScreen()
// A reader that has seen enough (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
process.exitCode = await run(process.argv.slice(2), screen)

/** From arguments to exit code (C-2): everything that goes wrong in a known way is one line on stderr. */
async function run(argv: readonly string[], on: Screen): Promise<number> {
  try {
    const { options, words } = parseArguments(argv)
    const [name = DEFAULT_VERB, ...rest] = words
    if (options.show !== undefined || name === 'help') return show(options, on)
    return await runVerb(checkedVerb(name, rest), rest, options, on)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    on.note(error.message)
    return 1
  }
}

function show(options: Options, on: Screen): number {
  const what = options.show ?? 'help'
  if (what === 'version') on.print(`${PROGRAM} ${packageVersion()}`)
  else on.print(what === 'help' ? helpText(on.columns) : listText(what, options))
  return 0
}

function checkedVerb(name: string, words: readonly string[]): Verb {
  const verb = findVerb(name)
  if (verb === undefined) throw new CliError(`Unknown command verb ${name}.\nSee '${PROGRAM} --help'.`)
  if (words.length < verb.least) throw new CliError('Too few arguments.')
  if (words.length > verb.most) throw new CliError('Too many arguments.')
  return verb
}

async function runVerb(verb: Verb, words: readonly string[], options: Options, on: Screen): Promise<number> {
  await using life = new Lifetime()
  const links = new SysfsLinks()
  let bus: Promise<BusClient> | undefined
  const context: Context = {
    options,
    links,
    screen: on,
    ifindex: commonIndex(options.interfaces, links),
    bus: () => (bus ??= BusClient.connect().then((client) => life.adopt(client))),
    now: () => Number(process.hrtime.bigint() / 1000n),
  }
  const work = await verb.load()
  return await work(words, context) // awaited here: the bus must outlive it
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
