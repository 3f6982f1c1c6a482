import { expect, test } from 'vitest'
import { machineSpecifiers } from '../../../src/files/index.ts'
import { lay, recordingLog, scratch } from './kit.ts'

test('SD-F-4: what the machine says of itself', async () => {
  const root = scratch()
  await lay(root, {
    'etc/os-release': 'ID=debian\nVERSION_ID="12"\nVARIANT_ID=server\nBUILD_ID=1a\n',
    'etc/machine-id': '0123456789abcdef0123456789abcdef\n',
    'proc/sys/kernel/random/boot_id': '01234567-89ab-cdef-0123-456789abcdef\n',
    'proc/sys/kernel/osrelease': '6.1.0-1-amd64\n',
  })
  expect(await machineSpecifiers(root, 'x64', recordingLog().log)).toEqual({
    a: 'x86-64',
    b: '0123456789abcdef0123456789abcdef',
    B: '1a',
    m: '0123456789abcdef0123456789abcdef',
    o: 'debian',
    v: '6.1.0-1-amd64',
    w: '12',
    W: 'server',
  })
})

test('SD-F-4: what it does not say is empty', async () => {
  const { log, lines } = recordingLog()
  const { a, ...rest } = await machineSpecifiers(scratch(), 'arm64', log)
  expect([a, ...Object.values(rest)]).toEqual(['arm64', '', '', '', '', '', '', ''])
  expect(lines).toEqual([])
})
