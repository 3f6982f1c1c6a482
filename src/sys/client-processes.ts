import { type IpAddress, type IpProtocol, TokenBucket } from '../base/index.ts'
import { type PortHolder, ownerOf, type Process, socketOf } from './port-holder.ts'

/** The part of the time that may go into looking, in the long run; and milliseconds of CPU that may be spent at once. */
const SHARE = 0.01
const AT_ONCE = 100
/** So long a port is taken to be the same socket's: ports are given out at random among thousands. */
const TRUSTED_FOR = 1000
const REMEMBERED = 64

/** What was found for one port. */
interface KnownHolder {
  readonly holder: PortHolder | undefined
  readonly until: number
}

/**
 * Who has the sockets that clients on this machine ask from. To find a socket takes 0.3 ms for UDP and 10 for TCP, and
 * to go through all processes up to tens of them, with everybody waiting: so what was found is remembered, and when too
 * much time goes into it nobody is looked for. That is CPU time: a busy machine makes us wait, but looking no dearer.
 */
export class ClientProcesses {
  /** By address and port. The latest last, as below. */
  readonly #known = new Map<string, KnownHolder>()
  /** By the socket's inode, which names it as long as it lives and no other for long after. */
  readonly #processes = new Map<string, Process>()
  readonly #now: () => number
  readonly #spent: () => number
  /** Milliseconds of CPU. */
  readonly #budget = new TokenBucket(AT_ONCE)
  #countedAt: number

  /** Both in milliseconds: the time, and the CPU time we have had. */
  constructor(now = () => performance.now(), spent = cpuTime) {
    this.#now = now
    this.#spent = spent
    this.#countedAt = now()
  }

  /**
   * Undefined for others, when the socket is gone already, and when there is no time for it. The process is known only
   * to those who may look into it.
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

  /** Processes that were found before are looked at first: often it is the same again, with another socket. */
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

/** In place of what was there, or of the oldest. */
function put<T>(known: Map<string, T>, key: string, value: T): void {
  known.delete(key)
  const [oldest] = known.keys()
  if (known.size >= REMEMBERED && oldest !== undefined) known.delete(oldest)
  known.set(key, value)
}
