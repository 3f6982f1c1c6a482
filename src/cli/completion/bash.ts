import { allOptionNames, LIST_LINKS, namesThatTakeAWord, optionNames, valueWords } from './words.ts'
import { OPTIONS, type OptionSpec } from '../command/options.ts'
import { PROGRAM } from '../command/program.ts'
import type { Verb } from '../command/verb.ts'

/** Readline takes `=` for a word of its own, so the value of `--json=short` is two words behind its option. */
export function bashScript(verbs: readonly Verb[]): string {
  return `# bash completion for ${PROGRAM}
_${PROGRAM}() {
    local cur=\${COMP_WORDS[COMP_CWORD]} option=\${COMP_WORDS[COMP_CWORD-1]} verb= place=0 plain= i
    if [[ $cur == "=" ]]; then option+="="; cur=
    elif [[ $option == "=" ]]; then option=\${COMP_WORDS[COMP_CWORD-2]}=; fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case $plain\${COMP_WORDS[i]} in
            --) plain=+; continue ;;
            =) i=$((i + 1)); continue ;;
            ${namesThatTakeAWord().join('|')}) [[ \${COMP_WORDS[i+1]} == "=" ]] || i=$((i + 1)); continue ;;
            -*) continue ;;
        esac
        if [[ -z $verb ]]; then verb=\${COMP_WORDS[i]}; else place=$((place + 1)); fi
    done
    case $plain$option in
${OPTIONS.filter(({ value }) => value !== undefined)
  .map(valueCase)
  .join('\n')}
    esac
    if [[ -z $plain && $cur == -* ]]; then
        ${reply(allOptionNames().join(' '))}; return
    fi
    case $verb:$place in
        :*) ${reply([...verbs.map(({ name }) => name), 'help'].join(' '))} ;;
${verbs.flatMap(verbCases).join('\n')}
    esac
}
complete -F _${PROGRAM} ${PROGRAM}`
}

function reply(words: string): string {
  return `COMPREPLY=($(compgen -W "${words}" -- "$cur"))`
}

/** An optional value stands behind \`=\` only. */
function valueCase(option: OptionSpec): string {
  const names = optionNames(option).flatMap((name) => (option.optional ? [`${name}=`] : [name, `${name}=`]))
  return `        ${names.join('|')}) ${reply(valueWords(option))}; return ;;`
}

function verbCases({ name, completes: { links, words } }: Verb): string[] {
  const linkCase = `        ${name}:${links === 'each' ? '*' : '0'}) ${reply(`$(${LIST_LINKS})`)} ;;`
  const wordCase = `        ${name}:${links === 'none' ? 0 : 1}) ${reply(words.join(' '))} ;;`
  return [...(links === 'none' ? [] : [linkCase]), ...(words.length === 0 ? [] : [wordCase])]
}
