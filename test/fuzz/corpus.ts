import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Inputs that come with the sources: the fewest that reach every place that was ever reached. */
export const KEPT = join(import.meta.dirname, 'corpus')
/** Inputs found on this machine, and findings. */
export const FOUND = join(import.meta.dirname, '../../.cache/fuzz')

/** The inputs of a file, one in each line as base64; none where there is no file. */
export function readCorpus(folder: string, name: string): Buffer[] {
  const path = join(folder, name)
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => Buffer.from(line === '=' ? '' : line, 'base64'))
}

/** Replaces the file; the shortest inputs first. */
export function writeCorpus(folder: string, name: string, inputs: readonly Buffer[]): void {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  const lines = new Set(inputs.map((input) => (input.length === 0 ? '=' : input.toString('base64'))))
  const inOrder = [...lines].toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))
  writeFileSync(path, inOrder.map((line) => `${line}\n`).join(''))
}
