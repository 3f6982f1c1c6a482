/**
 * What is configured and may be changed: settings of links, who set them and who may, saved state, resolv.conf, and the
 * status that clients read. In come facts, settings and changes; they go into force as a whole (`Controller`). Who asks for
 * a change is judged by `PERMISSIONS` alone. It knows no bus and no file, and never waits for a lookup.
 */
export type { Authority, Caller, Operation, Permission, Authorization } from './permissions.ts'
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
