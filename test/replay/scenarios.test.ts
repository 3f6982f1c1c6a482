import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseScenarios, type Scenario } from '../kit/scenario-file.ts'
import { playScenario } from '../kit/scenario-player.ts'

const folder = new URL('scenarios/', import.meta.url)
const files = readdirSync(folder).filter((file) => file.endsWith('.scenario'))

describe.each(files)('%s', (file) => {
  const scenarios = parseScenarios(readFileSync(new URL(file, folder), 'utf8'), file)

  test.each(scenarios.map((scenario) => [scenario.title, scenario] as const))('%s', async (_title, scenario) => {
    const world = await playScenario(scenario)
    expect(world.timersLeft).toBe(0)
  })

  test('all the same without the memo of finished replies', async () => {
    for (const scenario of scenarios) {
      const world = await playScenario(scenario, { memo: false })
      expect(world.timersLeft).toBe(0)
    }
  })

  test('the same seed gives the same exchanges byte for byte, another seed other ones', async () => {
    const first = await transcript(scenarios, 7)
    expect(await transcript(scenarios, 7)).toEqual(first)
    expect(await transcript(scenarios, 8)).not.toEqual(first)
  })
})

/** All that goes upstream, and when. */
async function transcript(scenarios: readonly Scenario[], seed: number): Promise<string[]> {
  const lines: string[] = []
  for (const scenario of scenarios) {
    const { exchanges } = await playScenario(scenario, { seed })
    for (const { server, port, ifindex, channel, sentAt, wire } of exchanges) {
      lines.push(`${sentAt}ms ${server}:${port}%${ifindex} ${channel} ${wire.toString('hex')}`)
    }
  }
  return lines
}
