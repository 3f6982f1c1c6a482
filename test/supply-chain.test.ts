import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { known } from './advisories.ts'
import { SHIPPED } from './shipped.ts'

const ROOT = join(import.meta.dirname, '..')

interface Locked {
  readonly version: string
  readonly license?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
  readonly optional?: boolean
  readonly dev?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
  'dependencies' | 'devDependencies',
  Readonly<Record<string, string>>
>
const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Readonly<Record<string, Locked>>
}

/** Packages that `src/` imports, by name. */
function imported(): Set<string> {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  )
  const texts = files.map((path) => readFileSync(join(ROOT, 'src', path), 'utf8'))
  const specifiers = texts.flatMap((text) =>
    [...text.matchAll(/(?:\bfrom|\bimport\(|createRequire\(import\.meta\.url\)\(|\brequire\()\s*'([^'.][^']*)'/g)].map(
      (match) => match[1] ?? '',
    ),
  )
  const others = specifiers.filter((name) => !name.startsWith('node:') && !builtinModules.includes(name))
  return new Set(others.map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')))
}

/** Where npm puts what a package asks for. */
function placeOf(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.replace(/\/?node_modules\/(?:@[^/]+\/)?[^/]+$/, '')) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (packages[path] !== undefined) return path
    if (folder === '') return undefined
  }
}

/** Those packages and all that they ask for, by place in the lock file. Libraries for machines that we are not for are left out. */
function closure(names: Iterable<string>): Map<string, Locked> {
  const found = new Map<string, Locked>()
  const visit = (name: string, from: string) => {
    const path = placeOf(name, from)
    if (path === undefined || found.has(path)) return
    const locked = packages[path] as Locked
    found.set(path, locked)
    for (const each of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })) {
      if (!each.startsWith('@koromix/koffi-') || /linux-(?:x64|arm64)$/.test(each)) visit(each, path)
    }
  }
  for (const name of names) visit(name, '')
  return found
}

const runtime = new Set([...imported(), ...Object.keys(manifest.dependencies)])
const all = closure(runtime)
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

test('what ships is what the table says', () => {
  expect([...all.keys()].map(nameOf).toSorted()).toEqual(Object.keys(SHIPPED).toSorted())
})

test('each has the licence that the table says', () => {
  const found = Object.fromEntries([...all].map(([path, { license }]) => [nameOf(path), license]))
  expect(found).toEqual(Object.fromEntries(Object.entries(SHIPPED).map(([name, [, licence]]) => [name, licence])))
})

test('each install script is one that the table justifies, and none of any package is run', () => {
  const scripted = [...all]
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => nameOf(path))
  const justified = Object.entries(SHIPPED).filter(([, [, , script]]) => script !== undefined)
  expect(scripted.toSorted()).toEqual(justified.map(([name]) => name).toSorted())
  expect(readFileSync(join(ROOT, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m)
})

test('what ships has exact versions, those of the lock file, and archives that are known by their hash', () => {
  const asked = { ...manifest.devDependencies, ...manifest.dependencies }
  for (const name of runtime)
    expect(`${name} ${asked[name]}`).toBe(`${name} ${packages[`node_modules/${name}`]?.version}`)
  for (const [path, { integrity }] of all) expect(integrity, path).toMatch(/^sha512-/)
})

test('an advisory counts where it is of what ships, also of what is in our files; a registry that does not tell of any is no answer', () => {
  const titled = (title: string) => ({ via: [{ title, severity: 'high', range: '<9' }] })
  const vulnerabilities = {
    'lru-cache': titled('reads too far'),
    vitest: titled('not shipped'),
    netlink: { via: ['koffi'] },
  }
  expect(known({ auditReportVersion: 2, vulnerabilities })).toEqual([
    'lru-cache: reads too far (high, <9)',
    'netlink: by koffi',
  ])
  expect(known({ auditReportVersion: 2, vulnerabilities: {} })).toEqual([])
  expect(known({ message: '405 Method Not Allowed', statusCode: 405 })).toBeUndefined()
})
