/** One line of a scenario, and the indented lines below it. */
export interface Command {
  readonly file: string
  readonly line: number
  readonly words: readonly string[]
  /** The line as it stands, for commands that take text. */
  readonly text: string
  readonly block: readonly BlockLine[]
}

export interface BlockLine {
  readonly line: number
  readonly text: string
}

export interface Scenario {
  readonly title: string
  readonly file: string
  readonly line: number
  readonly commands: readonly Command[]
}

/** Something in a scenario is wrong, or did not come as it says: `routing.scenario:12: …`. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError'

  constructor(at: { readonly file: string; readonly line: number }, problem: string) {
    super(`${at.file}:${at.line}: ${problem}`)
  }
}

/**
 * Takes a scenario file apart; the words are in README.md. `scenario TITLE` begins each scenario; commands before the
 * first one are done at the start of all. `#` begins a comment at the start of a line or after a space.
 * @throws {ScenarioError}
 */
export function parseScenarios(text: string, file: string): Scenario[] {
  const common: Draft[] = []
  const scenarios: { title: string; line: number; commands: Draft[] }[] = []
  let last: Draft | undefined
  for (const [i, raw] of text.split('\n').entries()) {
    const at = { file, line: i + 1 }
    const content = raw.replace(/(^|\s)#.*$/, '').trimEnd()
    if (content === '') continue
    if (/^\s/.test(content)) {
      if (last === undefined) throw new ScenarioError(at, 'an indented line belongs below a command')
      last.block.push({ line: at.line, text: content.trim() })
      continue
    }
    const words = content.split(/\s+/)
    if (words[0] === 'scenario') {
      last = undefined
      scenarios.push({ title: content.slice('scenario'.length).trim(), line: at.line, commands: [] })
      continue
    }
    last = { ...at, words, text: content, block: [] }
    const commands = scenarios.at(-1)?.commands ?? common
    commands.push(last)
  }
  return scenarios.map(({ title, line, commands }) => ({ title, file, line, commands: [...common, ...commands] }))
}

interface Draft extends Command {
  readonly block: BlockLine[]
}

/** The words of a command, taken one after the other and by keyword, until none is left. */
export class Words {
  readonly #command: Command
  readonly #left: string[]

  constructor(command: Command) {
    this.#command = command
    this.#left = command.words.slice(1)
  }

  /** The next word. @throws {ScenarioError} when there is none */
  next(what: string): string {
    const word = this.#left.shift()
    if (word === undefined) return this.fail(`${what} is missing`)
    return word
  }

  /** The next word, if one is left that `isWanted`. */
  nextIf(isWanted: (word: string) => boolean): string | undefined {
    return this.#left[0] !== undefined && isWanted(this.#left[0]) ? this.#left.shift() : undefined
  }

  /** Whether `word` is there. */
  has(word: string): boolean {
    const at = this.#left.indexOf(word)
    if (at >= 0) this.#left.splice(at, 1)
    return at >= 0
  }

  /** The word after `keyword`. */
  after(keyword: string): string | undefined {
    const at = this.#left.indexOf(keyword)
    if (at < 0) return undefined
    const [, value] = this.#left.splice(at, 2)
    return value ?? this.fail(`nothing follows '${keyword}'`)
  }

  numberAfter(keyword: string): number | undefined {
    const value = this.after(keyword)
    if (value === undefined) return undefined
    return /^\d+$/.test(value) ? Number(value) : this.fail(`'${value}' is not a number`)
  }

  /** All that is left. */
  rest(): string[] {
    return this.#left.splice(0)
  }

  /** @throws {ScenarioError} when a word is left that nobody took */
  end(): void {
    if (this.#left.length > 0) this.fail(`cannot read '${this.#left.join(' ')}'`)
  }

  fail(problem: string): never {
    throw new ScenarioError(this.#command, problem)
  }
}

/** `300ms`, `61s`, `2min`, `1h`, in milliseconds. */
export function parseDuration(word: string): number | undefined {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|min|h)$/.exec(word) ?? []
  return count === undefined
    ? undefined
    : Number(count) * ({ ms: 1, s: 1000, min: 60_000, h: 3_600_000 }[unit] as number)
}
