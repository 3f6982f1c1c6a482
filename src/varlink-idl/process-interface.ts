import type { Interface } from './idl.ts'
import { int, list, method, string } from './idl.ts'

const methods = {
  Ping: method('Answers.', {}, {}),
  Reload: method('Reloads the configuration. Not offered here.', {}, {}),
  SetLogLevel: method('Sets the highest syslog severity that is logged, 0 (emerg) to 7 (debug).', { level: int }, {}),
  GetEnvironment: method('Shows the environment of the process.', {}, { environment: list(string) }),
}

/** `io.systemd.service` (V-15). */
export const PROCESS_INTERFACE: Interface<typeof methods> = {
  name: 'io.systemd.service',
  comment: 'Generic calls to a running service.',
  types: [],
  methods,
  errors: {},
}
