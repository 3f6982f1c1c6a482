import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** Commands of a document that are marked `sh`, and the heading they stand below; those marked `sh untried` are left out. */
export interface Commands {
  /** As it is written; empty before the first one. */
  readonly heading: string
  readonly text: string
}

/** All of them, in order. @throws {Error} where there is no such file */
export function commandsIn(file: string): readonly Commands[] {
  const lines = readFileSync(join(ROOT, file), 'utf8')
  const pattern = /^##+ (.*)$|^ *```sh\n([\s\S]*?)^ *```$|^ *```[^\n]*\n[\s\S]*?^ *```$/gm
  const found: Commands[] = []
  let heading = ''
  for (const [, title, text] of lines.matchAll(pattern)) {
    if (title !== undefined) heading = title
    if (text !== undefined) found.push({ heading, text })
  }
  return found
}

/** Those below one heading. @throws {Error} when there are none */
export function commandsBelow(file: string, heading: string): readonly string[] {
  const found = commandsIn(file).filter((each) => each.heading === heading)
  if (found.length === 0) throw new Error(`${file}: no commands below '${heading}'`)
  return found.map(({ text }) => text)
}
