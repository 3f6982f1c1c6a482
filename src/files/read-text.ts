import { constants, type BigIntStats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'

/** Changes whenever the file is replaced or written to; empty when there is no file. */
export type FileStamp = string

/** Larger configuration is a mistake, and must not fill the memory. */
export const MAX_CONFIG_SIZE = 1 << 20
/** Bytes read at once of a large file. */
const LARGEST_READ = 1 << 20

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
  return readOpened(path, async (handle, stats) => {
    const mayHaveText = checkFile(path, stats, maxSize)
    const text = mayHaveText ? await orFileError(path, () => handle.readFile('utf8')) : ''
    return { text, stamp: stampOf(stats) }
  })
}

/** Bytes, and by what to see that their file has changed. */
export interface StampedBytes {
  readonly bytes: Buffer
  readonly stamp: FileStamp
}

/** As `readStamped`, for files of many megabytes: no text is made of them, and nothing is copied. @throws {FileError} */
export async function readStampedBytes(path: string, maxSize: number): Promise<StampedBytes | undefined> {
  return readOpened(path, async (handle, stats) => {
    const mayHaveText = checkFile(path, stats, maxSize)
    const bytes = mayHaveText ? await orFileError(path, () => readBytes(handle, Number(stats.size))) : Buffer.alloc(0)
    return { bytes, stamp: stampOf(stats) }
  })
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

async function readOpened<T>(path: string, read: (handle: FileHandle, stats: BigIntStats) => Promise<T>) {
  // Without O_NONBLOCK a FIFO in place of the file would hold us for ever.
  const handle = await orMissing(path, () => open(path, constants.O_RDONLY | constants.O_NONBLOCK))
  if (handle === undefined) return undefined
  try {
    return await read(handle, await handle.stat({ bigint: true }))
  } finally {
    await handle.close()
  }
}

/** False for /dev/null: the usual way to mask a file. @throws {FileError} */
function checkFile(path: string, stats: BigIntStats, maxSize: number): boolean {
  if (stats.isCharacterDevice()) return false
  if (!stats.isFile()) throw new FileError(`${path}: not a regular file`)
  if (stats.size > maxSize) throw new FileError(`${path}: larger than ${maxSize} bytes`)
  return true
}

/** As many as there are, up to `size`: who writes more meanwhile changes the stamp, and is read at the next look. */
async function readBytes(handle: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size)
  for (let at = 0; at < size; ) {
    const { bytesRead } = await handle.read(bytes, at, Math.min(size - at, LARGEST_READ))
    if (bytesRead === 0) return bytes.subarray(0, at)
    at += bytesRead
  }
  return bytes
}

async function orFileError<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new FileError(`${path}: ${(error as Error).message}`, { cause: error })
  }
}

function stampOf({ dev, ino, mtimeNs, size }: BigIntStats): FileStamp {
  return [dev, ino, mtimeNs, size].join(':')
}
