import { LOG_LEVELS } from '../base/index.ts'
import type { Authority } from '../control/index.ts'
import { isTrusted } from '../control/index.ts'
import { invalidParameter, permissionDenied } from './errors.ts'
import type { Interface } from './idl.ts'
import { int, list, method, string } from './idl.ts'
import type { ProcessControl } from './ports.ts'
import type { Served } from './service.ts'
import { callerOf, serve } from './service.ts'

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

/** The environment may hold secrets, so only root and the daemon's own user see it. */
export function processInterface(process: ProcessControl, authority: Authority): Served {
  return serve(PROCESS_INTERFACE, {
    Ping: () => ({}),
    async SetLogLevel({ level }, { peer, signal }) {
      const verdict = await authority.authorize('set-logging', callerOf(peer), undefined, false, signal)
      if (verdict !== 'allowed') throw permissionDenied()
      const name = LOG_LEVELS[level]
      if (name === undefined) throw invalidParameter('level')
      process.setLogLevel(name)
      return {}
    },
    GetEnvironment(_parameters, { peer }) {
      if (!isTrusted(callerOf(peer), process.uid)) throw permissionDenied()
      return { environment: process.environment() }
    },
  })
}
