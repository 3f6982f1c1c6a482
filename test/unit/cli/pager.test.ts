import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { notifyReady } from '../../../src/cli/client/notify.ts'
import { DEFAULT_OPTIONS } from '../../../src/cli/command/options.ts'
import { printPaged } from '../../../src/cli/terminal/pager.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tools-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

/** What comes out here, and what the pager has got. */
function paged(isTerminal: boolean, pager: boolean, environment: Record<string, string> = {}) {
  const got = join(folder, 'got')
  for (const [name, value] of Object.entries({ TERM: 'xterm', PAGER: `cat >${got}`, ...environment })) {
    vi.stubEnv(name, value)
  }
  vi.stubEnv('SYSTEMD_PAGER', undefined)
  const printed: string[] = []
  const screen = { isTerminal, print: (text: string) => void printed.push(text) }
  printPaged('text', { options: { ...DEFAULT_OPTIONS, pager }, screen } as never)
  return { printed, got: existsSync(got) ? readFileSync(got, 'utf8') : undefined }
}

test('C-4: a terminal gets the pager, nothing else does', () => {
  expect(paged(true, true)).toEqual({ printed: [], got: 'text\n' })
})

test.each([
  ['a file', false, true, {}],
  ['--no-pager', true, false, {}],
  ['a terminal that cannot be written over', true, true, { TERM: 'dumb' }],
  ['a terminal nobody knows', true, true, { TERM: '' }],
  ['a user who wants none', true, true, { PAGER: 'cat' }],
  ['a pager that is not there', true, true, { PAGER: 'no-such-pager' }],
] as const)('C-4: plain text for %s', (_whom, isTerminal, pager, environment) => {
  expect(paged(isTerminal, pager, environment)).toEqual({ printed: ['text'], got: undefined })
})

test('C-M-1: a service manager is told once the subscription stands; without one nothing is run', async () => {
  const told = join(folder, 'told')
  writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$@" >>${told}\n`)
  chmodSync(join(folder, 'systemd-notify'), 0o755)
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`)
  vi.stubEnv('NOTIFY_SOCKET', undefined)
  await notifyReady()
  expect(existsSync(told)).toBe(false)
  vi.stubEnv('NOTIFY_SOCKET', '/run/notify')
  await notifyReady()
  expect(readFileSync(told, 'utf8')).toBe(`--ready --pid=${process.pid}\n`)
})
