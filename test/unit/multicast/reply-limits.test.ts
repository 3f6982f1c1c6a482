import { expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import { ReplyLimits } from '../../../src/multicast/reply-limits.ts'
import { FakeClock } from '../../kit/fake-clock.ts'

const host = (number: number) => IpAddress.of(`10.0.${number >> 8}.${number & 255}`)

test('MC-IN-3: all askers together get 1000 replies at once, and 1000 in each second after that', async () => {
  const clock = new FakeClock()
  const limits = new ReplyLimits(clock)
  const granted = () => Array.from({ length: 3000 }, (_, i) => limits.take(host(i % 200))).filter(Boolean).length
  expect(granted()).toBe(1000)
  expect(granted()).toBe(0)
  await clock.advance(500)
  expect(granted()).toBe(500)
})

test('MC-SEC-3: one asker takes nothing away from others, and what it is refused counts for nobody', () => {
  const limits = new ReplyLimits(new FakeClock())
  const granted = Array.from({ length: 5000 }, () => limits.take(host(1))).filter(Boolean).length
  expect(granted).toBe(50)
  expect(limits.take(host(2))).toBe(true)
})

test('MC-SEC-4: of ever new askers 256 are remembered', () => {
  const limits = new ReplyLimits(new FakeClock())
  for (let i = 0; i < 50; i++) limits.take(host(1))
  expect(limits.take(host(1))).toBe(false)
  for (let i = 2; i < 258; i++) limits.take(host(i))
  expect(limits.take(host(1)), 'forgotten').toBe(true)
})
