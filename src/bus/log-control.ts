import { LOG_LEVELS, type Logger } from '../base/index.ts'
import type { Changes } from './changes.ts'
import { BusError, ERROR, invalidArgs } from './errors.ts'
import type { BusInterface } from './interface.ts'

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
  return {
    name: 'org.freedesktop.LogControl1',
    methods: [],
    signals: [],
    properties: [
      {
        name: 'LogLevel',
        type: 's',
        emitsChange: 'false',
        read: () => logger.level,
        async write(call, value) {
          const level = LOG_LEVELS.find((each) => each === value)
          if (level === undefined) throw invalidArgs(`Invalid log level '${value as string}'`)
          await changes.ofDaemon(call, 'set-logging', () => (logger.level = level))
        },
      },
      {
        name: 'LogTarget',
        type: 's',
        emitsChange: 'false',
        read: () => target,
        async write(call, value) {
          if (!LOG_TARGETS.has(value as string)) throw invalidArgs(`Invalid log target '${value as string}'`)
          await changes.ofDaemon(call, 'set-logging', () => {
            if (value !== target) throw new BusError(ERROR.notSupported, `Log lines always go to ${target}.`)
          })
        },
      },
      { name: 'SyslogIdentifier', type: 's', emitsChange: 'false', read: () => 'tsresolved' },
    ],
  }
}
