import { createRequire } from 'node:module'
import type { RawNetlinkSocket as Raw } from 'netlink/dist/raw.js'
import type { Clock } from '../base/index.ts'
import type { Libc } from '../sys/index.ts'
import { RTM_GETADDR, RTM_GETLINK, RTM_GETROUTE } from './decode.ts'
import { composeRequest, NLM_F_REQUEST, type NetlinkMessage, readU32, splitMessages } from './message.ts'
import { Overrun } from './overrun.ts'

type Package = typeof import('netlink/dist/raw.js')

const NETLINK_ROUTE = 0
/** RTNLGRP_*: link, IPv4 address, route and rule, IPv6 address, route and rule. Rules only lead to `onNews`. */
const GROUPS = [1, 5, 7, 8, 9, 11, 19]

const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLMSG_OVERRUN = 4
const NLMSG_LAST_CONTROL = 15
const NLM_F_DUMP_INTR = 0x10
const NLM_F_DUMP = 0x300

/** Bytes for a burst of events, such as a thousand links coming up at once. The kernel caps it at rmem_max for who may not more. */
const RECEIVE_BUFFER = 4 * 1024 * 1024
/** Milliseconds after which an unanswered dump counts as lost. */
const DUMP_PATIENCE = 5000
/** How often a dump is asked again because changes disturbed it. */
const MAX_TRIES = 10
/** Messages of one dump at most: a million routes and more. */
const MAX_PARTS = 2_000_000

export type DumpType = typeof RTM_GETLINK | typeof RTM_GETADDR | typeof RTM_GETROUTE

/** The dump under way. */
interface Dump {
  readonly type: DumpType
  readonly patience: Disposable
  seq: number
  triesLeft: number
  parts: NetlinkMessage[]
  wasInterrupted: boolean
  resolve(parts: NetlinkMessage[]): void
  reject(error: Error): void
}

export interface RtnetlinkSocketOptions {
  readonly clock: Clock
  /** Without it an overrun of the socket ends the process. */
  readonly libc: Libc | undefined
  onEvents(messages: readonly NetlinkMessage[]): void
  /** Called once; nothing else is called after it. */
  onBroken(error: Error): void
}

/**
 * One rtnetlink socket, subscribed before anything is asked, so that no event after the dump is missed.
 * After any error or lost event it is broken for good and must be replaced, as its view may be incomplete.
 */
export class RtnetlinkSocket implements AsyncDisposable {
  readonly #options: RtnetlinkSocketOptions
  readonly #raw: Raw
  readonly #port: number
  readonly #overrun: Overrun | undefined
  #isOverrunToBeChecked = false
  #dump: Dump | undefined
  #seq = 0
  #failure: Error | undefined
  #closed: Promise<void> | undefined

