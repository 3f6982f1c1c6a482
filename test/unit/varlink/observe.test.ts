import { expect, test } from 'vitest'
import { Service } from '../../../src/varlink/connection/service.ts'
import { observeInterface } from '../../../src/varlink/methods/observe.ts'
import { call, fakePorts, RecordingLog } from './support.ts'

test('R-CONF-6: ListConfigurationWarnings tells what could not be used, and where', async () => {
  const all = [
    { file: '/etc/hosts', line: 3, key: undefined, message: "'x_y' is not a host name." },
    { file: '/etc/systemd/resolved.conf', line: 9, key: 'DNS', message: "'x' is not an address." },
  ]
  const served = observeInterface({ ...fakePorts().ports, warnings: { all } })
  const [reply] = await call(
    new Service([served], new RecordingLog()),
    'io.tsresolved.Observe.ListConfigurationWarnings',
  )
  expect(reply?.parameters).toEqual({
    warnings: [
      { file: '/etc/hosts', line: 3, message: "'x_y' is not a host name." },
      { file: '/etc/systemd/resolved.conf', line: 9, key: 'DNS', message: "'x' is not an address." },
    ],
  })
})
