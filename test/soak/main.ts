import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

/*
 * `npm run soak -- [--minutes N] [--kills N] [--seed N]`: the daemon under mixed and hostile load for half an hour; with
 * `--kills` it is ended so many times by `kill -9` while settings are set, and the load is left out unless minutes are given.
 */
const { values } = parseArgs({
  options: { minutes: { type: 'string' }, kills: { type: 'string', default: '0' }, seed: { type: 'string' } },
})
const minutes = Number(values.minutes ?? (values.kills === '0' ? 30 : 0))
const env = {
  ...process.env,
  SOAK_SECONDS: String(minutes * 60),
  SOAK_KILLS: values.kills,
  ...(values.seed === undefined ? {} : { SOAK_SEED: values.seed }),
}
const argv = ['vitest', 'run', '--config', 'test/vitest.config.ts', '--project', 'lab', 'test/lab/soak.test.ts']
process.exitCode = spawnSync('npx', argv, { env, stdio: 'inherit' }).status ?? 1
