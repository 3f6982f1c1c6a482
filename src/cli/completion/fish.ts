import { LIST_LINKS, namesThatTakeAWord, valueWords } from './words.ts'
import { OPTIONS, type OptionSpec } from '../command/options.ts'
import { PROGRAM } from '../command/program.ts'
import type { Verb } from '../command/verb.ts'

const WORDS = `__${PROGRAM}_words`
const AT = `__${PROGRAM}_at`

/** fish's own helpers take the value of an option for the command, so the words before the cursor are counted here. */
export function fishScript(verbs: readonly Verb[]): string {
  const base = `complete -c ${PROGRAM}`
  const described = [...verbs, { name: 'help', help: 'Show all commands and options' }]
  return `# fish completion for ${PROGRAM}
function ${WORDS}
    set -l skip 0
    set -l plain 0
    for token in (commandline -poc)[2..-1]
        if test $skip -eq 1
            set skip 0
        else if test $plain -eq 1
            printf '%s\\n' $token
        else
            switch $token
                case --
                    set plain 1
                case ${namesThatTakeAWord().join(' ')}
                    set skip 1
                case '-*'
                case '*'
                    printf '%s\\n' $token
            end
        end
    end
end
function ${AT} -a verb place
    set -l words (${WORDS})
    test "$words[1]" = "$verb"; or return 1
    test "$place" = each; or test (count $words) -eq $place
end
${[
  `${base} -f`,
  ...OPTIONS.map((option) => base + optionText(option)),
  ...described.map(({ name, help }) => `${base} -n '${AT} "" 0' -a ${name} -d "${help}"`),
  ...verbs.flatMap((verb) => verbTexts(verb).map((text) => base + text)),
].join('\n')}`
}

/** Places count the verb. */
function verbTexts({ name, completes: { links, words } }: Verb): string[] {
  const linkPart = ` -n '${AT} ${name} ${links === 'each' ? 'each' : 1}' -a "(${LIST_LINKS})"`
  const wordPart = ` -n '${AT} ${name} ${links === 'none' ? 1 : 2}' -a "${words.join(' ')}"`
  return [...(links === 'none' ? [] : [linkPart]), ...(words.length === 0 ? [] : [wordPart])]
}

function optionText(option: OptionSpec): string {
  const { long, short, value, optional, help } = option
  const words = valueWords(option).replace(/^\$/, '')
  const needsValue = value !== undefined && !optional
  return [
    short === undefined ? '' : ` -s ${short}`,
    long === undefined ? '' : ` -l ${long}`,
    needsValue ? ' -x' : '',
    words === '' ? '' : ` -a "${words}"`,
    ` -d "${help}"`,
  ].join('')
}
