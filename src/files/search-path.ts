import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Log, reasonOf } from '../base/index.ts'
import type { SourceFile } from '../settings/index.ts'
import { FileError, inTurns, orMissing, readText } from './read-text.ts'

/** Where the system looks for configuration, strongest first (R-CONF-1). */
export const SYSTEM_DIRECTORIES = ['/etc', '/run', '/usr/local/lib', '/usr/lib'] as const

/** The first of `paths` that exists, dangling links aside. */
export async function firstExisting(paths: readonly string[], log: Log): Promise<string | undefined> {
  const found = await Promise.all(paths.map((path) => exists(path, log)))
  return paths[found.indexOf(true)]
}

/**
 * All files in `directories` whose name ends in `suffix`, sorted by name over all directories. The same name in an
 * earlier directory stands for it; an empty file or a link to /dev/null there masks it, as its text is empty.
 */
export async function filesIn(directories: readonly string[], suffix: string, log: Log): Promise<string[]> {
  const found = new Map<string, string>()
  const names = await Promise.all(directories.map((directory) => namesIn(directory, log)))
  for (const [i, directory] of directories.entries()) {
    for await (const name of inTurns(names[i] ?? [])) {
      const isWanted = name.endsWith(suffix) && !name.startsWith('.') && !found.has(name)
      if (isWanted && (await exists(join(directory, name), log))) found.set(name, join(directory, name))
    }
  }
  const byName = [...found].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return byName.map(([, path]) => path)
}

/** The texts of `paths` in order. One that cannot be read is a warning and loses only itself. */
export async function readSources(paths: readonly string[], log: Log): Promise<SourceFile[]> {
  const sources: SourceFile[] = []
  for await (const path of inTurns(paths)) {
    const text = await orWarn(log, () => readText(path))
    if (text !== undefined) sources.push({ path, text })
  }
  return sources
}

/** Runs `work`; a `FileError` becomes a warning and undefined. */
export async function orWarn<T>(log: Log, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    log.warning(`Cannot read ${reasonOf(error)}`)
    return undefined
  }
}

/*
 * Dozens of folders that mostly are not there: the system tells of one in some microseconds, and to ask it by another thread takes us
 * ten times as long.
 */

async function exists(path: string, log: Log): Promise<boolean> {
  return (await orWarn(log, () => orMissing(path, () => statSync(path)))) !== undefined
}

async function namesIn(directory: string, log: Log): Promise<string[]> {
  return (await orWarn(log, () => orMissing(directory, () => readdirSync(directory)))) ?? []
}
