import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DEFENCES } from '../undefended/defences.ts'

/** `npm run undefended` takes them away; what it changes must stand in the sources, or it would take nothing away. */
test.each(DEFENCES)('can be taken away: $name', ({ file, edits, tests }) => {
  const text = readFileSync(`src/${file}`, 'utf8')
  for (const [from, to] of edits) {
    expect(text.split(from)).toHaveLength(2)
    expect(to).not.toBe(from)
  }
  for (const { project, file: path } of tests) expect(existsSync(`test/${project}/${path}.test.ts`)).toBe(true)
})
