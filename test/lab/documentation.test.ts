import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { commandsBelow, commandsIn } from '../kit/commands.ts'
import { Lab, original } from './kit/lab.ts'
import { inside } from './kit/world.ts'

const CLIENT = `${inside.repo}/dist/cli/main.js`
/** What a person has in PATH; `sudo` is root already. */
const PROGRAMS = {
  tsresolvectl: `exec ${inside.node} ${CLIENT} "$@"`,
  resolvectl: `exec ${inside.node} ${CLIENT} "$@"`,
  sudo: 'exec "$@"',
}
const zone = { 'wiki.corp.example': 'A 198.51.100.30', 'www.example.com': 'A 192.0.2.1' }

/** Where commands of documents are run, by file and heading; recipes all in one go. */
const RUN_HERE: Readonly<Record<string, readonly string[]>> = {
  'README.md': ['First five minutes'],
  'config/recipes.md': ['Split DNS by hand', 'wg-quick', 'Encrypted DNS'],
}
/** What builds, starts or tests is run by `npm test` itself; machines that are booted are those of `npm run package-test`. */
const RUN_ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'README.md': ['Try it', 'Install it', 'By hand', 'Take it away again', 'When something is wrong', 'Development'],
  'nss/README.md': ['Build and install', 'Tests'],
}

test('no commands of a document are left out', () => {
  const files = ['README.md', 'nss/README.md', 'config/recipes.md', 'config/migration.md', 'config/debian/README.md']
  for (const file of files) {
    const headings = [...(RUN_HERE[file] ?? []), ...(RUN_ELSEWHERE[file] ?? [])]
    expect(new Set(commandsIn(file).map(({ heading }) => heading)), file).toEqual(new Set(headings))
  }
})

test.skipIf(original).each(Object.entries(RUN_HERE))('%s: commands do what they are for', async (file, headings) => {
  const links = { eth0: { zone }, vpn0: { zone, dns: [] } }
  await using lab = await Lab.open({ links })
  for (const [name, text] of Object.entries(PROGRAMS)) await lab.write(`/run/lab/bin/${name}`, `#!/bin/sh\n${text}\n`)
  await lab.run(['sh', '-c', 'chmod 755 /run/lab/bin/* && ln -s "$0" /run/lab/bin/resolvconf', CLIENT])
  for (const commands of headings.flatMap((heading) => commandsBelow(file, heading))) {
    const path = `/run/lab/bin:${dirname(inside.node)}:/usr/sbin:/usr/bin:/sbin:/bin`
    const { code, stdout, stderr } = await lab.tryRun(['env', `PATH=${path}`, 'sh', '-euc', commands])
    expect(`${code}\n${stderr}`, `${commands}\n${stdout}`).toMatch(/^0\n/)
  }
})
