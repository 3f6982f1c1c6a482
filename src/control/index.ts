export type { Authority, Caller, Operation, Permission, Verdict } from './permissions.ts'
export { isTrusted, PERMISSIONS } from './permissions.ts'
export type {
  Control,
  ControlErrorKind,
  ControlEvents,
  GlobalStatus,
  LinkSettingName,
  LinkStatus,
  Origin,
  QueryEvent,
  ResolvConfMode,
  Statistics,
} from './types.ts'
export { ControlError } from './types.ts'
