import { fstatSync } from 'node:fs'
import { type Log, reasonOf } from '../base/index.ts'
import type { Libc } from './libc.ts'

const SIG_IGN = 1n
const SA_SIGINFO = 0x4
const SA_ONSTACK = 0x0800_0000
const SA_RESTART = 0x1000_0000
/** struct sigaction of glibc and musl on 64-bit machines: handler, mask of 1024 signals, flags, restorer. */
const SIGACTION = { size: 152, mask: 8, flags: 136 } as const
/** stack_t of 64-bit machines: address, flags, size. */
const STACK_T = { size: 24, length: 16 } as const
/** siginfo_t of 64-bit machines: what was sent with sigqueue(3), and how it was sent. */
const SIGINFO = { size: 128, code: 8, value: 24 } as const
const SI_QUEUE = -1
/** Many times MINSIGSTKSZ, the largest vector registers included. */
const STACK_SIZE = 0x1_0000
const EFD_NONBLOCK = 0o4000
const EFD_CLOEXEC = 0o2000000
const F_DUPFD_CLOEXEC = 1030
/** Where the layouts above and the way two integers are passed have been looked up. */
const KNOWN_MACHINES: readonly string[] = ['x64', 'arm64']

/** Told of each signal, with the integer of sigqueue(3) where one came with it and is known. */
export type OnRealTimeSignal = (value: number | undefined) => void

/**
 * Real-time signals, which Node can neither receive nor ignore: each would end the process.
 *
 * A signal handler must not run JavaScript. The one set here is a function of the C library itself: eventfd_write(fd, n),
 * one write(2), which signal-safety(7) permits and which leaves errno alone unless it fails. The kernel calls a handler
 * with the signal's number and the address of its siginfo_t: two integers, in the registers in which x86-64 and AArch64
 * pass the arguments of any function. So the eventfd must have the signal's number as its descriptor, which
 * F_DUPFD_CLOEXEC gives it only if nothing else has it. libuv watches the eventfd, and what is called then is JavaScript.
 *
 * The value of the signal is in the siginfo_t. It lies on a signal stack of our own, as long as the main thread takes the
 * signal and none follows; the eventfd holds its address. One outside of that stack, or a sum of several, is not read.
 */
export class RealTimeSignals implements Disposable {
  readonly #libc: Libc
  readonly #stack = Buffer.from(new ArrayBuffer(STACK_SIZE)) // never moves
  readonly #stackAddress: bigint
  /** Kept: koffi stops watching for handles nobody refers to. */
  readonly #polls: { close(): void; unref(): void }[] = []
  readonly #counter = new BigUint64Array(1)

  private constructor(libc: Libc) {
    this.#libc = libc
    this.#stackAddress = libc.addressOf(this.#stack)
  }

  /**
   * From here on no real-time signal ends the process. Undefined, and a warning, where that cannot be had. To be called once.
   * @param handlers by the distance from SIGRTMIN; all others are ignored
   */
  static take(
    libc: Libc | undefined,
    log: Log,
    handlers: ReadonlyMap<number, OnRealTimeSignal>,
  ): RealTimeSignals | undefined {
    if (libc === undefined || !KNOWN_MACHINES.includes(process.arch)) return undefined
    try {
      const signals = new RealTimeSignals(libc)
      const [first, last] = rangeOf(libc)
      for (let signal = first; signal <= last; signal++) setAction(libc, signal, SIG_IGN, 0)
      signals.#useStack()
      for (const [distance, handler] of handlers) signals.#watch(first + distance, handler, log)
      return signals
    } catch (error) {
      log.warning(`Real-time signals cannot be received: ${reasonOf(error)}`)
      return undefined
    }
  }

  /** The descriptors and actions stay until the process ends: a signal may come at any time. */
  [Symbol.dispose](): void {
    for (const poll of this.#polls.splice(0)) poll.close()
  }

  #useStack(): void {
    const stack = Buffer.alloc(STACK_T.size)
    stack.writeBigUInt64LE(this.#stackAddress)
    stack.writeBigUInt64LE(BigInt(STACK_SIZE), STACK_T.length)
    this.#libc.call('sigaltstack', stack, null)
  }

  #watch(signal: number, handler: OnRealTimeSignal, log: Log): void {
    const libc = this.#libc
    if (isOpen(signal)) return log.warning(`Signal ${signal} is ignored, as descriptor ${signal} is in use.`)
    const made = libc.call('eventfd', 0, EFD_NONBLOCK | EFD_CLOEXEC)
    const fd = libc.call('fcntl', made, F_DUPFD_CLOEXEC, signal)
    libc.call('close', made)
    if (fd !== signal) throw new Error(`descriptor ${signal} cannot be had`)
    const poll = libc.koffi.node.poll(fd, { readable: true }, () => handler(this.#read(fd)))
    poll.unref()
    this.#polls.push(poll)
    setAction(libc, signal, libc.addressOfFunction('eventfd_write'), SA_SIGINFO | SA_ONSTACK | SA_RESTART)
  }

  /** Empties the eventfd; what the signal carried. */
  #read(fd: number): number | undefined {
    if (this.#libc.function('read')(fd, this.#counter, this.#counter.byteLength) < 0) return undefined
    const at = Number((this.#counter[0] as bigint) - this.#stackAddress)
    if (at < 0 || at > STACK_SIZE - SIGINFO.size) return undefined
    const code = this.#stack.readInt32LE(at + SIGINFO.code)
    return code === SI_QUEUE ? this.#stack.readInt32LE(at + SIGINFO.value) : undefined
  }
}

/** SIGRTMIN and SIGRTMAX: a C library keeps some of the kernel's for itself. */
function rangeOf(libc: Libc): readonly [number, number] {
  return [libc.call('__libc_current_sigrtmin'), libc.call('__libc_current_sigrtmax')]
}

/** All signals wait while the handler runs. @throws {SysError} */
function setAction(libc: Libc, signal: number, handler: bigint, flags: number): void {
  const action = Buffer.alloc(SIGACTION.size)
  action.writeBigUInt64LE(handler)
  action.fill(0xff, SIGACTION.mask, SIGACTION.flags)
  action.writeUInt32LE(flags, SIGACTION.flags)
  libc.call('sigaction', signal, action, null)
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd)
    return true
  } catch {
    return false
  }
}
