const FIRST_FD = 3

/**
 * Sockets the service manager passed to process `pid`, by their names (sd_listen_fds(3)); empty when it passed none.
 * Ours are called `varlink` and `varlink-monitor` (varlink.md §1).
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
