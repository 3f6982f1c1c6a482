import { reasonOf } from '../../base/index.ts'

/** Why nothing could be connected to, in the words of the C library where there is a short one. */
export function errnoText(cause: unknown): string {
  const { code, cause: behind } = (cause ?? {}) as NodeJS.ErrnoException
  return TEXTS.get(code ?? (behind as NodeJS.ErrnoException | undefined)?.code ?? '') ?? reasonOf(cause)
}

const TEXTS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'No such file or directory'],
  ['ECONNREFUSED', 'Connection refused'],
  ['EACCES', 'Permission denied'],
  ['ENOSPC', 'No space left on device'],
])
