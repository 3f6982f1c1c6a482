import { type BigIntStats, closeSync, constants, fstatSync, openSync, read, readFileSync, statSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'

/** Changes whenever the file is replaced or written to; empty when there is no file. */
export type FileStamp = string

/** Larger configuration is a mistake, and must not fill the memory. */
export const MAX_CONFIG_SIZE = 1 << 20
/**
 * Bytes of a file that is read in place, as systemd-resolved reads all of its: that takes some 20 µs, and to have another thread
 * open, read and close it more than ten times as long. Larger ones go by another thread, so many bytes at once.
 */
const READ_IN_PLACE = 1 << 16
const LARGEST_READ = 1 << 20
/** Files looked at or read in one turn of the event loop: about a millisecond of them. */
const FILES_IN_A_TURN = 32

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
  const found = await readStampedBytes(path, maxSize)
  return found && { text: found.bytes.toString('utf8'), stamp: found.stamp }
}

/** Bytes, and by what to see that their file has changed. */
export interface StampedBytes {
  readonly bytes: Buffer
  readonly stamp: FileStamp
}

/** As `readStamped`, for those who need no text of it. @throws {FileError} */
export async function readStampedBytes(path: string, maxSize: number): Promise<StampedBytes | undefined> {
  // Without O_NONBLOCK a FIFO in place of the file would hold us for ever.
  const fd = await orMissing(path, () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
  if (fd === undefined) return undefined
  try {
    const stats = fstatSync(fd, { bigint: true })
    const mayHaveText = checkFile(path, stats, maxSize)
    const bytes = mayHaveText ? await orFileError(path, () => readBytes(fd, Number(stats.size))) : Buffer.alloc(0)
    return { bytes, stamp: stampOf(stats) }
  } finally {
    closeSync(fd)
  }
}

/** As `readStamped`, for those who read once. */
export async function readText(path: string, maxSize = MAX_CONFIG_SIZE): Promise<string | undefined> {
  return (await readStamped(path, maxSize))?.text
}

/** @throws {FileError} when it cannot be told whether the file is there */
export async function lookAt(path: string): Promise<FileStamp> {
  const stats = await orMissing(path, () => statSync(path, { bigint: true }))
  return stats === undefined ? '' : stampOf(stats)
}

/** Runs `work` on a path; undefined when nothing is there. @throws {FileError} for every other failure */
export async function orMissing<T>(path: string, work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new FileError(`${path}: ${(error as Error).message}`, { cause: error })
  }
}

/** Some of `items` in each turn of the event loop, where a file is looked at for each: questions are answered in between. */
export async function* inTurns<T>(items: Iterable<T>): AsyncGenerator<T> {
  let count = 0
  for (const item of items) {
    if (++count % FILES_IN_A_TURN === 0) await nextTurn()
    yield item
  }
}

/** Neither the file nor, perhaps, the folder it would be in. */
export function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** False for /dev/null: the usual way to mask a file. @throws {FileError} */
function checkFile(path: string, stats: BigIntStats, maxSize: number): boolean {
  if (stats.isCharacterDevice()) return false
  if (!stats.isFile()) throw new FileError(`${path}: not a regular file`)
  if (stats.size > maxSize) throw new FileError(`${path}: larger than ${maxSize} bytes`)
  return true
}

/** As many as there are, of a large file up to `size`: who writes more meanwhile changes the stamp, and is read at the next look. */
function readBytes(fd: number, size: number): Buffer | Promise<Buffer> {
  return size <= READ_IN_PLACE ? readFileSync(fd) : readByThread(fd, size)
}

async function readByThread(fd: number, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size)
  for (let at = 0; at < size; ) {
    const { bytesRead } = await promisify(read)(fd, bytes, at, Math.min(size - at, LARGEST_READ), null)
    if (bytesRead === 0) return bytes.subarray(0, at)
    at += bytesRead
  }
  return bytes
}

async function orFileError<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new FileError(`${path}: ${(error as Error).message}`, { cause: error })
  }
}

function stampOf({ dev, ino, mtimeNs, size }: BigIntStats): FileStamp {
  return [dev, ino, mtimeNs, size].join(':')
}
