import type { Millis } from '../../base/index.ts'
import type { Journal, JournalEntry, Overview } from '../../observe/index.ts'
import type { Authority } from '../../control/index.ts'
import type { ConfigWarning } from '../../settings/index.ts'
import { OBSERVE_INTERFACE } from '../../varlink-idl/index.ts'
import { linkOutput, loadOutput, type Metrics, metricsOutput, questionOutput } from '../output/observe.ts'
import { permit, untilGone } from './permit.ts'
import type { Served } from '../connection/service.ts'
import { serve } from '../connection/service.ts'

/** Everything `io.tsresolved.Observe` needs. */
export interface ObservePorts {
  readonly journal: Pick<Journal, 'recent' | 'watch'>
  readonly meter: Metrics
  readonly overview: Pick<Overview, 'links' | 'unroutedServers'>
  readonly warnings: { readonly all: readonly ConfigWarning[] }
  readonly authority: Authority
  /** How long the event loop was busy, the longest first. */
  readonly turnWatch: { readonly longest: readonly { readonly what: string; readonly took: Millis }[] }
}

/** `io.tsresolved.Observe`: what others asked is for those who may watch; how links are doing, for everybody. */
export function observeInterface({ journal, meter, overview, warnings, authority, turnWatch }: ObservePorts): Served {
  return serve(OBSERVE_INTERFACE, {
    async WatchQuestions({ recent, allowInteractiveAuthentication }, call) {
      await permit(authority, 'subscribe-query-results', allowInteractiveAuthentication, call)
      call.send({ ready: true, leftOut: undefined, question: undefined })
      const tell = (entry: JournalEntry, leftOut: number) =>
        call.send({ ready: undefined, leftOut: leftOut || undefined, question: questionOutput(entry) })
      // In one turn with the subscription: no question is missed between the two, and none comes twice.
      for (const entry of recent === true ? journal.recent() : []) tell(entry, 0)
      using _ = journal.watch(tell)
      return await untilGone(call.signal)
    },
    DescribeLinks: () => ({ links: overview.links().map(linkOutput) }),
    ListUnroutedServers: () => ({
      servers: overview.unroutedServers().map(({ server, ...same }) => ({ ...same, address: server.text })),
    }),
    ListConfigurationWarnings: () => ({ warnings: warnings.all }),
    DescribeLoad: () => loadOutput(meter, turnWatch.longest),
    async DumpMetrics({ allowInteractiveAuthentication }, call) {
      await permit(authority, 'dump-statistics', allowInteractiveAuthentication, call)
      return metricsOutput(meter)
    },
  })
}
