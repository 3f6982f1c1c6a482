import { CliError } from './cli-error.ts'
import { PROTOCOL_WORDS } from './flags.ts'
import { OPTIONS, type OptionSpec } from './options.ts'
import { PROGRAM } from './program.ts'
import type { Verb } from './verb.ts'

/** A shell's completion script, made from the tables of verbs and options. @throws {CliError} for a shell that has none */
export function completionScript(shell: string, verbs: readonly Verb[]): string {
  const make = SCRIPTS.get(shell)
  if (make !== undefined) return make(verbs)
  throw new CliError(`No completion for "${shell}"; there is one for ${[...SCRIPTS.keys()].join(', ')}.`)
}

const SCRIPTS: ReadonlyMap<string, (verbs: readonly Verb[]) => string> = new Map([
  ['bash', bashScript],
  ['zsh', zshScript],
  ['fish', fishScript],
])

/** Shell code that lists the machine's links. */
const LIST_LINKS = 'command ls /sys/class/net'

/** Words for an option's value; undefined: nothing to offer. */
function valueWords({ long, value }: OptionSpec): string | undefined {
  if (long === 'protocol') return `${[...PROTOCOL_WORDS.keys()].join(' ')} help`
  if (long === 'class') return 'IN ANY help'
  if (long === 'json') return 'pretty short off'
  return value === 'BOOL' ? 'yes no' : undefined
}

function optionWords(): string[] {
  return OPTIONS.flatMap(({ long, short }) => [...(long ? [`--${long}`] : []), ...(short ? [`-${short}`] : [])])
}

function bashScript(verbs: readonly Verb[]): string {
  const values = OPTIONS.filter(({ value }) => value !== undefined).map((option) => {
    const names = [...(option.long ? [`--${option.long}`] : []), ...(option.short ? [`-${option.short}`] : [])]
    const words = option.long === 'interface' ? `$(${LIST_LINKS})` : (valueWords(option) ?? '')
    return `        ${names.join('|')}) COMPREPLY=($(compgen -W "${words}" -- "$cur")); return ;;`
  })
  return `# bash completion for ${PROGRAM}
_${PROGRAM}() {
    local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} verb= place=0 i
    if [[ $cur == "=" ]]; then cur=; elif [[ $prev == "=" ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
    case $prev in
${values.join('\n')}
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "${optionWords().join(' ')}" -- "$cur")); return
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ \${COMP_WORDS[i]} == -* ]] && continue
        if [[ -z $verb ]]; then verb=\${COMP_WORDS[i]}; else place=$((place + 1)); fi
    done
    case $verb:$place in
        :*) COMPREPLY=($(compgen -W "${verbs.map(({ name }) => name).join(' ')} help" -- "$cur")) ;;
${verbs.flatMap(bashCases).join('\n')}
    esac
}
complete -F _${PROGRAM} ${PROGRAM}`
}

function bashCases({ name, completes }: Verb): string[] {
  const { links, words } = completes
  const linkCase = `        ${name}:${links === 'each' ? '*' : '0'}) COMPREPLY=($(compgen -W "$(${LIST_LINKS})" -- "$cur")) ;;`
  const at = links === 'none' ? 0 : 1
  const wordCase = `        ${name}:${at}) COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$cur")) ;;`
  return [...(links === 'none' ? [] : [linkCase]), ...(words.length === 0 ? [] : [wordCase])]
}

function zshScript(verbs: readonly Verb[]): string {
  const described = verbs.map(({ name, help }) => `        '${name}:${quoteZsh(help)}'`)
  const cases = verbs.filter(({ completes }) => completes.links !== 'none' || completes.words.length > 0).map(zshCase)
  return `#compdef ${PROGRAM}
# zsh completion for ${PROGRAM}
_${PROGRAM}() {
    local state line
    local -a verbs=(
${described.join('\n')}
    )
    _arguments -C \\
${OPTIONS.map((option) => `        ${zshOption(option)} \\`).join('\n')}
        '1: :->verb' '*:: :->words' && return
    case $state in
        verb) _describe 'command' verbs ;;
        words)
            case $line[1] in
${cases.join('\n')}
            esac ;;
    esac
}
_${PROGRAM} "$@"`
}

function zshOption({ long, short, value, optional, help, ...rest }: OptionSpec): string {
  const names = [...(short ? [`-${short}`] : []), ...(long ? [`--${long}${value ? (optional ? '=-' : '=') : ''}`] : [])]
  const words = valueWords({ long, value, help, ...rest } as OptionSpec)
  const offered = long === 'interface' ? `($(${LIST_LINKS}))` : words ? `(${words})` : ''
  const argument = value === undefined ? '' : `${optional ? '::' : ':'}${quoteZsh(value)}:${offered}`
  const described = `'[${quoteZsh(help)}]${argument}'`
  return names.length === 1 ? `${names[0]}${described}` : `{${names.join(',')}}${described}`
}

function zshCase({ name, completes: { links, words } }: Verb): string {
  const pattern = links === 'each' ? '*' : '1'
  const linkPart = links === 'none' ? '' : ` '${pattern}:link:($(${LIST_LINKS}))'`
  const wordPart = words.length === 0 ? '' : ` '${links === 'none' ? 1 : 2}:value:(${words.join(' ')})'`
  return `                ${name}) _arguments${linkPart}${wordPart} ;;`
}

/** Brackets and colons divide the parts of a description. */
function quoteZsh(text: string): string {
  return text.replace(/[[\]:]/g, '\\$&').replaceAll("'", "'\\''")
}

function fishScript(verbs: readonly Verb[]): string {
  const base = `complete -c ${PROGRAM}`
  const described = verbs.map(({ name, help }) => `${base} -n __fish_use_subcommand -a ${name} -d "${help}"`)
  const words = verbs.flatMap(({ name, completes }) => {
    const offered = [...(completes.links === 'none' ? [] : [`(${LIST_LINKS})`]), ...completes.words].join(' ')
    return offered === '' ? [] : [`${base} -n "__fish_seen_subcommand_from ${name}" -a "${offered}"`]
  })
  return [
    `# fish completion for ${PROGRAM}`,
    `${base} -f`,
    ...OPTIONS.map((option) => base + fishOption(option)),
    ...described,
    ...words,
  ].join('\n')
}

function fishOption(option: OptionSpec): string {
  const { long, short, value, optional, help } = option
  const words = long === 'interface' ? `(${LIST_LINKS})` : valueWords(option)
  const needsValue = value !== undefined && !optional
  return [
    short === undefined ? '' : ` -s ${short}`,
    long === undefined ? '' : ` -l ${long}`,
    needsValue ? ' -x' : '',
    words === undefined ? '' : ` -a "${words}"`,
    ` -d "${help}"`,
  ].join('')
}
