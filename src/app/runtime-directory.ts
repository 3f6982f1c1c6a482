import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Lifetime, reasonOf } from '../base/index.ts'
import { type Options, STANDARD_DIRECTORY } from './options.ts'

/** Makes the directory for files and sockets, unless it is there. @throws when we could make none in it */
export function ensureDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o755 })
    accessSync(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    const advice = `Give it to user ${process.getuid?.()}, or choose another with --runtime-dir.`
    throw new Error(`${path} cannot be used: ${reasonOf(error)}. ${advice}`, { cause: error })
  }
}

/** For trying out: a private one that goes when we do, unless another than the system's was asked for. */
export function withPrivateDirectory(options: Options, life: Lifetime): Options {
  if (options.runtimeDirectory !== STANDARD_DIRECTORY) return options
  const runtimeDirectory = mkdtempSync(join(tmpdir(), 'tsresolved-'))
  life.defer(() => rmSync(runtimeDirectory, { recursive: true, force: true }))
  return { ...options, runtimeDirectory }
}
