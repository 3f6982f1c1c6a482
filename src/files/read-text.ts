import { constants, type BigIntStats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'

/** Changes whenever the file is replaced or written to; empty when there is no file. */
export type FileStamp = string

/** Larger configuration is a mistake, and must not fill the memory. */
export const MAX_CONFIG_SIZE = 1 << 20

/** A text, and by what to see that its file has changed. */
export interface StampedText {
  readonly text: string
  readonly stamp: FileStamp
}

/** A file that is there but cannot be read; the message names it. */
export class FileError extends Error {
  override readonly name = 'FileError'
}

/**
 * The text of a regular file, or of /dev/null, which is empty; undefined when there is no file. The stamp is taken
 * first: what is written during the read shows at the next look. @throws {FileError}
 */
export async function readStamped(path: string, maxSize = MAX_CONFIG_SIZE): Promise<StampedText | undefined> {
  // Without O_NONBLOCK a FIFO in place of the file would hold us for ever.
  const handle = await orMissing(path, () => open(path, constants.O_RDONLY | constants.O_NONBLOCK))
  if (handle === undefined) return undefined
  try {
    const stats = await handle.stat({ bigint: true })
    return { text: await readAll(handle, path, stats, maxSize), stamp: stampOf(stats) }
  } finally {
    await handle.close()
  }
}

/** As `readStamped`, for those who read once. */
export async function readText(path: string, maxSize = MAX_CONFIG_SIZE): Promise<string | undefined> {
  return (await readStamped(path, maxSize))?.text
}

/** @throws {FileError} when it cannot be told whether the file is there */
export async function lookAt(path: string): Promise<FileStamp> {
  const stats = await orMissing(path, () => stat(path, { bigint: true }))
  return stats === undefined ? '' : stampOf(stats)
}

/** Runs `work` on a path; undefined when nothing is there. @throws {FileError} for every other failure */
export async function orMissing<T>(path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new FileError(`${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** Neither the file nor, perhaps, the folder it would be in. */
export function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOENT' || code === 'ENOTDIR'
}

async function readAll(handle: FileHandle, path: string, stats: BigIntStats, maxSize: number): Promise<string> {
  if (stats.isCharacterDevice()) return '' // /dev/null: the usual way to mask a file
  if (!stats.isFile()) throw new FileError(`${path}: not a regular file`)
  if (stats.size > maxSize) throw new FileError(`${path}: larger than ${maxSize} bytes`)
  try {
    return await handle.readFile('utf8')
  } catch (error) {
    throw new FileError(`${path}: ${(error as Error).message}`, { cause: error })
  }
}

function stampOf({ dev, ino, mtimeNs, size }: BigIntStats): FileStamp {
  return [dev, ino, mtimeNs, size].join(':')
}
