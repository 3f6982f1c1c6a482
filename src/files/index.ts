/**
 * Files that others write and that we do: configuration, hosts and static records, /etc/resolv.conf, the host name,
 * networkd's state, settings saved for links, and our resolv.conf files. Paths come in; texts are read within a bound and
 * handed to `settings`, values that are looked at again when they are asked for (`Polled`) or that tell of changes go
 * out. What is written replaces its file as a whole. It decides nothing about what a text means.
 */
export type { ConfigOptions, UnitSources } from './config-files.ts'
export { ConfigFiles } from './config-files.ts'
export type { ResolvConfPaths } from './foreign-resolv-conf.ts'
export { foreignResolvConf, resolvConfMode } from './foreign-resolv-conf.ts'
export { HookDirectory } from './hook-directory.ts'
export { hostName } from './host-name.ts'
export { LinkStateStore } from './link-state-store.ts'
export { machineSpecifiers } from './machine-specifiers.ts'
export { hostsFile, staticRecordFiles } from './local-records.ts'
export type { NetworkdLinks, NetworkdOptions } from './networkd-state.ts'
export { NetworkdState } from './networkd-state.ts'
export { Polled } from './polled.ts'
export { FileError, isMissing, readText } from './read-text.ts'
export type { CertificateBundle } from './root-bundle.ts'
export { rootBundle } from './root-bundle.ts'
export { ResolvConfWriter } from './resolv-conf-writer.ts'
export { writeAtomically } from './write-atomically.ts'