  private constructor(raw: Raw, options: RtnetlinkSocketOptions) {
    this.#options = options
    this.#raw = raw
    this.#port = raw.address().port
    this.#overrun = Overrun.watch(options.libc, this.#port, RECEIVE_BUFFER)
    raw.on('message', (bytes, sender) => {
      if (sender.port !== 0) return // not the kernel
      this.#receive(splitMessages(bytes))
      this.#checkOverrun()
    })
    raw.on('truncatedMessage', () => this.#break(new Error('a netlink message was cut short')))
    raw.on('error', (error) => this.#break(error))
  }

  /** @throws when the socket cannot be had. */
  static async open(options: RtnetlinkSocketOptions): Promise<RtnetlinkSocket> {
    const { RawNetlinkSocket } = loadNetlink()
    const raw = new RawNetlinkSocket(NETLINK_ROUTE)
    try {
      raw.setRecvBufferSize(RECEIVE_BUFFER)
      for (const group of GROUPS) raw.addMembership(group)
      return new RtnetlinkSocket(raw, options)
    } catch (error) {
      raw.close()
      throw error
    }
  }

  /** Why it is broken; undefined while it works. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Everything of one type, consistent within itself. One at a time. @throws when broken or closed */
  dump(type: DumpType): Promise<NetlinkMessage[]> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure)
      if (this.#dump !== undefined) return reject(new Error('one netlink dump at a time'))
      const patience = this.#options.clock.after(DUMP_PATIENCE, () => this.#break(new Error('a dump was not answered')))
      this.#dump = { type, patience, seq: 0, triesLeft: MAX_TRIES, parts: [], wasInterrupted: false, resolve, reject }
      this.#ask(this.#dump)
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#fail(new Error('netlink socket closed'))
    // Never from within one of its own callbacks: the native code goes on using what close() has taken away.
    await new Promise((resolve) => setImmediate(resolve))
    this.#raw.close()
  }

  /** Sends the request, again after an interrupted dump. */
  #ask(dump: Dump): void {
    if (dump.triesLeft-- === 0) return this.#break(new Error('changes disturb every dump'))
    dump.seq = ++this.#seq
    dump.parts = []
    dump.wasInterrupted = false
    // One struct of zeroes serves all three kinds: every family, every link, every table.
    const request = composeRequest(dump.type, NLM_F_REQUEST | NLM_F_DUMP, dump.seq, this.#port, new Uint8Array(16))
    this.#raw.send(request, {}, (error) => {
      if (error) this.#break(error)
    })
  }

  #receive(messages: readonly NetlinkMessage[]): void {
    const events: NetlinkMessage[] = []
    for (const message of messages) {
      if (this.#failure !== undefined) return
      if (message.type === NLMSG_OVERRUN) this.#break(new Error('netlink overrun'))
      else if (this.#isAnswer(message)) this.#takeAnswer(message)
      else if (message.type > NLMSG_LAST_CONTROL) events.push(message)
    }
    if (events.length > 0) this.#options.onEvents(events)
  }

  /** Once this turn's messages are read: what was dropped before the last of them has been counted. */
  #checkOverrun(): void {
    if (this.#isOverrunToBeChecked || this.#overrun === undefined) return
    this.#isOverrunToBeChecked = true
    setImmediate(() => {
      this.#isOverrunToBeChecked = false
      if (this.#failure === undefined && this.#overrun?.hasHappened === true)
        this.#break(new Error('the kernel had no room for more events'))
    })
  }

  /** Events carry the number and port of whoever caused them; ours cause none. */
  #isAnswer(message: NetlinkMessage): boolean {
    return message.port === this.#port && message.seq === this.#dump?.seq
  }

  /** One message of the dump; a dump that changes interrupted is asked again as a whole (NLM_F_DUMP_INTR). */
  #takeAnswer(message: NetlinkMessage): void {
    const dump = this.#dump as Dump
    if (message.type === NLMSG_ERROR) return this.#break(new Error(`a dump was refused, errno ${errnoOf(message)}`))
    if ((message.flags & NLM_F_DUMP_INTR) !== 0) dump.wasInterrupted = true
    if (message.type === NLMSG_DONE && dump.wasInterrupted) return this.#ask(dump)
    if (message.type === NLMSG_DONE) {
      this.#dump = undefined
      dump.patience[Symbol.dispose]()
      return dump.resolve(dump.parts)
    }
    if (dump.parts.push(message) > MAX_PARTS) this.#break(new Error('a dump does not end'))
  }

  #break(error: Error): void {
    if (this.#failure !== undefined) return
    this.#fail(error)
    this.#options.onBroken(error)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#dump?.patience[Symbol.dispose]()
    this.#dump?.reject(this.#failure)
    this.#dump = undefined
  }
}

/** struct nlmsgerr begins with the negated errno. */
function errnoOf(message: NetlinkMessage): number {
  return message.payload.length < 4 ? 0 : -(readU32(message.payload, 0) | 0)
}

/**
 * Loads the native package when first needed, or earlier by a caller that is about to drop the right to read its files.
 * Only its raw layer: the rest parses less than we need.
 */
export function loadNetlink(): Package {
  return createRequire(import.meta.url)('netlink/dist/raw.js') as Package // import() would parse it twice, for its names
}
