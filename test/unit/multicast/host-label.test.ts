import { beforeEach, describe, expect, test } from 'vitest'
import { HostLabel, labelOfHost, nextLabel } from '../../../src/multicast/host-label.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'

const draws = (value: number) => ({ below: () => value })

test.each([
  ['LL-R-8: the first label, letter case kept', 'Kitchen.example.com', 'Kitchen'],
  ['LL-R-8: an A-label is shown to neighbours as what it stands for', 'xn--bcher-kva.example', 'bücher'],
  ['LL-R-8: localhost names nobody', 'localhost.localdomain', 'linux'],
  ['LL-R-8: in any letter case', 'LocalHost', 'linux'],
  ['LL-R-8: no name at all', '', 'linux'],
  ['LL-R-8: what the kernel says where none is set', '(none)', 'linux'],
  ['LL-R-8: characters that would be another name when read', 'a\\.b', 'linux'],
  ['LL-R-8: too long for a label', 'ü'.repeat(32), 'linux'],
])('%s', (_, hostName, label) => {
  expect(labelOfHost(hostName)).toBe(label)
})

test.each([
  ['LL-R-7: no number counts as 1, the least step', 'host', 0, 'host2'],
  ['LL-R-7: the largest step', 'host', 9, 'host11'],
  ['LL-R-7: a number is counted up', 'host9', 0, 'host10'],
  ['LL-R-7: only digits', '1', 3, '5'],
  ['LL-R-7: a number that is longer than numbers are', 'a123456789012', 0, 'a123456789013'],
  ['LL-R-7: never above 63 bytes', 'x'.repeat(63), 0, `${'x'.repeat(62)}2`],
  ['LL-R-7: bytes, not characters, and none in two', `${'ü'.repeat(31)}x`, 9, `${'ü'.repeat(30)}11`],
])('%s', (_, label, drawn, next) => {
  expect(nextLabel(label, draws(drawn))).toBe(next)
})

describe('renaming', () => {
  let clock: FakeClock
  let label: HostLabel
  let told: string[]
  let warnings: string[]
  beforeEach(() => {
    clock = new FakeClock()
    told = []
    warnings = []
    const log = { warning: (text: unknown) => void warnings.push(String(text)) }
    label = new HostLabel('host.example', { clock, random: new SeededRandom(1), log })
    label.onChange((name) => void told.push(name))
  })

  test('MD-P-8: a conflict makes a new label at once, and says so once', () => {
    label.onConflict('host', 'eth0')
    expect(label.label).toMatch(/^host\d+$/)
    expect(told).toEqual([label.label])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('eth0: another machine has the name host.')
  })

  test('MD-P-8: the same loss seen on several links, by both protocols, is one', () => {
    for (const link of ['eth0', 'eth1', 'wlan0']) label.onConflict('host', link)
    expect(told).toHaveLength(1)
    expect(label.isLost).toBe(false)
  })

  test('MD-P-11: at most one renaming in 10 s, whatever strangers say', async () => {
    for (let second = 0; second < 95; second++) {
      label.onConflict(label.label, 'eth0')
      await clock.advance(1000)
    }
    expect(new Set(told).size).toBe(10)
    expect(warnings).toHaveLength(10)
  })

  test('MD-P-11: a label lost too soon after another is lost for as long as the next one takes', async () => {
    label.onConflict('host', 'eth0')
    const second = label.label
    await clock.advance(4000)
    label.onConflict(second, 'eth0')
    expect([label.label, label.isLost, told]).toEqual([second, true, [second, second]])
    await clock.advance(5999)
    expect(label.label).toBe(second)
    await clock.advance(1)
    expect(label.label).not.toBe(second)
    expect(label.isLost).toBe(false)
  })

  test('LL-R-7: another host name is begun with as it is, and what waited does not come', async () => {
    label.onConflict('host', 'eth0')
    label.onConflict(label.label, 'eth0')
    label.follow('other')
    expect([label.label, label.isLost, clock.pending]).toEqual(['other', false, 0])
  })

  test('LL-R-7: another host name with the same label is tried again', () => {
    label.onConflict('host', 'eth0')
    label.follow('host.example.net')
    expect([label.label, told.at(-1)]).toEqual(['host', 'host'])
  })

  test('LL-R-7: the same host name said again changes nothing', () => {
    label.onConflict('host', 'eth0')
    const renamed = label.label
    label.follow('host.example')
    expect(label.label).toBe(renamed)
  })

  test('closed, nothing waits any more', () => {
    label.onConflict('host', 'eth0')
    label.onConflict(label.label, 'eth0')
    label[Symbol.dispose]()
    expect(clock.pending).toBe(0)
  })
})
