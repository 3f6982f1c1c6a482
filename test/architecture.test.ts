import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

/** The map of `src/`: a room may import from rooms of lower rank, and from those named beside it. */
const RANKS: Readonly<Record<string, number>> = {
  base: 0,
  wire: 1,
  settings: 2,
  cache: 3,
  routing: 3,
  upstream: 3,
  dnssec: 3,
  synth: 3,
  multicast: 4,
  fastpath: 4,
  scope: 5,
  resolve: 6,
  lookup: 7,
  control: 7,
  observe: 8,
  stub: 9,
  bus: 9,
  varlink: 9,
  app: 10,
}

/** Rooms off that line: all that each may import. Their interfaces are declared in the rooms to their left. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  sys: ['base'],
  transport: ['base', 'wire', 'upstream', 'sys'],
  netlink: ['base', 'scope', 'sys'],
  files: ['base', 'wire', 'settings', 'control', 'sys'],
  hooks: ['base', 'wire', 'resolve', 'varlink-idl'],
  cli: ['base', 'wire', 'dbus', 'varlink-idl', 'sys'],
  // Protocol leaves, used by daemon and client alike.
  dbus: ['base'],
  'varlink-idl': [],
}

/** Sockets are made by sys, whoever listens on them; app connects everything. */
const SHELL_EXTRAS: Readonly<Record<string, readonly string[]>> = {
  app: ['sys', 'transport', 'netlink', 'files', 'hooks', 'dbus'],
  stub: ['sys', 'fastpath'],
  bus: ['sys', 'dbus'],
  varlink: ['sys', 'varlink-idl'],
}

const DECIDING = new Set(['base', 'wire', 'fastpath', 'cache', 'routing', 'upstream', 'dnssec', 'synth'])
for (const room of ['multicast', 'settings', 'scope', 'resolve', 'lookup', 'control', 'observe']) DECIDING.add(room)
/** Pure functions, and in base the listener count of a signal. */
const HARMLESS_MODULES = new Set(['node:url', 'node:buffer'])
const HARMLESS_HERE = new Set([
  'base/abort.ts node:events',
  // Pure functions too: signatures and hashes.
  'dnssec/algorithms.ts node:crypto',
  // The one listener of a deciding room: it serves a text that `open-metrics.ts` makes of values.
  'observe/metrics-listener.ts node:fs',
  'observe/metrics-listener.ts node:http',
  'observe/metrics-listener.ts node:net',
])

/** Who may import a package: a file where the package is full of surprises, else rooms. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  koffi: ['sys/'],
  'ansi-escapes': ['cli/'],
  'ipaddr.js': ['base/'],
  'lru-cache': ['cache/', 'fastpath/'],
  netlink: ['netlink/'],
}

interface Import {
  readonly from: string
  /** A path below `src/` for relative imports, else the name of a package or module. */
  readonly to: string
  readonly isRelative: boolean
  /** By `import()` while running, when everything is loaded. */
  readonly isLate: boolean
}

const SRC = join(import.meta.dirname, '../src')
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .toSorted()
const texts = new Map(files.map((path) => [path, withoutComments(readFileSync(join(SRC, path), 'utf8'))]))
const imports: readonly Import[] = files.flatMap((from) => importsOf(from, texts.get(from) ?? ''))
const inside = imports.filter(({ to }) => files.includes(to))

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(?<![:'"`])\/\/.*$/gm, '')
}

function importsOf(from: string, text: string): Import[] {
  const statements = /^\s*(?:import|export)\s+(?:type\s+)?[\w\s{},*$]+?\sfrom\s+'([^']+)'|^\s*import\s+'([^']+)'/gm
  const calls = /(?:\bimport|\brequire|createRequire\(import\.meta\.url\))\(\s*'([^']+)'/g
  const early = [...text.matchAll(statements)].map((match) => ({ to: match[1] ?? match[2] ?? '', isLate: false }))
  const late = [...text.matchAll(calls)].map((match) => ({ to: match[1] ?? '', isLate: true }))
  return [...early, ...late].map(({ to, isLate }) => {
    const isRelative = to.startsWith('.')
    return { from, to: isRelative ? resolved(from, to) : to, isRelative, isLate }
  })
}

function resolved(from: string, to: string): string {
  return relative('.', normalize(join(dirname(from), to)))
}

/** The folder below `src/` that a file is in. */
function roomOf(path: string): string {
  return path.split('/')[0] as string
}

function mayImport(from: string, to: string): boolean {
  if (from === to) return true
  const listed = OTHERS[from]
  if (listed !== undefined) return listed.includes(to)
  if (SHELL_EXTRAS[from]?.includes(to) === true) return true
  return (RANKS[to] ?? Number.POSITIVE_INFINITY) < (RANKS[from] ?? -1)
}

function homesOf(specifier: string): readonly string[] {
  return Object.entries(HOMES).find(([name]) => specifier === name || specifier.startsWith(`${name}/`))?.[1] ?? []
}

function lines(found: readonly Pick<Import, 'from' | 'to'>[]): string[] {
  return found.map(({ from, to }) => `${from} imports ${to}`)
}

