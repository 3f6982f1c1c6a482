import { typeMnemonics } from '../../wire/index.ts'
import { PROTOCOL_WORDS } from './flags.ts'
import { wrapWords } from '../terminal/layout.ts'
import { PROGRAM } from './program.ts'
import { OPTIONS, type OptionSpec, type Options } from './options.ts'
import type { Verb } from './verb.ts'
import { VERBS } from './verbs.ts'

/** All verbs and options, from their tables. */
export function helpText(columns: number): string {
  const verbs = VERBS.map(({ name, usage, help }) => [`${name} ${usage}`.trimEnd(), help] as const)
  const options = OPTIONS.map((option) => [optionUsage(option), option.help] as const)
  return [
    `${PROGRAM} [OPTIONS...] COMMAND ...`,
    '',
    'Send control commands to the network name resolution manager, or',
    'resolve domain names, IPv4 and IPv6 addresses, DNS records, and services.',
    '',
    'Commands:',
    ...verbs.map(([usage, help]) => helpRow(usage, help, columns)),
    '',
    'Options:',
    ...options.map(([usage, help]) => helpRow(usage, help, columns)),
  ].join('\n')
}

/** One verb and the options it heeds. */
export function verbHelpText({ name, usage, help }: Verb, columns: number): string {
  const options = OPTIONS.filter(({ verbs }) => verbs === undefined || verbs.includes(name))
  return [
    `${PROGRAM} [OPTIONS...] ${name} ${usage}`.trimEnd(),
    '',
    wrapWords('', `${help}.`.split(' '), 0, columns),
    '',
    'Options:',
    ...options.map((option) => helpRow(optionUsage(option), ownHelp(option.help), columns)),
    '',
    `All commands and options: ${PROGRAM} --help`,
  ].join('\n')
}

/** The general help says with which verb an option goes; that of the verb need not. */
function ownHelp(help: string): string {
  return help.replace(/^With \S+: (.)/, (_, first: string) => first.toUpperCase())
}

/** What `-t help`, `-c help` and `-p help` print; the heading only with the legend. */
export function listText(show: 'types' | 'classes' | 'protocols', { legend }: Options): string {
  const lists = {
    types: ['Known DNS RR types:', ...typeMnemonics()],
    classes: ['Known DNS RR classes:', 'IN', 'ANY'],
    protocols: ['Known protocol types:', ...PROTOCOL_WORDS.keys()],
  }
  return lists[show].slice(legend ? 0 : 1).join('\n')
}

/** Where the explanations start. */
const HELP_COLUMN = 31

function helpRow(usage: string, help: string, columns: number): string {
  const head = `  ${usage}`.padEnd(HELP_COLUMN - 1)
  return wrapWords(head.length < HELP_COLUMN ? `${head} ` : head, help.split(' '), HELP_COLUMN, columns)
}

function optionUsage({ short, long, value, optional }: OptionSpec): string {
  const name = [short === undefined ? '  ' : `-${short}`, long === undefined ? '' : `--${long}`].join(' ')
  const assigned = value === undefined ? '' : `=${value}`
  return (optional ? `${name}[${assigned}]` : `${name}${assigned}`).trimEnd()
}
