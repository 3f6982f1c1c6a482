export type { Authority, Caller, Operation, Permission, Verdict } from './permissions.ts'
export { isTrusted, mayRead, PERMISSIONS } from './permissions.ts'
export type {
  Control,
  ControlErrorKind,
  ControlEvents,
  DelegateStatus,
  GlobalStatus,
  LinkSettingName,
  LinkStatus,
  ResolvConfMode,
  Statistics,
} from './types.ts'
export { ControlError } from './types.ts'
export type { Origin } from '../settings/index.ts'
export type { ControllerServices, LinkStore } from './controller.ts'
export { Controller } from './controller.ts'
export type { ResolvConfFiles } from './resolv-conf.ts'
export type { InspectorServices, QueryReport, ServerState } from './inspector.ts'
export { Inspector } from './inspector.ts'
export type { JournalEntry, JournalServices, QuestionWatcher } from './journal.ts'
export { Journal } from './journal.ts'
export type { ScopeTally, ServerTally } from './meter.ts'
export { BUCKETS, Histogram, Meter } from './meter.ts'
export { OPEN_METRICS, openMetricsText } from './open-metrics.ts'
export type { LinkSight } from './overview.ts'
export { Overview } from './overview.ts'
