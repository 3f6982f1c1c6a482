import { LOG_LEVELS } from '../../base/index.ts'
import type { Authority } from '../../control/index.ts'
import { isTrusted } from '../../control/index.ts'
import { invalidParameter, permissionDenied } from '../errors.ts'
import { PROCESS_INTERFACE } from '../../varlink-idl/index.ts'
import type { ProcessControl } from '../ports.ts'
import type { Served } from '../connection/service.ts'
import { callerOf, serve } from '../connection/service.ts'

/** `io.systemd.service` (V-15). The environment may hold secrets, so only root and the daemon's own user see it. */
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
