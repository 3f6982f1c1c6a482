import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ChangeSignals } from '../../../src/bus/change-signals.ts'
import type { BusNode } from '../../../src/bus/object-tree.ts'

/** Objects with one property each, whose reads and signals are counted. */
class Objects {
  readonly values: string[]
  readonly told: string[] = []
  reads = 0
  readonly signals: ChangeSignals

  constructor(count: number, hasBasis: boolean) {
    this.values = Array.from({ length: count }, () => 'a')
    this.signals = new ChangeSignals(
      () => this.values.map((value, i) => [`/${i}`, this.#node(i, hasBasis ? [value] : undefined)] as const),
      (path, name, properties) => void this.told.push(`${path} ${name} ${Object.keys(properties).join()}`),
      (error) => {
        throw error
      },
    )
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < this.values.length; turn++) await nextTurn()
  }

  #node(i: number, basis: readonly unknown[] | undefined): BusNode {
    const read = () => (this.reads++, this.values[i])
    const told = { name: 'P', type: 's', emitsChange: 'true', read }
    const quiet = { name: 'Q', type: 's', emitsChange: 'false', read }
    const interfaces = [{ name: 'x.y', properties: [told, quiet] }]
    return { interfaces, children: [], ...(basis && { basis }) } as unknown as BusNode
  }
}

test('what has changed is told, once, in the same turn where there are few objects', () => {
  const objects = new Objects(3, true)
  objects.signals.check()
  objects.values[1] = 'b'
  objects.signals.check()
  objects.signals.check()
  expect([objects.told, objects.reads]).toEqual([['/1 x.y P'], 4])
})

test('objects that do not say what they are made of are read each time', () => {
  const objects = new Objects(3, false)
  objects.values[2] = 'b'
  objects.signals.check()
  expect([objects.told, objects.reads]).toEqual([['/2 x.y P'], 6])
})

test('one of a thousand links changed, and all properties of all of them were read in one turn', async () => {
  const objects = new Objects(1000, true)
  expect(objects.reads).toBeLessThan(100) // the first look, so far
  await objects.settle()
  expect(objects.reads).toBe(1000)
  objects.values[900] = 'b'
  objects.signals.check()
  expect(objects.told).toEqual([]) // others go on first
  await objects.settle()
  expect([objects.told, objects.reads]).toEqual([['/900 x.y P'], 1001])
})

test('what changes while thousands are looked at is told by a second look', async () => {
  const objects = new Objects(1000, true)
  await objects.settle()
  objects.values[900] = 'b'
  objects.signals.check()
  objects.values[3] = 'c' // behind where the look is
  objects.signals.check()
  await objects.settle()
  expect(objects.told).toEqual(['/900 x.y P', '/3 x.y P'])
})
