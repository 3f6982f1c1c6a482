import { createRequire } from 'node:module'

type ChildProcess = typeof import('node:child_process')

/** As in `node:child_process`, which is loaded here: few calls start a program, and loading it is 3 % of what any call takes. */
export const spawnSync = ((...words: Parameters<ChildProcess['spawnSync']>) => {
  const { spawnSync: spawn } = createRequire(import.meta.url)('node:child_process') as ChildProcess
  return spawn(...words)
}) as ChildProcess['spawnSync']
