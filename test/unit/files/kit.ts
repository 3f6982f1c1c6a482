import { mkdtempSync, rmSync } from 'node:fs'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Clock, Logger } from '../../../src/base/index.ts'

/** A directory that goes with the test. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tsresolved-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Writes files below `root`; a value `-> target` makes a symbolic link. */
export async function lay(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    if (text.startsWith('-> ')) await symlink(text.slice(3), join(root, path))
    else await writeFile(join(root, path), text)
    if (!text.startsWith('-> ')) await chmod(join(root, path), 0o644)
  }
}

export function recordingLog(): { log: Logger; lines: string[] } {
  const lines: string[] = []
  return { log: new Logger('debug', (_, line) => lines.push(line)), lines }
}

/** Stands still until told; its timers are not used here. */
export function stillClock(): Clock & { advance(by: number): void } {
  let time = 0
  return {
    now: () => time,
    wall: () => time,
    after: () => ({ [Symbol.dispose]() {} }),
    advance: (by) => void (time += by),
  }
}

/** For tests of what the kernel tells, in its own time. */
export function realClock(): Clock {
  return {
    now: () => performance.now(),
    wall: () => Date.now(),
    after: (delay, callback) => {
      const timer = setTimeout(callback, delay)
      return { [Symbol.dispose]: () => clearTimeout(timer) }
    },
  }
}
