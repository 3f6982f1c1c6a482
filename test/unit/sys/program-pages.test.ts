import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Logger } from '../../../src/base/index.ts'
import { Libc, programPages, releasePages } from '../../../src/sys/index.ts'
import { unmodifiedMappings } from '../../../src/sys/program-pages.ts'

/** The lines of smaps that are read, for a mapping of 0x100000 bytes. */
const part = (permissions: string, inode: number, anonymous: number, path = '/usr/lib/tsresolved/node') =>
  `7f3100000000-7f3100100000 ${permissions} 00000000 08:01 ${inode} ${path}\n` +
  `Size:               1024 kB\nRss:                 512 kB\nAnonymous:     ${String(anonymous).padStart(9)} kB\nVmFlags: rd mr\n`

const found = [{ start: 0x7f3100000000n, size: 0x100000 }]
test.each([
  ['program text', part('r-xp', 7, 0), found],
  ['constants', part('r--p', 7, 0), found],
  ['relocated by the loader: it would be lost', part('r--p', 7, 4), []],
  ['data', part('rw-p', 7, 0), []],
  ['compiled by V8', part('rwxp', 0, 0, ''), []],
  ['memory of nobody', part('r--p', 0, 0, ''), []],
  ['shared', part('r--s', 7, 0), []],
  ['two', part('r-xp', 7, 0) + part('r--p', 7, 0), [...found, ...found]],
  ['too small', part('r-xp', 7, 0).replace('7f3100100000', '7f3100010000'), []],
  ['nothing', '', []],
])('%s', (_title, smaps, expected) => {
  expect(unmodifiedMappings(smaps)).toEqual(expected)
})

test('the program goes on, with less memory', () => {
  const libc = Libc.load(new Logger('debug', () => {})) as Libc
  const ofFiles = () => Number(/^RssFile:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
  libc.function('madvise') // loaded before it is measured
  const before = ofFiles()
  releasePages(libc, programPages())
  expect(ofFiles()).toBeLessThan(before * 0.8)
  expect(JSON.parse('[1, 2]')).toEqual([1, 2])
})
