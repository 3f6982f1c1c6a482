import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { completionScript } from '../../../src/cli/completion/completion.ts'
import { parseArguments } from '../../../src/cli/command/parse-arguments.ts'
import { helpText, listText, verbHelpText } from '../../../src/cli/command/help.ts'
import { findVerb, VERBS } from '../../../src/cli/command/verbs.ts'
import { OPTIONS, parseBoolean } from '../../../src/cli/command/options.ts'

const parse = (line: string) => parseArguments(line.split(' ').filter((word) => word !== ''))

// biome-ignore format: a table reads better in rows
const accepted: readonly (readonly [what: string, line: string, words: readonly string[], options: object])[] = [
  ['C-1: options before the verb', '-4 query a', ['query', 'a'], { family: 2 }],
  ['C-1: options after the verb', 'query a -6', ['query', 'a'], { family: 10 }],
  ['C-1: -- ends options', 'query -- -4', ['query', '-4'], { family: 0 }],
  ['a lone dash is a word', 'query -', ['query', '-'], {}],
  ['-4 -6: last wins', 'query a -4 -6', ['query', 'a'], { family: 10 }],
  ['joined short options', '-4ieth0 dns', ['dns'], { family: 2, interfaces: ['eth0'] }],
  ['a short option with the next word', '-i eth0 dns', ['dns'], { interfaces: ['eth0'] }],
  ['repeated -i are all kept', '-i a -i b dns', ['dns'], { interfaces: ['a', 'b'] }],
  ['a long option with =', '--interface=eth0', [], { interfaces: ['eth0'] }],
  ['a long option with the next word', '--interface eth0', [], { interfaces: ['eth0'] }],
  ['an unambiguous beginning', '--interf=eth0', [], { interfaces: ['eth0'] }],
  ['a type in any case', '-t mx', [], { type: 15 }],
  ['TYPEnnn', '--type=type4711', [], { type: 4711 }],
  ['protocols add up', '-p dns -p llmnr', [], { flags: 0x7 }],
  ['a class with a type', '-t A -c any', [], { type: 1, class: 255 }],
  ['no sets the flag', '--cname=no --search=0', [], { flags: 0x120 }],
  ['yes takes it back', '--cache=no --cache=yes', [], { flags: 0 }],
  ['relax-single-label is the other way round', '--relax-single-label=yes', [], { flags: 0x2000000 }],
  ['service-txt is kept apart', '--service-txt=off', [], { serviceTxt: false, flags: 0 }],
  ['--raw is payload and drops the legend', '--raw query a', ['query', 'a'], { raw: 'payload', legend: false }],
  ['--raw=packet', '--raw=packet', [], { raw: 'packet' }],
  ['-j', '-j query', ['query'], { json: 'auto' }],
  ['--json=off', '--json=off', [], { json: 'off' }],
  ['C-2: reading stops at --help', '--help --nonsense', [], { show: 'help' }],
  ['C-2: -t help', '-t help -x', [], { show: 'types' }],
  ['C-2: -c help needs no type', '-c help', [], { show: 'classes' }],
  ['C-2: -p help', '-p help', [], { show: 'protocols' }],
  ['no-ask-password', '--no-ask-password', [], { askPassword: false }],
]

// biome-ignore format: a table reads better in rows
const refused: readonly (readonly [line: string, message: string])[] = [
  ['--frob', "tsresolvectl: unrecognized option '--frob'"],
  ['--explian', "tsresolvectl: unrecognized option '--explian'\nDid you mean '--explain'?"],
  ['--interfcae=x', "unrecognized option '--interfcae'\nDid you mean '--interface'?"],
  ['--ser=no', "tsresolvectl: option '--ser' is ambiguous; possibilities: '--service-address' '--service-txt'"],
  ['-x', "tsresolvectl: invalid option -- 'x'"],
  ['-i', "tsresolvectl: option requires an argument -- 'i'"],
  ['--type', "tsresolvectl: option '--type' requires an argument"],
  ['--help=x', "tsresolvectl: option '--help' doesn't allow an argument"],
  ['-t FOO', 'Failed to parse RR record type FOO: Invalid argument'],
  ['-t A -c CH', 'Failed to parse RR record class CH: Invalid argument'],
  ['-c IN', '--class= may only be used in conjunction with --type=.'],
  ['-p foo', 'Unknown protocol specifier: foo'],
  ['--cname=maybe', 'Failed to parse boolean argument to --cname=: maybe.'],
  ['--json=foo', 'Unknown argument to --json= switch: foo'],
  ['--raw=foo', 'Unknown --raw specifier "foo".'],
  ['--raw -j', '--raw and --json= cannot be used together.'],
]

