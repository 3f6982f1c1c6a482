import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IpAddress, type Lifetime, type Logger, reasonOf } from '../base/index.ts'
import { holderText } from './listen.ts'
import type { Options } from './options.ts'
import { portHolder } from '../sys/index.ts'

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

/** For trying out: where the runtime directory is not ours to write, a private one that goes when we do. */
export async function withUsableDirectory(options: Options, life: Lifetime, logger: Logger): Promise<Options> {
  const why = await whyUnusable(options.runtimeDirectory)
  if (why === undefined) return options
  const runtimeDirectory = await mkdtemp(join(tmpdir(), 'tsresolved-'))
  life.defer(() => rm(runtimeDirectory, { recursive: true, force: true }))
  logger.notice(`${why} Sockets and files are in ${runtimeDirectory} until it ends.`)
  return { ...options, runtimeDirectory }
}

async function whyUnusable(directory: string): Promise<string | undefined> {
  try {
    await ensureDirectory(directory)
  } catch (error) {
    return reasonOf(error)
  }
  // Whoever serves the stub's address most likely keeps its files there too.
  const holder = portHolder(IpAddress.of('127.0.0.53'), 53, 'udp')
  if (holder !== undefined) return `${directory} is left to ${holderText(holder)}, which serves 127.0.0.53.`
  return (await isServed(join(directory, 'io.systemd.Resolve')))
    ? `${directory} is in use by another resolver.`
    : undefined
}

/** Whether somebody listens on the Unix socket; one that a crash left behind takes no connection. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(true))
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy())
  })
}
