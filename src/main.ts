#!/usr/bin/env node
import { mkdtemp, rm, mkdir, access, constants } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IpAddress, Lifetime, Logger, reasonOf } from './base/index.ts'
import { Daemon } from './daemon.ts'
import { HELP, type Options, parseOptions, UsageError } from './options.ts'
import { ListenError } from './stub/index.ts'
import { hasCapability, Libc, Notifier, portHolder } from './sys/index.ts'
import { logWriter } from './log-writer.ts'
import { packageVersion } from './version.ts'

const TRY_OUT_PORT = 5300
const TRY_OUT_PORTS = 10

try {
  const options = parseOptions(process.argv.slice(2))
  if (options.action === 'help') process.stdout.write(HELP)
  else if (options.action === 'version') process.stdout.write(`tsresolved ${packageVersion()}\n`)
  else await run(options)
} catch (error) {
  const isUsage = error instanceof UsageError
  process.stderr.write(
    isUsage ? `tsresolved: ${error.message}\nTry 'tsresolved --help'.\n` : `tsresolved: ${reasonOf(error)}\n`,
  )
  process.exitCode = 1
}

/** Runs until a signal ends it. @throws what keeps it from starting */
async function run(wanted: Options): Promise<void> {
  const logger = new Logger(wanted.logLevel, logWriter(process.env))
  process.on('uncaughtException', (error) => logger.bug(error))
  process.on('unhandledRejection', (error) => logger.bug(error))
  await using life = new Lifetime()
  const ended = endSignal()
  const libc = Libc.load(logger)
  const notifier = new Notifier(libc, process.env.NOTIFY_SOCKET, logger)
  delete process.env.NOTIFY_SOCKET // for us alone, not for what we might start
  const options = wanted.tryOut ? await withUsableDirectory(wanted, life, logger) : wanted
  await mkdir(options.runtimeDirectory, { recursive: true, mode: 0o755 })
  const uid = process.getuid?.() ?? 0
  const daemon = life.adopt(await Daemon.open({ options, libc, logger, environment: process.env, uid }))
  await listen(daemon, options, logger)
  await daemon.openIpc()
  handleSignals(daemon, notifier, logger)
  notifier.notify('READY=1', 'STATUS=Processing requests.')
  logger.info(`tsresolved ${packageVersion()} is ready.`)
  logger.info(`Received ${await ended}, shutting down.`)
  notifier.notify('STOPPING=1', 'STATUS=Shutting down.')
}

/** Opens the stub; without it the daemon still serves bus and varlink (R-STUB-1). */
async function listen(daemon: Daemon, options: Options, logger: Logger): Promise<void> {
  try {
    await daemon.listen()
  } catch (error) {
    if (!(error instanceof ListenError)) throw error
    if (options.listen.length > 0) throw new Error(`${error.message}.${adviceFor(error)}`, { cause: error })
    logger.warning(`${error.message}.${adviceFor(error)}`)
    if (options.tryOut) await listenElsewhere(daemon, logger)
    else logger.warning('The DNS stub is closed; programs can still ask over the bus and varlink.')
  }
}

/** The first free unprivileged port, and the line that proves it works. */
async function listenElsewhere(daemon: Daemon, logger: Logger): Promise<void> {
  const address = IpAddress.of('127.0.0.1')
  for (let port = TRY_OUT_PORT; port < TRY_OUT_PORT + TRY_OUT_PORTS; port++) {
    try {
      await daemon.listen([{ address, port }])
      logger.notice(`Listening on 127.0.0.1 port ${port} instead. Try:  dig @127.0.0.1 -p ${port} example.com`)
      return
    } catch (error) {
      if (!(error instanceof ListenError) || error.code !== 'EADDRINUSE') throw error
    }
  }
  throw new Error(`no free port from ${TRY_OUT_PORT} to ${TRY_OUT_PORT + TRY_OUT_PORTS - 1}`)
}

/** Who is in the way, or what is missing, and what to type instead. */
function adviceFor({ address, port, transport, code }: ListenError): string {
  if (code === 'EADDRINUSE') {
    const holder = portHolder(IpAddress.of(address), port, transport)
    const who = holder === undefined ? 'another process' : `${holder.name} (pid ${holder.pid})`
    return ` It is held by ${who}: stop that first, or choose another place with --listen 127.0.0.1:5300.`
  }
  if ((code === 'EACCES' || code === 'EPERM') && !hasCapability('NET_BIND_SERVICE')) {
    return ' Ports below 1024 need root or CAP_NET_BIND_SERVICE: start it with sudo, or with --listen 127.0.0.1:5300.'
  }
  return ''
}

/** The runtime directory, or where it is not ours to write, a private one that goes when we do. */
async function withUsableDirectory(options: Options, life: Lifetime, logger: Logger): Promise<Options> {
  try {
    await mkdir(options.runtimeDirectory, { recursive: true, mode: 0o755 })
    await access(options.runtimeDirectory, constants.W_OK)
    const holder = portHolder(IpAddress.of('127.0.0.53'), 53, 'udp')
    if (holder === undefined) return options
    logger.notice(`${options.runtimeDirectory} is left to ${holder.name} (pid ${holder.pid}), which serves 127.0.0.53.`)
  } catch (error) {
    logger.notice(`${options.runtimeDirectory} cannot be used: ${reasonOf(error)}`)
  }
  const runtimeDirectory = await mkdtemp(join(tmpdir(), 'tsresolved-'))
  life.defer(() => rm(runtimeDirectory, { recursive: true, force: true }))
  logger.notice(`Sockets and files are in ${runtimeDirectory} instead, until it ends.`)
  return { ...options, runtimeDirectory }
}

function handleSignals(daemon: Daemon, notifier: Notifier, logger: Logger): void {
  const reload = async (after: Promise<void>): Promise<void> => {
    await after
    notifier.notify('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`)
    await daemon.reload().catch((error: unknown) => logger.error(`Reload failed: ${reasonOf(error)}`))
    notifier.notify('READY=1')
  }
  let reloading = Promise.resolve()
  process.on('SIGHUP', () => {
    reloading = reload(reloading) // one after the other
  })
  process.on('SIGUSR1', () => daemon.dump())
  process.on('SIGUSR2', () => daemon.flush())
}

/** The name of the first signal that asks us to end. */
function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
}
