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