describe('the map of src/', () => {
  test('the reader of imports sees what there is', () => {
    expect(files.length).toBeGreaterThan(200)
    expect(inside.length).toBeGreaterThan(2 * files.length)
    expect(lines(imports)).toContain('sys/libc.ts imports koffi')
  })

  test('every room has its place', () => {
    const rooms = new Set(files.map(roomOf))
    expect([...rooms].filter((room) => RANKS[room] === undefined && OTHERS[room] === undefined)).toEqual([])
  })

  test('rooms import only from their left', () => {
    const wrong = inside.filter(({ from, to }) => !mayImport(roomOf(from), roomOf(to)))
    expect(lines(wrong)).toEqual([])
  })

  test('a room speaks through its index.ts', () => {
    const wrong = inside.filter(({ from, to }) => roomOf(from) !== roomOf(to) && !/^[\w-]+\/index\.ts$/.test(to))
    expect(lines(wrong)).toEqual([])
  })

  test('no room knows those that implement, but themselves: app constructs them', () => {
    const implementing = new Set(['transport', 'netlink', 'files', 'hooks'])
    const wrong = inside.filter(({ from, to }) => implementing.has(roomOf(to)) && roomOf(from) !== roomOf(to))
    expect(lines(wrong.filter(({ from }) => roomOf(from) !== 'app'))).toEqual([])
  })

  test('every import inside src/ leads to a file of src/', () => {
    expect(lines(imports.filter(({ to, isRelative }) => isRelative && !files.includes(to)))).toEqual([])
  })

  test('packages stay where their surprises are kept in check', () => {
    const packages = imports.filter(({ to, isRelative }) => !isRelative && !to.startsWith('node:'))
    const wrong = packages.filter(({ from, to }) => !homesOf(to).some((home) => from.startsWith(home)))
    expect(lines(wrong)).toEqual([])
  })
})

describe('deciding rooms', () => {
  test('import nothing of the machine', () => {
    const wrong = imports.filter(
      ({ from, to }) => DECIDING.has(roomOf(from)) && to.startsWith('node:') && !HARMLESS_MODULES.has(to),
    )
    expect(lines(wrong.filter(({ from, to }) => !HARMLESS_HERE.has(`${from} ${to}`)))).toEqual([])
  })

  test('take time, chance and the process from nobody but their caller', () => {
    const impure =
      /(?<![.\w])(?:process\.\w+|console\.\w+|performance\.\w+|Date\.now|new Date\(\)|Math\.random|set(?:Timeout|Interval|Immediate)|queueMicrotask|fetch)\b/g
    const found = files
      .filter((path) => DECIDING.has(roomOf(path)))
      .flatMap((path) => [...(texts.get(path) ?? '').matchAll(impure)].map(([word]) => `${path} uses ${word}`))
    expect(found).toEqual([])
  })
})

describe('modules', () => {
  test('do not import each other in circles', () => {
    const cycles: string[] = []
    const done = new Set<string>()
    const loaded = inside.filter(({ isLate }) => !isLate)
    const visit = (path: string, way: readonly string[]) => {
      if (way.includes(path)) cycles.push([...way.slice(way.indexOf(path)), path].join(' → '))
      if (done.has(path) || way.includes(path)) return
      for (const { to } of loaded.filter(({ from }) => from === path)) visit(to, [...way, path])
      done.add(path)
    }
    for (const path of files) visit(path, [])
    expect(cycles).toEqual([])
  })

  test('export by name, without enums, mutable module state or `any`', () => {
    const unwanted =
      /^(?:export default\b.*|(?:export )?(?:const )?enum\b.*|(?:export )?(?:let|var)\b.*)|(?::|<|as) any\b/gm
    const found = files.flatMap((path) =>
      [...(texts.get(path) ?? '').matchAll(unwanted)].map(([line]) => `${path}: ${line}`),
    )
    expect(found).toEqual([])
  })
})

/** The numbered lines of `src/README.md`: a file and the function in it. */
const way = [...readFileSync(join(SRC, 'README.md'), 'utf8').matchAll(/^\d+\. `([^`]+)` `([^`]+)`/gm)].map(
  ([, file = '', name = '']) => ({ file, name }),
)

/** `name(…) {` or `function name(…)`, private or not: a definition, not a call. */
function defines(text: string, name: string): boolean {
  return new RegExp(`^(?:export )?(?:async )?function ${name}\\b|^ +(?:async )?#?${name}\\(.*[{(]$`, 'm').test(text)
}

describe('the way of a question, as src/README.md tells it', () => {
  test('has at most a dozen steps', () => {
    expect(way.length).toBeGreaterThan(8)
    expect(way.length).toBeLessThanOrEqual(12)
  })

  test.each(way.map(({ file, name }, i) => ({ file, name, next: way[i + 1]?.name })))(
    '$file: $name, then $next',
    ({ file, name, next }) => {
      const text = texts.get(file) ?? ''
      expect(defines(text, name)).toBe(true)
      expect(next === undefined || new RegExp(`[.#]${next}\\(|\\b${next}\\(`).test(text)).toBe(true)
    },
  )

  test('and back: what is named there exists', () => {
    const back = readFileSync(join(SRC, 'README.md'), 'utf8').matchAll(/`(\w+)` in\s+`([^`]+)`/g)
    const missing = [...back].filter(([, name = '', file = '']) => !defines(texts.get(file) ?? '', name))
    expect(missing.map(([whole]) => whole)).toEqual([])
  })
})
