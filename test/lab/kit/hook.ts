import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Lab } from './lab.ts'
import type { Program } from './program.ts'
import { inside } from './world.ts'

export const HOOK_DIRECTORY = '/run/systemd/resolve.hook'

/** What a hook in the lab knows: records by `name TYPE` as in a master file; names in `domains` that it lacks do not exist. */
export interface HookSetup {
  readonly domains?: readonly string[]
  readonly records?: Readonly<Record<string, readonly string[]>>
  /** Says nothing to questions. */
  readonly isSilent?: boolean
}

/** Starts a program that answers names at a socket in the folder of hooks; resolves when it listens. */
export async function startHook(lab: Lab, name: string, setup: HookSetup): Promise<Program> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('hook-process.ts', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
  })
  await lab.run(['mkdir', '-p', HOOK_DIRECTORY])
  const argv = [inside.node, '-e', outputFiles[0]?.text ?? '', '--', `${HOOK_DIRECTORY}/${name}`, JSON.stringify(setup)]
  return lab.world.start(name, argv, { until: /^listening$/ })
}
