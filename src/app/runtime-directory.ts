import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Lifetime, reasonOf } from '../base/index.ts'
import { type Options, STANDARD_DIRECTORY } from './options.ts'

/** Makes the directory for files and sockets, unless it is there. @throws when we could make none in it */
export async function ensureDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 })
    await access(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    const advice = `Give it to user ${process.getuid?.()}, or choose another with --runtime-dir.`
    throw new Error(`${path} cannot be used: ${reasonOf(error)}. ${advice}`, { cause: error })
  }
}

/** For trying out: a private one that goes when we do, unless another than the system's was asked for. */
export async function withPrivateDirectory(options: Options, life: Lifetime): Promise<Options> {
  if (options.runtimeDirectory !== STANDARD_DIRECTORY) return options
  const runtimeDirectory = await mkdtemp(join(tmpdir(), 'tsresolved-'))
  life.defer(() => rm(runtimeDirectory, { recursive: true, force: true }))
  return { ...options, runtimeDirectory }
}
