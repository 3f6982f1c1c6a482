import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { build, type Plugin, transformSync } from 'esbuild'
import { parseAst } from 'vitest/node'

/** A node of the syntax tree (ESTree), with where it stands in the text. */
interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [member: string]: unknown
}

/** The words and numbers that the code compares with: as good a dictionary of its input as any. */
export interface Literals {
  readonly words: Set<string>
  readonly numbers: Set<number>
}

export interface Bundle {
  /** Branches that tell when they are taken. */
  readonly places: number
  readonly literals: Literals
}

const ROOT = new URL('../../', import.meta.url).pathname
const LONGEST_WORD = 40

/** Bundles `entry` into `outfile`, with every branch of `src/` made to tell that it was taken. */
export async function bundleInstrumented(entry: string, outfile: string): Promise<Bundle> {
  const instrumenter = new Instrumenter()
  const plugin: Plugin = {
    name: 'coverage',
    setup(plugins) {
      plugins.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
        const { code } = transformSync(readFileSync(path, 'utf8'), { loader: 'ts', target: 'node20', sourcefile: path })
        return { contents: instrumenter.instrument(code), loader: 'js' }
      })
    },
  }
  await bundle(entry, outfile, [plugin])
  return { places: instrumenter.places, literals: instrumenter.literals }
}

/** As it is, with what maps it to its sources. */
export async function bundlePlain(entry: string, outfile: string): Promise<void> {
  await bundle(entry, outfile, [])
}

async function bundle(entryPoint: string, outfile: string, plugins: Plugin[]): Promise<void> {
  await build({
    entryPoints: [entryPoint],
    outfile,
    plugins,
    absWorkingDir: ROOT,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: plugins.length === 0 ? 'inline' : false,
    logLevel: 'error',
    banner: { js: 'const { hits: __hits, equal: __equal } = globalThis.__coverage ?? {};' },
  })
}

/** Writes counters into JavaScript: at each branch, and around each comparison that may tell what the input lacks. */
export class Instrumenter {
  readonly literals: Literals = { words: new Set(), numbers: new Set() }
  #places = 0
  #inserts: { readonly at: number; readonly text: string; readonly isEnd: boolean }[] = []
  #code = ''

  get places(): number {
    return this.#places
  }

  instrument(code: string): string {
    this.#code = code
    this.#inserts = []
    this.#visit(parseAst(code) as unknown as Node)
    return this.#written()
  }

  #visit(node: Node): void {
    this.#mark(node)
    for (const [name, member] of Object.entries(node)) {
      if (name === 'type' || node.type === 'ImportDeclaration') continue
      for (const child of [member].flat()) if (isNode(child)) this.#visit(child)
    }
  }

  #mark(node: Node): void {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return this.#branch(node.body)
      case 'IfStatement':
        if (!isNode(node.alternate)) this.#insert(node.end, `else{__hits[${++this.#places}]++}`, true)
        this.#branch(node.consequent)
        return this.#branch(node.alternate)
      case 'ForStatement':
      case 'ForOfStatement':
      case 'ForInStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        return this.#branch(node.body)
      case 'CatchClause':
        return this.#branch(node.body)
      case 'ConditionalExpression':
        this.#branch(node.consequent)
        return this.#branch(node.alternate)
      case 'LogicalExpression':
        return this.#branch(node.right)
      case 'SwitchCase':
        return this.#case(node)
      case 'BinaryExpression':
        return this.#comparison(node)
      case 'Literal':
        return this.#literal(node)
      case 'Property':
        return this.#key(node.key)
      default:
    }
  }

  #branch(member: unknown): void {
    if (!isNode(member)) return
    const count = `__hits[${++this.#places}]++`
    if (member.type === 'BlockStatement') this.#insert(member.start + 1, `${count};`)
    else if (member.type.endsWith('Statement') || member.type === 'VariableDeclaration') {
      this.#insert(member.start, `{${count};`)
      this.#insert(member.end, '}', true)
    } else {
      this.#insert(member.start, `(${count},`)
      this.#insert(member.end, ')', true)
    }
  }

  #case(node: Node): void {
    const [first] = node.consequent as Node[]
    if (first !== undefined) this.#insert(first.start, `__hits[${++this.#places}]++;`)
  }

  #comparison(node: Node): void {
    if (node.operator !== '===' && node.operator !== '!==') return
    const [left, right] = [node.left as Node, node.right as Node]
    if ([left, right].some(isHopeless)) return
    this.#insert(node.start, node.operator === '===' ? '__equal(' : '!__equal(')
    const operatorAt = this.#code.indexOf(node.operator, left.end)
    this.#insert(operatorAt, ',/*')
    this.#insert(operatorAt + 3, '*/')
    this.#insert(node.end, ')', true)
  }

  #literal({ value, regex }: Node): void {
    if (typeof value === 'number' && Number.isInteger(value) && value > 1) this.literals.numbers.add(value)
    else if (typeof value === 'string') this.#word(value)
    else if (regex !== undefined) {
      for (const [word] of (regex as { pattern: string }).pattern.matchAll(/[A-Za-z][\w-]{2,}/g)) this.#word(word)
    }
  }

  #key(key: unknown): void {
    if (isNode(key) && key.type === 'Identifier') this.#word(String(key.name))
  }

  #word(word: string): void {
    if (word.length > 0 && word.length <= LONGEST_WORD) this.literals.words.add(word)
  }

  #insert(at: number, text: string, isEnd = false): void {
    this.#inserts.push({ at, text, isEnd })
  }

  /** What opens at a place is written outermost first, what closes there innermost first, and that before. */
  #written(): string {
    const closing = this.#inserts.filter(({ isEnd }) => isEnd).toReversed()
    const opening = this.#inserts.filter(({ isEnd }) => !isEnd)
    const inOrder = [...closing, ...opening].toSorted((a, b) => a.at - b.at)
    let written = ''
    let from = 0
    for (const { at, text } of inOrder) {
      written += this.#code.slice(from, at) + text
      from = at
    }
    return written + this.#code.slice(from)
  }
}

/** Comparisons with these say nothing of the input. */
function isHopeless(node: Node): boolean {
  if (node.type === 'UnaryExpression') return node.operator === 'typeof' || node.operator === 'void'
  if (node.type === 'Identifier') return node.name === 'undefined'
  return node.type === 'Literal' && (node.value === null || typeof node.value === 'boolean')
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}

/** For people: the path as from the top of the repository. */
export function shortPath(path: string): string {
  return relative(process.cwd(), path)
}
