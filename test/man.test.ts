import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { manPages } from '../config/man/source/pages.ts'
import { OPTIONS } from '../src/cli/command/options.ts'
import { VERBS } from '../src/cli/command/verbs.ts'

const pages = manPages()
const shipped = join(import.meta.dirname, '../config/man')

test.each([...pages.keys()])('%s as shipped is up to date: npm run man', (name) => {
  expect(readFileSync(join(shipped, name), 'utf8')).toBe(pages.get(name))
})

test.skipIf(!existsSync('/usr/bin/groff')).each([...pages])('%s has no mistakes in its macros', (_name, text) => {
  const groff = (device: string) =>
    execFileSync('groff', ['-man', '-ww', `-T${device}`], { input: text, stdio: ['pipe', 'pipe', 'pipe'] }).toString()
  expect(groff('utf8').length).toBeGreaterThan(500)
})

test('tsresolvectl(1) has every verb and option, tsresolved(8) every option, tsresolved.conf(5) every key', () => {
  const ctl = pages.get('tsresolvectl.1') ?? ''
  for (const { name } of VERBS) expect(ctl).toContain(String.raw`\fB${name.replaceAll('-', String.raw`\-`)}\fR`)
  const longs = OPTIONS.flatMap(({ long }) => long ?? [])
  for (const long of longs) expect(ctl).toContain(`\\-\\-${long.replaceAll('-', String.raw`\-`)}`)
  for (const word of ['config', 'listen', 'user', 'version'])
    expect(pages.get('tsresolved.8')).toContain(`\\-\\-${word}`)
  const config = ['resolved.conf', 'tsresolved.conf']
    .map((name) => readFileSync(join(shipped, '..', name), 'utf8'))
    .join('')
  const keys = [...config.matchAll(/^#([A-Za-z]+)=/gm)].map((match) => match[1])
  expect(keys.length).toBeGreaterThan(20)
  for (const key of keys) expect(pages.get('tsresolved.conf.5')).toContain(`\\fB${key}=\\fR`)
})
