import { setTimeout as pause } from 'node:timers/promises'
import { SeededRandom } from '../kit/seeded-random.ts'
import { eventually } from '../lab/kit/eventually.ts'
import { Lab } from '../lab/kit/lab.ts'
import { inside } from '../lab/kit/world.ts'
import { scriptOf } from './script.ts'
import type { Progress } from './setter.ts'

export interface KillOptions {
  readonly kills: number
  readonly seed: number
  readonly onLine?: (line: string) => void
}

/** The longest that a daemon lives after it has started or acknowledged something, in milliseconds. */
const LONGEST_LIFE = 120
/** One of so many dies whether it has acknowledged anything or not, perhaps before it has read what was saved. */
const EARLY = 4
const LOOK = 5
const PATIENCE = 60_000

/** Ends the daemon by `kill -9` again and again while settings are set: nothing acknowledged may be lost. */
export async function killDaemon({ kills, seed, onLine }: KillOptions): Promise<Progress> {
  await using lab = await Lab.open({ links: { lan: { zone: false }, vpn: { zone: false } } })
  const random = new SeededRandom(seed)
  const indices = [await lab.links.lan.index(), await lab.links.vpn.index()]
  let progress: Progress = { acknowledged: 0, looks: 0, lost: [] }
  const argv = [inside.node, '--input-type=module', '-e', await scriptOf('setter', 'esm'), ...indices.map(String)]
  await lab.world.start('setter', argv, {
    until: /^setting$/,
    onLine: (line) => {
      if (line.startsWith('{')) progress = JSON.parse(line) as Progress
    },
  })
  for (let kill = 1; kill <= kills && progress.lost.length === 0; kill++) {
    const { acknowledged } = progress
    const isEarly = random.below(EARLY) === 0
    const isDue = () => isEarly || progress.acknowledged > acknowledged
    for (let waited = 0; !isDue() && waited < PATIENCE; waited += LOOK) await pause(LOOK)
    await pause(random.below(LONGEST_LIFE))
    await lab.daemon.stop('SIGKILL')
    await lab.daemon.start()
    if (kill % 50 === 0)
      onLine?.(`${kill} kills: ${progress.acknowledged} settings acknowledged, ${progress.looks} looks`)
  }
  const { looks } = progress
  await lab.daemon.stop('SIGKILL')
  await lab.daemon.start()
  await eventually(() => {
    if (progress.looks === looks) throw new Error('the settings were not looked at after the last start')
  })
  return progress
}
