import { type IpAddress, type IpProtocol, TokenBucket } from '../base/index.ts'
import { type PortHolder, ownerOf, type Process, socketOf } from './port-holder.ts'

/** Share of the time that searches may take in the long run, and milliseconds of CPU they may take at once. */
const SHARE = 0.01
const AT_ONCE = 100
/** Milliseconds for which a port is taken to belong to the same socket: ports are reused at random among thousands. */
const TRUSTED_FOR = 1000
/** Ports, and sockets, remembered. */
const REMEMBERED = 64

/** What was found for one port, and how long it is believed. */
interface KnownHolder {
  readonly holder: PortHolder | undefined
  readonly until: number
}

/**
 * Which process has the socket a client on this machine asks from, for the journal: by /proc/net and /proc/PID/fd. (Who
 * shares places under load only needs user and control group: `SocketOwners` in `netlink/`.) A search takes up to tens of
 * milliseconds and blocks everything, so results are remembered, and searches have a budget of CPU time.
 */
export class ClientProcesses {
  /** By address and port, the latest last. */
  readonly #known = new Map<string, KnownHolder>()
  /** By the socket's inode, which is not reused for long. */
  readonly #processes = new Map<string, Process>()
  readonly #now: () => number
  readonly #spent: () => number
  /** Milliseconds of CPU. */
  readonly #budget = new TokenBucket(AT_ONCE)
  #countedAt: number

  /** Both in milliseconds: the time, and the CPU time of this process. */
  constructor(now = () => performance.now(), spent = cpuTime) {
    this.#now = now
    this.#spent = spent
    this.#countedAt = now()
  }

  /**
   * Undefined for clients elsewhere, when the socket is closed already, and when the budget is used up. The process is
   * found only with the right to look into it: as root or the same user.
   */
  find(address: IpAddress, port: number, transport: IpProtocol): PortHolder | undefined {
    const startedAt = this.#now()
    const key = `${transport} ${address.text} ${port}`
    const known = this.#known.get(key)
    if (known !== undefined && startedAt < known.until) return known.holder
    this.#budget.earn(SHARE * (startedAt - this.#countedAt))
    this.#countedAt = startedAt
    if (!this.#budget.isSolvent) return undefined
    const before = this.#spent()
    const holder = this.#look(address, port, transport)
    this.#budget.charge(this.#spent() - before)
    put(this.#known, key, { holder, until: this.#now() + TRUSTED_FOR })
    return holder
  }

  #look(address: IpAddress, port: number, transport: IpProtocol): PortHolder | undefined {
    const socket = socketOf(address, port, transport, true)
    if (socket === undefined) return undefined
    const mayLook = process.geteuid?.() === 0 || process.geteuid?.() === socket.uid
    return { uid: socket.uid, process: mayLook ? this.#process(socket.inode) : undefined }
  }

  /** Looks first at processes found before: often it is one of them again with another socket. */
  #process(inode: string): Process | undefined {
    const known = this.#processes.get(inode)
    if (known !== undefined) return known
    const likely = new Set(Array.from(this.#processes.values(), ({ pid }) => pid).toReversed())
    const found = ownerOf(inode, [...likely])
    if (found !== undefined) put(this.#processes, inode, found)
    return found
  }
}

function cpuTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Sets `key`; the oldest makes room. */
function put<T>(known: Map<string, T>, key: string, value: T): void {
  known.delete(key)
  const [oldest] = known.keys()
  if (known.size >= REMEMBERED && oldest !== undefined) known.delete(oldest)
  known.set(key, value)
}
