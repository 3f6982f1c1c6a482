import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parseRights } from '../../../src/sys/capabilities.ts'
import { findUser } from '../../../src/sys/index.ts'

describe('the status of a thread', () => {
  test('tells users, groups and capabilities', () => {
    const status =
      'Name:\tnode\nUid:\t1\t2\t3\t4\nGid:\t5\t5\t5\t5\nCapPrm:\t0000000000002400\nCapEff:\t0000000000000400\n'
    expect(parseRights(status)).toEqual({
      uids: [1, 2, 3, 4],
      gids: [5, 5, 5, 5],
      permitted: 0x2400n,
      effective: 0x400n,
    })
  })
  test('is refused when it is none', () => {
    expect(() => parseRights('Name:\tnode\n')).toThrow('no Uid')
  })
})

test('a user is found by name, and only by the whole of it', () => {
  const passwd = 'root:x:0:0::/:/bin/sh\nbroken\nresolve:x:990:991:Resolver:/:/usr/sbin/nologin\n'
  expect(findUser(passwd, 'resolve')).toEqual({ name: 'resolve', uid: 990, gid: 991 })
  expect(findUser(passwd, 'res')).toBeUndefined()
  expect(findUser(passwd, 'broken')).toBeUndefined()
})

describe.skipIf(process.getuid?.() !== 0)('R-PROC-4: root is given up for good', () => {
  const lost = { uid: 65_534, canAdmin: false, rootAgain: 'EPERM', shadow: 'EACCES' }

  test('keeping what port 53 and links need', async () => {
    expect(await run('libc')).toEqual({ ...lost, canBind: true, canRaw: true, lowPort: 'done' })
  })
  test('keeping nothing without the C library', async () => {
    expect(await run('plain')).toEqual({ ...lost, canBind: false, canRaw: false, lowPort: 'EACCES' })
  })
})

async function run(kind: string): Promise<unknown> {
  const script = join(import.meta.dirname, 'drop-rights.ts')
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, kind])
  return JSON.parse(stdout) as unknown
}
