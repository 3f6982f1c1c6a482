import { createRequire } from 'node:module'
import { getSystemErrorName } from 'node:util'
import { type Log, reasonOf } from '../base/index.ts'

/** A libc call that failed; shaped as Node's own system errors are. */
export class SysError extends Error {
  /** Such as 'EPERM'. */
  readonly code: string
  readonly errno: number
  readonly syscall: string

  constructor(errno: number, syscall: string) {
    const code = errno === 0 ? 'UNKNOWN' : getSystemErrorName(-errno)
    super(`${syscall}: ${code}`)
    this.name = 'SysError'
    this.code = code
    this.errno = errno
    this.syscall = syscall
  }
}

type Koffi = typeof import('koffi')
/** Returns at least 0, or −1 with errno set. */
type Call = (...args: unknown[]) => number

const INT = 'int'
const BYTES = 'void *'
const SIGNATURES = {
  socket: [INT, INT, INT],
  bind: [INT, BYTES, 'uint'],
  connect: [INT, BYTES, 'uint'],
  listen: [INT, INT],
  accept4: [INT, BYTES, BYTES, INT],
  close: [INT],
  setsockopt: [INT, INT, INT, BYTES, 'uint'],
  getsockopt: [INT, INT, INT, BYTES, BYTES],
  getsockname: [INT, BYTES, BYTES],
  send: [INT, BYTES, 'size_t', INT],
  recv: [INT, BYTES, 'size_t', INT],
  sendmsg: [INT, BYTES, INT],
  sendto: [INT, BYTES, 'size_t', INT, BYTES, 'uint'],
  recvmmsg: [INT, BYTES, 'uint', INT, BYTES],
  sendmmsg: [INT, BYTES, 'uint', INT],
  epoll_create1: [INT],
  epoll_ctl: [INT, INT, INT, BYTES],
  epoll_wait: [INT, BYTES, INT, INT],
  clock_gettime: [INT, BYTES],
  getrandom: [BYTES, 'size_t', 'uint'],
  prctl: [INT, 'ulong', 'ulong', 'ulong', 'ulong'],
  capset: [BYTES, BYTES],
  chmod: ['str', 'uint'],
  read: [INT, BYTES, 'size_t'],
  fcntl: [INT, INT, INT],
  isatty: [INT],
  ioctl: [INT, 'ulong', BYTES],
  madvise: ['uintptr_t', 'size_t', INT],
  mallopt: [INT, INT],
  eventfd: ['uint', INT],
  sigaction: [INT, BYTES, BYTES],
  sigaltstack: [BYTES, BYTES],
  __libc_current_sigrtmin: [],
  __libc_current_sigrtmax: [],
} as const
export type LibcName = keyof typeof SIGNATURES

/**
 * The C library, called through koffi. Buffers are passed as pointers and must stay alive only for the call.
 * Nothing here blocks: sockets are non-blocking, and the rest are quick system calls; `BlockingSocket` is for the client.
 */
export class Libc {
  readonly koffi: Koffi
  readonly #calls = new Map<LibcName, Call>()
  readonly #library: ReturnType<Koffi['load']>

  private constructor(koffi: Koffi) {
    this.koffi = koffi
    this.#library = koffi.load(null) // the C library Node itself is linked with, whichever that is
    this.function('socket')
  }

  /** Undefined, with one warning, where koffi has no binary for this machine. To be called once. */
  static load(log?: Pick<Log, 'warning'>): Libc | undefined {
    try {
      return new Libc(createRequire(import.meta.url)('koffi') as Koffi)
    } catch (error) {
      log?.warning(
        `Cannot call the C library (${reasonOf(error)}): questions that must leave by one link will fail, ` +
          'and no readiness or peer credentials are known',
      )
      return undefined
    }
  }

  /** The bare function, for hot paths: −1 means failure, told by `lastError`. */
  function(name: LibcName): Call {
    let call = this.#calls.get(name)
    if (call === undefined) {
      call = this.#library.func(name, 'int', [...SIGNATURES[name]]) as Call
      this.#calls.set(name, call)
    }
    return call
  }

  /** Whether the library has it: not all have what is glibc's own. */
  has(name: LibcName): boolean {
    try {
      return this.function(name) !== undefined
    } catch {
      return false
    }
  }

  /** Where a function lies, for the kernel to call. @throws when the library has none of that name */
  addressOfFunction(name: string): bigint {
    return this.koffi.address(this.#library.symbol(name))
  }

  /** Where the bytes lie. They must not be inside V8's heap, as small buffers are, and somebody must keep them. */
  addressOf(bytes: Uint8Array): bigint {
    return this.koffi.address(bytes)
  }

  /** What the call just made went wrong with. */
  lastError(syscall: string): SysError {
    return new SysError(this.koffi.errno(), syscall)
  }

  /** @throws {SysError} */
  call(name: LibcName, ...args: unknown[]): number {
    const result = this.function(name)(...args)
    if (result < 0) throw this.lastError(name)
    return result
  }
}
