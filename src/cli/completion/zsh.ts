import { LIST_LINKS, valueWords } from './words.ts'
import { OPTIONS, type OptionSpec } from '../command/options.ts'
import { PROGRAM } from '../command/program.ts'
import type { Verb } from '../command/verb.ts'

/** To be found in `$fpath`, which calls what it defines, or to be sourced. */
export function zshScript(verbs: readonly Verb[]): string {
  const described = [...verbs, { name: 'help', help: 'Show all commands and options' }]
  const cases = verbs.filter(({ completes }) => completes.links !== 'none' || completes.words.length > 0).map(verbCase)
  return `#compdef ${PROGRAM}
# zsh completion for ${PROGRAM}
_${PROGRAM}() {
    local curcontext=$curcontext state line
    local -A opt_args
    local -a verbs=(
${described.map(({ name, help }) => `        '${name}:${quoted(help)}'`).join('\n')}
    ) options=(
${OPTIONS.map((option) => `        ${optionText(option)}`).join('\n')}
    )
    _arguments -S -C $options '1: :->verb' '*:: :->words' && return
    case $state in
        verb) _describe 'command' verbs ;;
        words)
            case $line[1] in
${cases.join('\n')}
                *) _arguments -S $options ;;
            esac ;;
    esac
}
if [[ $funcstack[1] == _${PROGRAM} ]]; then _${PROGRAM} "$@"; else compdef _${PROGRAM} ${PROGRAM}; fi`
}

function optionText(option: OptionSpec): string {
  const { long, short, value, optional, help } = option
  const long_ = value === undefined ? `--${long}` : `--${long}=${optional ? '-' : ''}`
  const names = [
    ...(short === undefined ? [] : [`-${short}${value === undefined ? '' : '+'}`]),
    ...(long ? [long_] : []),
  ]
  const words = valueWords(option)
  const argument =
    value === undefined ? '' : `${optional ? '::' : ':'}${quoted(value)}:${words === '' ? '' : `(${words})`}`
  const described = `'[${quoted(help)}]${argument}'`
  return names.length === 1 ? `${names[0]}${described}` : `{${names.join(',')}}${described}`
}

function verbCase({ name, completes: { links, words } }: Verb): string {
  const linkPart = links === 'none' ? '' : ` '${links === 'each' ? '*' : '1'}:link:($(${LIST_LINKS}))'`
  const wordPart = words.length === 0 ? '' : ` '${links === 'none' ? 1 : 2}:value:(${words.join(' ')})'`
  return `                ${name}) _arguments -S $options${linkPart}${wordPart} ;;`
}

/** Brackets and colons divide the parts of a description. */
function quoted(text: string): string {
  return text.replace(/[[\]:]/g, '\\$&').replaceAll("'", "'\\''")
}
