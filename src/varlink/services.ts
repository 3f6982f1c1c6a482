import type { Log } from '../base/index.ts'
import type { Authority } from '../control/index.ts'
import type { TextMemo } from '../fastpath/index.ts'
import type { ExplainPorts } from './methods/explain.ts'
import { explainInterface } from './methods/explain.ts'
import type { MonitorPorts } from './methods/monitor.ts'
import { monitorInterface } from './methods/monitor.ts'
import type { ObservePorts } from './methods/observe.ts'
import { observeInterface } from './methods/observe.ts'
import type { About, ProcessControl } from './ports.ts'
import { processInterface } from './methods/process.ts'
import type { ResolvePorts } from './methods/resolve.ts'
import { resolveInterface } from './methods/resolve.ts'
import type { Served } from './connection/service.ts'
import { Service } from './connection/service.ts'
import { settingsInterface } from './methods/settings.ts'
import { introspectionInterface } from './methods/introspection.ts'

/** Everything the two sockets need. */
export interface VarlinkPorts extends ResolvePorts, MonitorPorts, ExplainPorts, ObservePorts {
  readonly inspector: MonitorPorts['inspector']
  readonly authority: Authority
  readonly process: ProcessControl
  readonly about: About
}

/** What the socket for everybody serves (varlink.md §1); without a memo all replies are worked out anew. */
export function resolveService(ports: VarlinkPorts, log: Log, memo?: TextMemo): Service {
  const { process, authority, about } = ports
  const known = [resolveInterface(ports), processInterface(process, authority)]
  const own = [explainInterface(ports), observeInterface(ports), settingsInterface(ports)]
  return serviceOf([...known, ...own], about, log, memo)
}

/** What the monitoring socket serves; each call asks for permission. */
export function monitorService(ports: VarlinkPorts, log: Log): Service {
  return serviceOf([monitorInterface(ports)], ports.about, log)
}

/** Introspection describes what is served beside it, and itself. */
function serviceOf(served: readonly Served[], about: About, log: Log, memo?: TextMemo): Service {
  return new Service([...served, introspectionInterface(about, served)], log, memo)
}
