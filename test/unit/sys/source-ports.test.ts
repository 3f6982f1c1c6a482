import { describe, expect, test } from 'vitest'
import { FIRST_PORT, reservedPorts, ScarcePortsError, SourcePorts } from '../../../src/sys/source-ports.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'

const COUNT = 65_536 - FIRST_PORT

describe('R-SRV-7: the port of a question', () => {
  test('who binds all ports but a few knew which one the kernel would give us', () => {
    const ports = new SourcePorts(new SeededRandom(1), new Set())
    const left = new Set([40_000, 40_001, 40_002, 40_003])
    const given = Array.from({ length: 10_000 }, () => portOf(ports, (port) => left.has(port)))
    expect(given.filter((port) => port !== undefined)).toEqual([])
    expect(ports.areScarce).toBe(true)
  })

  test('scarcity is told once, and over soon after ports are free again', () => {
    const ports = new SourcePorts(new SeededRandom(2), new Set())
    let told = 0
    ports.onScarce = () => told++
    for (let i = 0; i < 100; i++) portOf(ports, () => false)
    let questions = 0
    while (portOf(ports, () => true) === undefined) questions++
    expect(told).toBe(1)
    expect(questions).toBeLessThan(32)
    expect(Array.from({ length: 1000 }, () => portOf(ports, () => true))).not.toContain(undefined)
  })

  test('half of the ports taken costs a few more tries and no question', () => {
    const ports = new SourcePorts(new SeededRandom(3), new Set())
    const given = Array.from({ length: 1000 }, () => portOf(ports, (port) => port % 2 === 0))
    expect(given.filter((port) => port === undefined).length).toBeLessThan(15)
    expect(new Set(given).size).toBeGreaterThan(950)
  })

  test('with the ID the ports make 31 bits: all of the range comes up, and evenly', () => {
    const ports = new SourcePorts(new SeededRandom(4), new Set())
    const hits = Array.from({ length: 16 }, () => 0)
    for (let i = 0; i < 48_000; i++) {
      const port = portOf(ports, () => true) as number
      const sixteenth = Math.floor(((port - FIRST_PORT) / COUNT) * 16)
      hits[sixteenth] = (hits[sixteenth] as number) + 1
    }
    for (const count of hits) expect(Math.abs(count - 3000)).toBeLessThan(250)
    expect(Math.log2(COUNT * 65_536)).toBeGreaterThan(31.5)
  })

  test('ports that the administrator keeps for services are never taken', () => {
    const reserved = reservedPorts('8080,16384-32767,50000\n')
    expect([reserved.has(8080), reserved.has(16_384), reserved.has(32_767), reserved.has(50_000)]).toEqual([
      false,
      true,
      true,
      true,
    ])
    const ports = new SourcePorts(new SeededRandom(5), reserved)
    const given = Array.from({ length: 5000 }, () => portOf(ports, () => true) as number)
    expect(given.some((port) => reserved.has(port))).toBe(false)
  })

  test.each(['', 'x', '70000-80000', '5-3', '16384-65535'])('reserved ports that say nothing: %j', (text) => {
    expect(reservedPorts(text).size).toBe(0)
  })

  test('any other failure to bind is told as it is', () => {
    const ports = new SourcePorts(new SeededRandom(6), new Set())
    const failing = () => {
      throw new Error('EPERM')
    }
    expect(() => ports.bind(failing)).toThrow('EPERM')
  })
})

function portOf(ports: SourcePorts, isFree: (port: number) => boolean): number | undefined {
  let bound: number | undefined
  try {
    ports.bind((port) => {
      if (isFree(port)) bound = port
      return bound !== undefined
    })
    return bound
  } catch (error) {
    if (error instanceof ScarcePortsError) return undefined
    throw error
  }
}
