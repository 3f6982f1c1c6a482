import { LOG_LEVELS, type Logger } from '../base/index.ts'
import { LOG_CONTROL } from '../dbus/index.ts'
import type { Changes } from './changes.ts'
import { BusError, ERROR, invalidArgs } from './errors.ts'
import { type BusInterface, implement } from './interface.ts'

/** Names that systemd programs know; ours always writes to the one it was started with. */
const LOG_TARGETS = new Set([
  'console',
  'console-prefixed',
  'kmsg',
  'journal',
  'journal-or-kmsg',
  'syslog',
  'syslog-or-kmsg',
  'auto',
  'null',
])

/** `org.freedesktop.LogControl1`, what `resolvectl log-level` talks to. */
export function logControlInterface(logger: Logger, target: string, changes: Changes): BusInterface {
  return implement(
    LOG_CONTROL,
    {},
    { LogLevel: () => logger.level, LogTarget: () => target, SyslogIdentifier: () => 'tsresolved' },
    {
      async LogLevel(value, call) {
        await changes.ofDaemon(call, 'set-logging', () => {
          const level = LOG_LEVELS.find((each) => each === value)
          if (level === undefined) throw invalidArgs(`Invalid log level '${value}'`)
          logger.level = level
        })
      },
      // Setting the target that is in use succeeds: tools set both properties together.
      async LogTarget(value, call) {
        await changes.ofDaemon(call, 'set-logging', () => {
          if (!LOG_TARGETS.has(value)) throw invalidArgs(`Invalid log target '${value}'`)
          if (value !== target) throw new BusError(ERROR.notSupported, `Log lines always go to ${target}.`)
        })
      },
    },
  )
}
