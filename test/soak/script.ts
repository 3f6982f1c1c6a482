import { join } from 'node:path'
import { build } from 'esbuild'

/** A script of this folder as one piece of JavaScript, to be run inside a machine with `node -e`. */
export async function scriptOf(name: string, format: 'cjs' | 'esm' = 'cjs'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    format,
    target: 'node20',
  })
  return outputFiles[0]?.text ?? ''
}
