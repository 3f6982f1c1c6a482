import { expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import type { Listener } from '../../../src/stub/listener.ts'
import { QuotaGroups } from '../../../src/stub/quota-groups.ts'

const address = IpAddress.of('127.0.0.1')
const LISTENER: Listener = { kind: 'main', transport: 'udp', at: { address: IpAddress.of('127.0.0.53'), port: 53 } }
const SENDER = { address, port: 40_000, isLoopback: true, key: '127.0.0.1:40000' }

test('who got a port that a flood had just left was taken for the flood, and turned down', () => {
  const owners = [65_534, 0]
  const quotaGroups = new QuotaGroups(() => ({ uid: owners.shift() ?? -1, cgroup: undefined }))
  expect(quotaGroups.of(SENDER, LISTENER, 1000)[0]).toBe('uid 65534')
  expect(quotaGroups.of(SENDER, LISTENER, 1002)[0]).toBe('uid 65534') // the same question: asked once
  expect(quotaGroups.of(SENDER, LISTENER, 1020)[0]).toBe('uid 0')
})
