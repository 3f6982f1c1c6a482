import { expect, test } from 'vitest'
import { killDaemon } from '../soak/kills.ts'
import { soak } from '../soak/soak.ts'
import { original } from './kit/lab.ts'

/** `npm run soak` sets these; otherwise a short piece of it runs. */
const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 45)
const KILLS = Number(process.env['SOAK_KILLS'] ?? 30)
const SEED = Number(process.env['SOAK_SEED'] ?? Date.now() % 0xffff_ffff)
const onLine = (line: string) => console.log(line)
/** Memory at the end beside that after a third of the time. */
const GROWTH = 1.2
const NOISE_MIB = 32
const HOUR = 3_600_000

test.skipIf(original || SECONDS === 0)(
  `hostile load, flaps, outages, reloads (SOAK_SEED=${SEED}): no wrong answer, no lost setting, flat memory, no wedge`,
  async () => {
    const report = await soak({ seconds: SECONDS, seed: SEED, onLine })
    onLine(JSON.stringify(report))
    expect(report.wrong).toEqual([])
    expect(report.lost).toEqual([])
    expect(report.quiet.failed).toBe(0)
    expect(report.quiet.good).toBeGreaterThan(20)
    expect(report.good).toBeGreaterThan(SECONDS * 5)
    expect(report.memory.end).toBeLessThan(Math.max(report.memory.warm * GROWTH, report.memory.warm + NOISE_MIB))
  },
  8 * HOUR,
)

test.skipIf(original || KILLS === 0)(
  `R-LINK-9: ${KILLS} kill -9 of the daemon during setters (SOAK_SEED=${SEED}) lose nothing that was acknowledged`,
  async () => {
    const { acknowledged, looks, lost } = await killDaemon({ kills: KILLS, seed: SEED, onLine })
    onLine(`${KILLS} kills, ${acknowledged} settings acknowledged, looked at ${looks} times`)
    expect(lost).toEqual([])
    expect(acknowledged).toBeGreaterThan(KILLS)
    expect(looks).toBeGreaterThan(KILLS / 2)
  },
  8 * HOUR,
)
