import type { ListenAt, SocketPath } from './listener.ts'

const FIRST_FD = 3

/** The varlink sockets, and the names of their units' `FileDescriptorName=` (varlink.md §1). */
export type SocketName = 'varlink' | 'varlink-monitor'

/**
 * Sockets the service manager passed to process `pid`, by their names (sd_listen_fds(3)); empty when it passed none.
 */
export function activatedSockets(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): ReadonlyMap<string, number> {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '' } = environment
  const count = /^\d{1,4}$/.test(LISTEN_FDS ?? '') ? Number(LISTEN_FDS) : 0
  if (LISTEN_PID !== String(pid) || count === 0) return new Map()
  const names = LISTEN_FDNAMES.split(':').slice(0, count)
  return new Map(names.map((name, index) => [name, FIRST_FD + index]))
}

/** The socket of this name that was passed, else one to make. */
export function passedOr(passed: ReadonlyMap<string, number>, name: SocketName, toMake: SocketPath): ListenAt {
  const fd = passed.get(name)
  return fd === undefined ? toMake : { fd }
}
