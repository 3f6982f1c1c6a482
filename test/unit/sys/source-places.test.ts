import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { afterAll, expect, test } from 'vitest'
import { SourcePlaces } from '../../../src/sys/source-places.ts'

const folder = mkdtempSync(join(tmpdir(), 'source-places-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a stack of a built file names the source, and keeps what has no map', async () => {
  const source = join(folder, 'thrower.ts')
  writeFileSync(source, 'type None = undefined\n\nconsole.log(new Error("here").stack as string | None)\n')
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const outfile = join(folder, 'dist', 'built.js')
  await build({ entryPoints: [source], outfile, format: 'esm', sourcemap: 'linked', minifyWhitespace: true })
  const stack = execFileSync(process.execPath, [outfile], { encoding: 'utf8' })
  expect(stack).toContain(`${pathToFileURL(outfile).href}:1:`)
  const elsewhere = `file://${folder}/other.js:1:2`
  const text = new SourcePlaces().inText(`${stack}\n    at ${elsewhere}`)
  expect(text).toContain('at thrower.ts:3:13')
  expect(text).not.toContain('built.js')
  expect(new SourcePlaces().inText(stack.replaceAll('file://', ''))).toContain('at thrower.ts:3:13')
  expect(text).toContain(elsewhere)
})
