import { fstatSync } from 'node:fs'
import type { Libc } from './libc.ts'
import type { Notifier } from './notifier.ts'

const FIRST_FD = 3
/** fcntl(2). */
const F_SETFD = 2
const FD_CLOEXEC = 1
/** As sd_pid_notify_with_fds(3) has it, without the colons of IPv6, which part the names from each other. */
const NAME = /[^A-Za-z0-9.-]/g

/**
 * Listening sockets that the service manager keeps while we are started again (`FileDescriptorStoreMax=` of systemd): what
 * arrives meanwhile waits in the kernel. After a crash too; after a stop they are gone. Each has the name of its place.
 */
export class KeptSockets {
  readonly #libc: Libc
  readonly #notifier: Pick<Notifier, 'notify' | 'store'>
  readonly #passed: Map<string, number>
  readonly #stored = new Set<string>()

  /** To be made once: takes what $LISTEN_FDS and its kin speak of, other names aside. */
  constructor(
    libc: Libc,
    notifier: Pick<Notifier, 'notify' | 'store'>,
    environment: Readonly<Record<string, string | undefined>>,
    pid: number,
  ) {
    this.#libc = libc
    this.#notifier = notifier
    this.#passed = keptOf(environment, pid)
    for (const fd of this.#passed.values()) libc.call('fcntl', fd, F_SETFD, FD_CLOEXEC)
  }

  /** The socket that an earlier run had at this place, now the caller's; undefined when there is none. */
  take(place: string): number | undefined {
    const name = nameOf(place)
    const fd = this.#passed.get(name)
    if (fd === undefined) return undefined
    this.#passed.delete(name)
    this.#stored.add(name)
    return fd
  }

  /** From now on the socket outlives us. */
  keep(place: string, fd: number): void {
    const name = nameOf(place)
    if (!this.#stored.has(name) && this.#notifier.store(fd, name)) this.#stored.add(name)
  }

  /** True when there is a service manager that keeps any. */
  get keepsAny(): boolean {
    return this.#stored.size > 0
  }

  /** Of places where nobody listens any more: they would only collect what nobody reads. */
  closeUntaken(): void {
    for (const [name, fd] of this.#passed) {
      this.#libc.call('close', fd)
      this.#notifier.notify('FDSTOREREMOVE=1', `FDNAME=${name}`)
    }
    this.#passed.clear()
  }

  /** Nothing is kept until it is told anew. */
  forgetAll(): void {
    for (const name of this.#stored) this.#notifier.notify('FDSTOREREMOVE=1', `FDNAME=${name}`)
    this.#stored.clear()
  }
}

const PREFIX = 'stub-'

function nameOf(place: string): string {
  return `${PREFIX}${place.replace(NAME, '_')}`
}

/** By name, those that are ours; a descriptor that is not open is none. */
export function keptOf(
  { LISTEN_PID, LISTEN_FDS = '', LISTEN_FDNAMES = '' }: Readonly<Record<string, string | undefined>>,
  pid: number,
): Map<string, number> {
  if (LISTEN_PID !== String(pid) || !/^\d{1,4}$/.test(LISTEN_FDS)) return new Map()
  const names = LISTEN_FDNAMES.split(':').slice(0, Number(LISTEN_FDS))
  const found = names.map((name, index) => [name, FIRST_FD + index] as const)
  return new Map(found.filter(([name, fd]) => name.startsWith(PREFIX) && isSocket(fd)))
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket()
  } catch {
    return false
  }
}
