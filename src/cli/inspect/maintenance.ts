import { saying } from '../client/attempts.ts'
import { RESOLVE1 } from '../client/bus-client.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context, VerbRun } from '../command/context.ts'
import { preferBus } from '../client/prefer-bus.ts'
import { callMonitor, callProcess } from '../client/varlink-client.ts'
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
    async () => void (await callProcess('SetLogLevel', { level: severity })),
  )
  return 0
}

async function showLogLevel(context: Context): Promise<number> {
  const bus = await context.bus()
  const call = bus.call({ ...LOG_PROPERTIES, member: 'Get', signature: 'ss', body: [LOG_CONTROL, 'LogLevel'] })
  const [value] = await saying(`Failed to get log level of ${RESOLVE1.destination}`, call)
  context.screen.print(String((value as { value: unknown }).value))
  return 0
}

async function setLogLevel(level: string, context: Context): Promise<void> {
  const bus = await context.bus()
  const { Variant } = (await import('dbus-next')).default
  const body = [LOG_CONTROL, 'LogLevel', new Variant('s', level)]
  const call = { ...LOG_PROPERTIES, member: 'Set', signature: 'ssv', body, interactive: context.options.askPassword }
  await saying(`Failed to set log level of ${RESOLVE1.destination} to ${level}`, bus.call(call))
}

const LOG_CONTROL = 'org.freedesktop.LogControl1'
const LOG_PROPERTIES = {
  destination: RESOLVE1.destination,
  path: '/org/freedesktop/LogControl1',
  interface: 'org.freedesktop.DBus.Properties',
} as const

async function callManager(member: string, what: string, context: Context): Promise<number> {
  await preferBus(
    async () => {
      const bus = await context.bus()
      const call = bus.call({ ...RESOLVE1, member, interactive: context.options.askPassword })
      await saying(`Failed to ${what}`, call)
    },
    async () => void (await callMonitor(member)),
  )
  return 0
}
