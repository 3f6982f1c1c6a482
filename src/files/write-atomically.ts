import { open, readFile, readlink, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Puts `text` in the place of `path` in one step: whoever reads sees the old file or the new one, whole, also when we
 * are killed half-way. The temporary file has a fixed name, so that a crash leaves at most one behind, which the next
 * write takes over; two writes to one path must not overlap.
 * @throws what node:fs throws; the old file is then untouched
 */
export async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
  await replace(path, async (temporary) => {
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.chmod(mode) // whatever the umask says
      await handle.writeFile(text)
    } finally {
      await handle.close()
    }
  })
}

/** The same for a symbolic link to `target`. */
export async function linkAtomically(path: string, target: string): Promise<void> {
  await replace(path, (temporary) => symlink(target, temporary))
}

/** True when `path` is a plain file with this text; a link to such a file does not count. */
export async function hasText(path: string, text: string): Promise<boolean> {
  if ((await targetOf(path)) !== undefined) return false
  try {
    return (await readFile(path, 'utf8')) === text
  } catch {
    return false // then it is to be written, and that reports what is wrong
  }
}

/** What a symbolic link points to; undefined for anything else. */
export async function targetOf(path: string): Promise<string | undefined> {
  return readlink(path).catch(() => undefined)
}

/** Removes a file that may be missing. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
}

/** In the same folder, so that it can be renamed; hidden, so that readers of the folder pass over it. */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.#${basename(path)}.tsresolved`)
}

async function replace(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = temporaryPath(path)
  await removeFile(temporary)
  try {
    await make(temporary)
    await rename(temporary, path)
  } catch (error) {
    await removeFile(temporary).catch(() => undefined) // the first error is the one to tell
    throw error
  }
}
