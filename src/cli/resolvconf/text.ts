import { CliError } from '../command/cli-error.ts'

/** What a resolv.conf(5) text asks for. */
export interface ResolvconfText {
  readonly servers: readonly string[]
  readonly domains: readonly string[]
}

/** `nameserver`, `domain` and `search` lines; all others are passed over (C-RC-2). @throws {CliError} on an open quote (C-RC-3). */
export function parseResolvconfText(text: string): ResolvconfText {
  const servers: string[] = []
  const domains: string[] = []
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    const [, keyword, rest] = /^(nameserver|domain|search)\s+(.*)$/.exec(line) ?? []
    if (keyword === undefined || rest === undefined) continue
    const list = keyword === 'nameserver' ? servers : domains
    list.push(...splitWords(rest, line))
  }
  return { servers, domains }
}

/** Words between white space; quotes keep it inside a word, and a backslash keeps the next character as it is. */
function splitWords(text: string, line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    if (char === '\\' && at + 1 < text.length) word = (word ?? '') + text[++at]!
    else if (quote !== '') {
      if (char === quote) quote = ''
      else word = (word ?? '') + char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (!/\s/.test(char)) word = (word ?? '') + char
    else if (word !== undefined) {
      words.push(word)
      word = undefined
    }
  }
  if (quote !== '') throw new CliError(`Failed to split '${line}': a quote is not closed.`)
  return word === undefined ? words : [...words, word]
}

/**
 * The interfaces a name may stand for, best first: the longest wins, so that `eth0.100` beats `eth0` (C-RC-1). Last come
 * names without what stands in front: wg-quick registers `tun.wg0` where an interface order exists.
 */
export function interfaceCandidates(name: string): string[] {
  const candidates = [name]
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1))
    candidates.push(name.slice(0, dot))
  const prefix = /^[a-z]+\./.exec(name)?.[0]
  return prefix === undefined ? candidates : [...candidates, name.slice(prefix.length)]
}
