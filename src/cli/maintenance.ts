import { RESOLVE1 } from './bus-client.ts'
import { CliError } from './cli-error.ts'
import type { Context, VerbRun } from './context.ts'
import { LOG_LEVELS } from '../base/index.ts'

/** Forgets all answers. */
export const flushCaches: VerbRun = (_words, context) => callManager('FlushCaches', 'flush caches', context)

/** Forgets what was learnt about servers. */
export const resetServerFeatures: VerbRun = (_words, context) =>
  callManager('ResetServerFeatures', 'reset server features', context)

/** Prints or sets how much the daemon logs. */
export const logLevel: VerbRun = async ([level], context) => {
  const bus = await context.bus()
  if (level === undefined) {
    const [value] = await bus.call({
      ...LOG_PROPERTIES,
      member: 'Get',
      signature: 'ss',
      body: [LOG_CONTROL, 'LogLevel'],
    })
    context.screen.print(String((value as { value: unknown }).value))
    return 0
  }
  if (!(LOG_LEVELS as readonly string[]).includes(level)) throw new CliError(`"${level}" is not a valid log level.`)
  const { Variant } = (await import('dbus-next')).default
  const body = [LOG_CONTROL, 'LogLevel', new Variant('s', level)]
  await bus.call({ ...LOG_PROPERTIES, member: 'Set', signature: 'ssv', body, interactive: context.options.askPassword })
  return 0
}

const LOG_CONTROL = 'org.freedesktop.LogControl1'
const LOG_PROPERTIES = {
  destination: RESOLVE1.destination,
  path: '/org/freedesktop/LogControl1',
  interface: 'org.freedesktop.DBus.Properties',
} as const

async function callManager(member: string, what: string, context: Context): Promise<number> {
  const bus = await context.bus()
  try {
    await bus.call({ ...RESOLVE1, member, interactive: context.options.askPassword })
  } catch (cause) {
    throw cause instanceof CliError ? new CliError(`Failed to ${what}: ${cause.message}`, { cause }) : cause
  }
  return 0
}
