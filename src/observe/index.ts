/**
 * What is told of the work and never part of it: the latest questions (`Journal`), counters (`Meter`) and their text,
 * dumps of caches and servers (`Inspector`), links from the cable to the answers (`Overview`). All of it reads; without
 * a watcher nothing is made. The one socket is the listener for metrics, which serves a text.
 */
export type { CacheDumpEntry, InspectorServices, QueryReport, ScopeDump, ServerState } from './inspector.ts'
export { Inspector } from './inspector.ts'
export type { JournalEntry, JournalServices, QuestionWatcher } from './journal.ts'
export { Journal } from './journal.ts'
export type { ScopeCounts, ServerCounts } from './meter.ts'
export { BUCKETS, Histogram, Meter } from './meter.ts'
export type { MetricsServices } from './metrics-listener.ts'
export { MetricsListener } from './metrics-listener.ts'
export { OPEN_METRICS, openMetricsText } from './open-metrics.ts'
export type { LinkView, UnroutedServer } from './overview.ts'
export { Overview } from './overview.ts'
