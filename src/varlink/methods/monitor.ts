import type { Authority, Control, Operation } from '../../control/index.ts'
import { configurationOf } from '../output/dns-configuration.ts'
import { MONITOR_INTERFACE } from '../../varlink-idl/index.ts'
import { cacheOutput, READY, reportOutput, serverStateOutput, statisticsOutput } from '../output/monitor.ts'
import { permit, type PermitCall, untilGone } from './permit.ts'
import type { Inspection } from '../ports.ts'
import type { CallContext, Served } from '../connection/service.ts'
import { serve } from '../connection/service.ts'

/** Everything `io.systemd.Resolve.Monitor` needs. */
export interface MonitorPorts {
  readonly control: Control
  readonly inspector: Inspection
  readonly authority: Authority
}

/** What every method of the interface takes: whether polkit may ask the user. */
interface AskedInteraction {
  readonly allowInteractiveAuthentication: boolean | undefined
}

/** `io.systemd.Resolve.Monitor`: every call is checked before anything is looked at (varlink.md §4). */
export function monitorInterface({ control, inspector, authority }: MonitorPorts): Served {
  const allow = (operation: Operation, asked: AskedInteraction, call: PermitCall) =>
    permit(authority, operation, asked.allowInteractiveAuthentication, call)
  return serve(MONITOR_INTERFACE, {
    async SubscribeQueryResults(asked, call) {
      await allow('subscribe-query-results', asked, call)
      using _ = inspector.subscribeQueries((report) => call.send(reportOutput(report)))
      call.send(READY)
      return await untilGone(call.signal)
    },
    async DumpCache(asked, call) {
      await allow('dump-cache', asked, call)
      return { dump: cacheOutput(inspector) }
    },
    async DumpServerState(asked, call) {
      await allow('dump-server-state', asked, call)
      return { dump: inspector.dumpServerState().map(serverStateOutput) }
    },
    async DumpStatistics(asked, call) {
      await allow('dump-statistics', asked, call)
      return statisticsOutput(control.statistics())
    },
    async ResetStatistics(asked, call) {
      await allow('reset-statistics', asked, call)
      control.resetStatistics()
      return {}
    },
    async SubscribeDNSConfiguration(asked, call) {
      await allow('subscribe-dns-configuration', asked, call)
      const sendIfChanged = configurationSender(control, inspector, call)
      using _ = control.subscribe({ configurationChanged: sendIfChanged })
      sendIfChanged()
      return await untilGone(call.signal)
    },
    async FlushCaches(asked, call) {
      await allow('flush-caches', asked, call)
      control.flushCaches()
      return {}
    },
    async ResetServerFeatures(asked, call) {
      await allow('reset-server-features', asked, call)
      control.resetServerFeatures()
      return {}
    },
  })
}

type ConfigurationOutput = ReturnType<typeof configurationOf>

/** Sends the configuration when it differs from what this client saw last. */
function configurationSender(
  control: Control,
  inspector: Inspection,
  call: CallContext<{ readonly configuration: ConfigurationOutput }>,
): () => void {
  let seen = ''
  return () => {
    const configuration = configurationOf(control, inspector)
    const text = JSON.stringify(configuration)
    if (text === seen) return
    seen = text
    call.send({ configuration })
  }
}
