import { expect, test } from 'vitest'
import { activatedSockets } from '../../../src/varlink/index.ts'

const CASES: [string, Record<string, string>, [string, number][]][] = [
  ['none', {}, []],
  ['for another process', { LISTEN_PID: '8', LISTEN_FDS: '1', LISTEN_FDNAMES: 'varlink' }, []],
  [
    'both',
    { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'varlink-monitor:varlink' },
    [
      ['varlink-monitor', 3],
      ['varlink', 4],
    ],
  ],
  ['more names than sockets', { LISTEN_PID: '7', LISTEN_FDS: '1', LISTEN_FDNAMES: 'varlink:x' }, [['varlink', 3]]],
  ['not a number', { LISTEN_PID: '7', LISTEN_FDS: '1x', LISTEN_FDNAMES: 'varlink' }, []],
]
test.each(CASES)('passed sockets: %s', (_, environment, expected) => {
  expect([...activatedSockets(environment, 7)]).toEqual(expected)
})
