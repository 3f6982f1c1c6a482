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