describe('arguments', () => {
  it.each(accepted)('%s', (_what, line, words, options) => {
    const parsed = parse(line)
    expect(parsed.words).toEqual(words)
    expect(parsed.options).toMatchObject(options)
  })

  it.each(refused)('refuses %s', (line, message) => {
    expect(() => parse(line)).toThrow(message)
  })

  it.each(['1', 'yes', 'Y', 'true', 'T', 'on'])('%s is yes', (word) => expect(parseBoolean(word)).toBe(true))
  it.each(['0', 'no', 'N', 'false', 'F', 'off'])('%s is no', (word) => expect(parseBoolean(word)).toBe(false))
  it.each(['', 'maybe', '2'])('"%s" is neither', (word) => expect(parseBoolean(word)).toBeUndefined())
})

describe('help', () => {
  it('names every verb and option', () => {
    const text = helpText(80)
    for (const { name } of VERBS) expect(text).toMatch(new RegExp(`^  ${name}( |$)`, 'm'))
    for (const { long } of OPTIONS) expect(text).toContain(long === undefined ? '-' : `--${long}`)
  })

  it('fits the terminal', () => {
    const lengths = helpText(80)
      .split('\n')
      .map((line) => line.length)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(80)
  })

  it('lists with and without a heading', () => {
    const { options } = parse('--legend=no')
    expect(listText('classes', options)).toBe('IN\nANY')
    expect(listText('classes', parse('').options)).toBe('Known DNS RR classes:\nIN\nANY')
  })

  it('of a verb: how it is written, and the options it heeds', () => {
    expect(verbHelpText(findVerb('doctor')!, 80).split('\n').slice(0, 6)).toEqual([
      'tsresolvectl [OPTIONS...] doctor',
      '',
      'Find what is wrong with name resolution, and how to repair it.',
      '',
      'Options:',
      '  -h --help                    Show this help',
    ])
    const text = verbHelpText(findVerb('why')!, 80)
    expect(text).toContain('     --no-ask                  Only tell what is known, ask nobody')
    expect(text).not.toContain('--outcome')
  })

  it('of a verb: options name verbs that exist', () => {
    const names = new Set(VERBS.map(({ name }) => name))
    expect(OPTIONS.flatMap(({ verbs = [] }) => verbs).filter((verb) => !names.has(verb))).toEqual([])
    expect(OPTIONS.filter(({ verbs }) => verbs === undefined).map(({ long }) => long)).toEqual(['help', 'runtime-dir'])
  })

  it('can load every verb', async () => {
    for (const verb of VERBS) expect(await verb.load()).toBeTypeOf('function')
  })
})

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('%s: offers every verb and long option', (shell) => {
    const script = completionScript(shell, VERBS)
    for (const { name } of VERBS) expect(script).toContain(name)
    for (const { long } of OPTIONS) expect(script).toContain(long ?? '')
  })

  it('bash: answers as a shell would', () => {
    const ask = `${completionScript('bash', VERBS)}
ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _tsresolvectl; echo "\${COMPREPLY[*]}"; }
ask tsresolvectl show; ask tsresolvectl dnssec lo ''; ask tsresolvectl -4 status lo l; ask tsresolvectl --json = p; ask tsresolvectl --no`
    expect(execFileSync('bash', ['-c', ask], { encoding: 'utf8' }).split('\n')).toEqual([
      'show-cache show-server-state',
      'yes no allow-downgrade',
      'lo',
      'pretty',
      '--no-pager --no-ask-password --no-ask',
      '',
    ])
  })

  it('refuses another shell', () => {
    expect(() => completionScript('csh', VERBS)).toThrow('bash, zsh, fish')
  })
})
