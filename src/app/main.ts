/**
 * The daemon's process, and the room in which every part is constructed and connected; no other room imports this one.
 * In this order: arguments, log, signals, runtime directory, leaving root (`main.ts`); what knows and decides, each
 * part after those it needs (`core.ts`); the stub's listeners, counters and metrics (`front-ends.ts`); bus and varlink,
 * loaded when the stub answers already (`ipc.ts`). `daemon.ts` runs them and does what signals ask. What decides
 * anything about names belongs into another room.
 */
import { Lifetime, Logger, type Millis, reasonOf } from '../base/index.ts'
import { Daemon } from './daemon.ts'
import { leaveRoot } from './leave-root.ts'
import { listen, listenAdvice } from './listen.ts'
import { HELP, type Options, parseOptions, UsageError } from './options.ts'
import { settleMemory } from './process-memory.ts'
import { ensureDirectory } from './runtime-directory.ts'
import { SignalOrders } from './signal-orders.ts'
import {
  KeptSockets,
  Libc,
  logWriter,
  Notifier,
  RealTimeSignals,
  SystemClock,
  TurnWatch,
  Watchdog,
} from '../sys/index.ts'
import { announceTryOut, prepareTryOut } from './try-out.ts'
import { packageVersion } from './version.ts'

/** From readiness on, until what waited for it has been served. */
const SETTLED: Millis = 1000

void main()

async function main(): Promise<void> {
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
}

/** Runs until a signal ends it. @throws what keeps it from starting */
async function run(wanted: Options): Promise<void> {
  process.title = 'tsresolved' // for ps, pidof and ss, which would say node
  const logger = new Logger(wanted.logLevel, logWriter(process.env))
  process.on('uncaughtException', (error) => logger.bug(error))
  process.on('unhandledRejection', (error) => logger.bug(error))
  process.umask(0o022) // everybody may read resolv.conf (R-PROC-2)
  await using life = new Lifetime()
  const ended = endSignal()
  const libc = Libc.load(logger)
  const notifier = takeNotifier(libc, logger)
  const kept = libc && new KeptSockets(libc, notifier, process.env, process.pid)
  const orders = new SignalOrders(process, notifier, logger)
  const realTime = RealTimeSignals.take(libc, logger, orders.realTime)
  if (realTime !== undefined) life.adopt(realTime)
  const version = packageVersion()
  const options = wanted.tryOut ? await prepareTryOut(wanted, life, logger) : wanted
  const turnWatch = new TurnWatch(libc)
  const advice = listenAdvice(options, libc)
  leaveRoot(options, options !== wanted, libc, logger)
  ensureDirectory(options.runtimeDirectory)
  const identity = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  const daemon = life.adopt(
    await Daemon.open({ options, libc, kept, logger, turnWatch, environment: process.env, ...identity, version }),
  )
  await listen(daemon, options, advice, logger)
  await daemon.openIpc()
  notifier.notify('READY=1', 'STATUS=Processing requests.')
  const clock = new SystemClock(libc)
  const watchdog = Watchdog.start(notifier, clock, process.env)
  if (watchdog !== undefined) life.adopt(watchdog)
  logger.info(`tsresolved ${version} is ready${placesText(daemon)}.`)
  life.adopt(clock.after(SETTLED, () => settleMemory(libc, clock, life)))
  if (options.tryOut) announceTryOut(daemon, options, logger)
  life.adopt(orders).handleWith(daemon)
  logger.info(`Received ${await ended}, shutting down.`)
  notifier.notify('STOPPING=1', 'STATUS=Shutting down.')
  await daemon.finish()
}

/** $NOTIFY_SOCKET is for us alone, not for what we might start. */
function takeNotifier(libc: Libc | undefined, logger: Logger): Notifier {
  const notifier = new Notifier(libc, process.env.NOTIFY_SOCKET, logger)
  delete process.env.NOTIFY_SOCKET
  return notifier
}

function placesText(daemon: Daemon): string {
  const places = daemon.places.map(({ address, port }) => `${address.text} port ${port}`)
  return places.length === 0 ? '' : `, answering on ${places.join(' and ')}`
}

/**
 * The name of the first signal that asks us to end. Later ones change nothing (npm passes on what the terminal sent
 * too), not even those that come while Node takes itself apart: it would let go of its handlers first, so it is not let
 * do so.
 */
function endSignal(): Promise<NodeJS.Signals> {
  process.once('exit', () => process.exit())
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal))
  })
}
