import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The version of the package this file was built from. */
export function packageVersion(): string {
  const text = readFileSync(join(dirname(import.meta.filename), '../package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
