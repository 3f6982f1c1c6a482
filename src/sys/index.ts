/**
 * System calls, by koffi where Node has none: sockets bound to a link, batched UDP, unix sockets with credentials, the
 * clock that counts suspend, readiness notification, dropping privileges, and /proc. Every feature falls back to plain
 * Node or says why it cannot. Addresses and descriptors come in; out come sockets, bytes and errors with the system's
 * `code`. No policy: nothing here knows DNS, servers or settings. Numbers of Linux constants stand beside their use.
 */
export type { Capability } from './capabilities.ts'
export { hasCapability } from './capabilities.ts'
export { ClientProcesses } from './client-processes.ts'
export type { DatagramHandler, DatagramListener, ListenAddress, Peer } from './datagram-listener.ts'
export { KeptSockets } from './kept-sockets.ts'
export { Libc, SysError } from './libc.ts'
export { isFree, Listening } from './listening.ts'
export { logWriter } from './log-writer.ts'
export { bootTime, machineId, processName } from './machine.ts'
export { Notifier } from './notifier.ts'
export type { Remote } from './outgoing.ts'
export { LinkBindingError, Outgoing } from './outgoing.ts'
export type { User } from './privileges.ts'
export { dropPrivileges, findUser } from './privileges.ts'
export type { PortHolder } from './port-holder.ts'
export { portHolder } from './port-holder.ts'
export type { OnRealTimeSignal } from './real-time-signals.ts'
export { RealTimeSignals } from './real-time-signals.ts'
export type { PeerCredentials } from './socket-options.ts'
export { openSocket, SOCK_DGRAM, SOCK_STREAM } from './socket-options.ts'
export { decodeSockaddr, encodeSockaddr, SOCKADDR_SIZE } from './sockaddr.ts'
export { SystemClock } from './system-clock.ts'
export { SystemRandom } from './system-random.ts'
export type { OnUnixConnection } from './unix-listener.ts'
export { UnixListener } from './unix-listener.ts'
export type { UnixStream, UnixStreamEvents } from './unix-stream.ts'
export type { ConnectedUdp, UdpEvents } from './udp-watch.ts'
export { Watchdog } from './watchdog.ts'
