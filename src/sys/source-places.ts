import { readFileSync } from 'node:fs'
import module, { type SourceMap, type SourceMapPayload } from 'node:module'

const BUILT_PLACE = /(?:file:\/\/)?(\/[^:\n]+\.c?js):(\d+):(\d+)/g

/**
 * Puts files and lines of the source where a stack names the built ones, by the maps beside them; what has no map stays.
 * They are read when a stack is logged, which should be never: `--enable-source-maps` reads them at each start, in 10 ms.
 */
export class SourcePlaces {
  readonly #maps = new Map<string, SourceMap | undefined>()

  inText(text: string): string {
    return text.replace(BUILT_PLACE, (place, path: string, line: string, column: string) => {
      const entry = this.#mapOf(path)?.findEntry(Number(line) - 1, Number(column) - 1)
      if (entry === undefined || !('originalSource' in entry)) return place
      const source = entry.originalSource.replace(/^(?:\.\.\/)+/, '')
      return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
    })
  }

  #mapOf(path: string): SourceMap | undefined {
    if (!this.#maps.has(path)) this.#maps.set(path, readMap(path))
    return this.#maps.get(path)
  }
}

function readMap(path: string): SourceMap | undefined {
  try {
    return new module.SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8')) as SourceMapPayload)
  } catch {
    return undefined // a stack of the built files is better than none
  }
}
