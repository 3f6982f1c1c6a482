import { expect, test } from 'vitest'
import { type ConfigWarning, ConfigWarnings } from '../../../src/settings/index.ts'
import { recordingLog } from '../files/kit.ts'

const about = (file: string): ConfigWarning => ({ file, line: 1, key: 'DNS', message: 'bad.' })

test('R-CONF-6: each reading of a source takes the place of the one before, and of no other', () => {
  const { log, lines } = recordingLog()
  const warnings = new ConfigWarnings(log)
  warnings.of('hosts')([about('hosts')])
  warnings.of('resolved.conf')([about('a'), about('b')])
  expect(warnings.all.map(({ file }) => file)).toEqual(['a', 'b', 'hosts'])
  warnings.of('resolved.conf')([about('b')])
  expect(warnings.all.map(({ file }) => file)).toEqual(['b', 'hosts'])
  warnings.of('hosts')([])
  warnings.of('resolved.conf')([])
  expect(warnings.all).toEqual([])
  expect(lines).toEqual(['hosts:1: DNS=: bad.', 'a:1: DNS=: bad.', 'b:1: DNS=: bad.', 'b:1: DNS=: bad.'])
})
