import type { Libc } from '../sys/index.ts'

const AF_NETLINK = 16
const SOCK_RAW = 3
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000

export const NETLINK_ROUTE = 0
export const NETLINK_SOCK_DIAG = 4
export const MSG_DONTWAIT = 0x40
/** Bytes of the buffer for one answer, which has some 200. */
export const ANSWER_SIZE = 4096

/**
 * A netlink socket for questions that the kernel answers within send(), so that asking is synchronous (netlink(7)). The caller
 * closes it. @throws {SysError}
 */
export function openKernelSocket(libc: Libc, protocol: typeof NETLINK_ROUTE | typeof NETLINK_SOCK_DIAG): number {
  return libc.call('socket', AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol)
}
