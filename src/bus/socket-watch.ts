import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Calls back when something changes near where `path` is or will be: in its nearest parent folder that exists. A hint
 * only: it may call too often, and where watching is impossible it never does.
 */
export function watchNear(path: string, onChange: () => void): Disposable {
  const watcher = path.startsWith('\0') ? undefined : watchNearestFolder(dirname(path), onChange)
  return { [Symbol.dispose]: () => watcher?.close() }
}

function watchNearestFolder(folder: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, onChange)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    const parent = dirname(folder)
    return parent === folder ? undefined : watchNearestFolder(parent, onChange)
  }
}
