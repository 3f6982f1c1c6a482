/**
 * What every room may use: time and randomness as interfaces, ownership of what was opened, logging, addresses, bounded
 * containers, budgets, and the vocabularies of validity (`validity.ts`) and channels (`channel.ts`). Plain values come in
 * and go out. Nothing here knows DNS messages, files, sockets or settings, and nothing here imports another room.
 */
export { sharedAbort } from './abort.ts'
export { AbortableWaits } from './abortable-waits.ts'
export type { Channel, ChannelTraits, IpProtocol } from './channel.ts'
export { CHANNEL_TRAITS, CHANNELS, isEncrypted, isStream } from './channel.ts'
export type { Clock } from './clock.ts'
export { sleep } from './clock.ts'
export { FairQueue } from './fair-queue.ts'
export type { IntrusiveMember } from './intrusive-set.ts'
export { IntrusiveSet, NOT_A_MEMBER } from './intrusive-set.ts'
export type { GatherDecision } from './gather.ts'
export { gather } from './gather.ts'
export type { Family } from './ip-address.ts'
export { AF_INET, AF_INET6, AF_UNSPEC, IpAddress, isFamily } from './ip-address.ts'
export { Lifetime } from './lifetime.ts'
export type { Log, LogLevel, LogText } from './log.ts'
export { LOG_LEVELS, Logger, reasonOf } from './log.ts'
export { TransientMap } from './transient-map.ts'
export { printable, printableLines } from './printable.ts'
export type { Random } from './random.ts'
export { Tasks } from './tasks.ts'
export { TokenBucket } from './token-bucket.ts'
export type { Dependency, SharedDependencies } from './validity.ts'
export { Validity } from './validity.ts'
export type { IfIndex, Millis, Seconds } from './units.ts'
