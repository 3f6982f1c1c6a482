import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { Lab, original } from './kit/lab.ts'
import { inside } from './kit/world.ts'

const ROOT = join(import.meta.dirname, '../..')
const CLIENT = `${inside.repo}/dist/cli/main.js`
/** What a person has in PATH; `sudo` is root already. */
const PROGRAMS = {
  tsresolvectl: `exec ${inside.node} ${CLIENT} "$@"`,
  resolvectl: `exec ${inside.node} ${CLIENT} "$@"`,
  sudo: 'exec "$@"',
}
const zone = { 'wiki.corp.example': 'A 198.51.100.30', 'www.example.com': 'A 192.0.2.1' }

/** Commands of the blocks marked `sh` below a heading, or of the whole text; those marked `sh untried` are left out. */
function blocks(file: string, heading = ''): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const from = heading === '' ? 0 : text.indexOf(`\n## ${heading}\n`)
  const to = heading === '' ? -1 : text.indexOf('\n## ', from + 1)
  const part = text.slice(from, to === -1 ? undefined : to)
  return [...part.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].flatMap(([, commands]) => commands ?? [])
}

test.skipIf(original).each([
  ['README.md', 'First five minutes'],
  ['config/recipes.md', ''],
])('%s %s: every command that is not marked does what it is for', async (file, heading) => {
  const links = { eth0: { zone }, vpn0: { zone, dns: [] } }
  await using lab = await Lab.open({ links })
  for (const [name, text] of Object.entries(PROGRAMS)) await lab.write(`/run/lab/bin/${name}`, `#!/bin/sh\n${text}\n`)
  await lab.run(['sh', '-c', 'chmod 755 /run/lab/bin/* && ln -s "$0" /run/lab/bin/resolvconf', CLIENT])
  const found = blocks(file, heading)
  expect(found.length).toBeGreaterThan(0)
  for (const commands of found) {
    const path = `/run/lab/bin:${dirname(inside.node)}:/usr/sbin:/usr/bin:/sbin:/bin`
    const { code, stdout, stderr } = await lab.tryRun(['env', `PATH=${path}`, 'sh', '-euc', commands])
    expect(`${code}\n${stderr}`, `${commands}\n${stdout}`).toMatch(/^0\n/)
  }
})
