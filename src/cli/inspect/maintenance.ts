import { LOG_CONTROL, LOG_CONTROL_PATH, MANAGER, PROPERTIES, RESOLVE1, Variant } from '../../dbus/index.ts'
import { saying } from '../client/attempts.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context, VerbRun } from '../command/context.ts'
import { preferBus } from '../client/prefer-bus.ts'
import { MONITOR_INTERFACE, PROCESS_INTERFACE } from '../../varlink-idl/index.ts'
import { LOG_LEVELS } from '../../base/index.ts'

/** Forgets all answers. */
export const flushCaches: VerbRun = (_words, context) => callManager('FlushCaches', 'flush caches', context)

/** Forgets what was learnt about servers. */
export const resetServerFeatures: VerbRun = (_words, context) =>
  callManager('ResetServerFeatures', 'reset server features', context)

/** Prints or sets how much the daemon logs. */
export const logLevel: VerbRun = async ([level], context) => {
  if (level === undefined) return showLogLevel(context)
  const severity = (LOG_LEVELS as readonly string[]).indexOf(level)
  if (severity < 0) throw new CliError(`"${level}" is not a valid log level: say ${LOG_LEVELS.join(', ')}.`)
  await preferBus(
    () => setLogLevel(level, context),
    async () => void (await context.varlink.call(PROCESS_INTERFACE, 'SetLogLevel', { level: severity })),
  )
  return 0
}

async function showLogLevel(context: Context): Promise<number> {
  const bus = await context.bus()
  const { LogLevel } = await saying(`Failed to get log level of ${RESOLVE1}`, bus.properties(LOG_CONTROL, LOGGING))
  context.screen.print(LogLevel ?? '')
  return 0
}

async function setLogLevel(level: string, context: Context): Promise<void> {
  const bus = await context.bus()
  const body = [LOG_CONTROL.name, 'LogLevel', new Variant('s', level)] as const
  const call = bus.call(PROPERTIES, 'Set', body, { target: LOGGING, interactive: context.options.askPassword })
  await saying(`Failed to set log level of ${RESOLVE1} to ${level}`, call)
}

const LOGGING = { destination: RESOLVE1, path: LOG_CONTROL_PATH } as const

async function callManager(
  member: 'FlushCaches' | 'ResetServerFeatures',
  what: string,
  context: Context,
): Promise<number> {
  await preferBus(
    async () => {
      const bus = await context.bus()
      await saying(`Failed to ${what}`, bus.call(MANAGER, member, [], { interactive: context.options.askPassword }))
    },
    async () => void (await context.varlink.call(MONITOR_INTERFACE, member, {})),
  )
  return 0
}
