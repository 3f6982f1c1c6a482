import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Lab } from './lab.ts'
import type { Link } from './link.ts'
import { withPriority } from './priority.ts'
import { inside } from './world.ts'

/** Serves the zones of `hostile-zones-process.ts` at the link's `server`; gives the line of the trust anchor. */
export async function serveHostileZones(lab: Pick<Lab, 'write'>, link: Link): Promise<string> {
  const lines: string[] = []
  const entry = fileURLToPath(new URL('hostile-zones-process.ts', import.meta.url))
  const options = { bundle: true, write: false, platform: 'node', format: 'cjs', target: 'node20' } as const
  const { outputFiles } = await build({ ...options, entryPoints: [entry] })
  const script = '/run/lab/hostile-zones.cjs'
  await lab.write(script, outputFiles[0]?.text ?? '')
  const onLine = (line: string) => void lines.push(line)
  await link.start([...withPriority(-20), inside.node, script, link.server], { until: /^ready/, onLine })
  return lines.map((line) => line.replace(/^\. \d+ DS/, '. IN DS')).join('\n')
}
