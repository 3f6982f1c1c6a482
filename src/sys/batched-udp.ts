import { type IpAddress, type Log, reasonOf } from '../base/index.ts'
import type { DatagramHandler, DatagramListener, Peer } from './datagram-listener.ts'
import type { Libc } from './libc.ts'
import { PacketBatch, type Slot } from './packet-batch.ts'
import { decodeSockaddr, SOCKADDR_IN_SIZE, type SocketAddress } from './sockaddr.ts'

/** Packets that one pair of system calls reads and answers. */
const BATCH = 64
/** Bytes read of a query: no answerable query is larger, and what is cut off fails to parse. */
const QUERY_SIZE = 4096
/** Bytes of the largest reply that is batched; larger ones are rare and sent one by one. */
const REPLY_SIZE = 4096
/** Batches read in a row before the rest of the daemon has its turn. */
const MAX_ROUNDS = 4
const MSG_DONTWAIT = 0x40
const EAGAIN = 11
/** Size of struct cmsghdr on 64-bit machines. */
const CMSGHDR = 16
/** For packets without ancillary data. */
const NO_CONTROL = Buffer.alloc(0)
/** How often a full send buffer is tried again, a turn of the event loop later each time. */
const MAX_RETRIES = 100

/**
 * A UDP listener that reads what has queued up by one recvmmsg() and answers it by one sendmmsg(), in memory allocated
 * once: a fraction of the CPU time of node:dgram, which makes objects and a system call for every packet.
 */
export class BatchedUdp implements DatagramListener {
  readonly address: IpAddress
  readonly port: number
  readonly #libc: Libc
  readonly #log: Log
  readonly #fd: number
  readonly #in: PacketBatch
  readonly #out: PacketBatch
  readonly #peers: readonly SlotPeer[]
  /** Written to and thrown away while the kernel takes no more replies. */
  readonly #discarded = Buffer.alloc(REPLY_SIZE)
  readonly #recvmmsg: (...args: unknown[]) => number
  readonly #sendmmsg: (...args: unknown[]) => number
  #handler: DatagramHandler | undefined
  #watch: { close(): void } | undefined
  /** Replies in `#out` that are not sent yet. */
  #queued = 0
  /** Turns of the event loop in a row in which the kernel took nothing. */
  #retries = 0
  #isDraining = false
  #isFlushPlanned = false
  #isClosed = false

  /** @param fd a bound, non-blocking socket, from now on ours to close */
  constructor(libc: Libc, log: Log, fd: number, local: SocketAddress) {
    this.#libc = libc
    this.#log = log
    this.#fd = fd
    this.address = local.address
    this.port = local.port
    this.#in = new PacketBatch(libc, BATCH, QUERY_SIZE)
    this.#out = new PacketBatch(libc, BATCH, REPLY_SIZE)
    this.#in.prepare(BATCH)
    this.#peers = this.#in.slots.map((slot) => new SlotPeer(slot))
    this.#recvmmsg = libc.function('recvmmsg')
    this.#sendmmsg = libc.function('sendmmsg')
  }

  serve(handler: DatagramHandler): void {
    this.#handler = handler
    this.resume()
  }

  pause(): void {
    this.#watch?.close()
    this.#watch = undefined
  }

  resume(): void {
    const handler = this.#handler
    if (handler === undefined || this.#isClosed || this.#watch !== undefined) return
    this.#watch = this.#libc.koffi.node.poll(this.#fd, { readable: true }, () => this.#drain(handler))
  }

  send(reply: Buffer, peer: Peer): void {
    if (this.#isClosed || !(peer instanceof SlotPeer)) return
    if (reply.length > REPLY_SIZE) return this.#sendAlone(reply, peer)
    const slot = this.#freeSlot()
    if (slot === undefined) return // the kernel takes no more: dropped, as UDP may
    slot.payload.set(reply) // cheaper than copy()
    this.#enqueue(slot, reply.length, peer)
    if (!this.#isDraining) this.#flushSoon()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#flush()
    this.#isClosed = true
    this.#watch?.close()
    this.#libc.call('close', this.#fd)
  }

  /** Reads batches until the queue is empty, at most `MAX_ROUNDS`; then poll calls again. */
  #drain(handler: DatagramHandler): void {
    this.#isDraining = true
    try {
      for (let round = 0; round < MAX_ROUNDS && !this.#isClosed; round++) {
        const count = this.#recvmmsg(this.#fd, this.#in.headers, BATCH, MSG_DONTWAIT, null)
        if (count <= 0) break
        handler.onBatch()
        for (let i = 0; i < count; i++) this.#deliver(i, handler)
        this.#in.prepare(count)
        this.#flush()
        if (count < BATCH) break // the queue is empty, and another call would only say so
      }
    } finally {
      this.#isDraining = false
    }
  }

  /** The handler writes its reply straight into the next free slot. */
  #deliver(i: number, handler: DatagramHandler): void {
    const peer = this.#peers[i] as SlotPeer
    peer.renew(this.#in.nameLength(i), this.#in.controlLength(i))
    const slot = this.#freeSlot()
    try {
      const size = handler.onDatagram(this.#in.packet(i), peer, slot?.payload ?? this.#discarded)
      if (size > 0 && slot !== undefined) this.#enqueue(slot, size, peer)
    } catch (error) {
      this.#log.bug(error)
    }
  }

  /** The slot for the next reply; undefined while the kernel takes no more. */
  #freeSlot(): Slot | undefined {
    if (this.#queued === BATCH) this.#flush()
    return this.#queued === BATCH ? undefined : this.#out.slots[this.#queued]
  }

  #enqueue(slot: Slot, size: number, peer: SlotPeer): void {
    peer.copyTo(slot)
    this.#out.fill(this.#queued++, size, peer.nameLength, peer.controlLength)
  }

  #flushSoon(): void {
    if (this.#isFlushPlanned) return
    this.#isFlushPlanned = true
    setImmediate(() => {
      this.#isFlushPlanned = false
      this.#retries++
      this.#flush()
    })
  }

  /** Sends what is queued; what the kernel has no room for is kept for the next turn, up to `MAX_RETRIES` turns. */
  #flush(): void {
    let sent = 0
    while (sent < this.#queued) {
      const count = this.#sendmmsg(this.#fd, this.#out.from(sent), this.#queued - sent, MSG_DONTWAIT)
      if (count > 0) sent += count
      else if (this.#libc.koffi.errno() === EAGAIN) break
      else sent++ // this one cannot be sent (its address may be unreachable); skip it
    }
    if (sent === this.#queued || this.#retries > MAX_RETRIES) this.#retries = this.#queued = 0
    else this.#keepFrom(sent)
  }

  /** Moves the replies that could not be sent to the front. */
  #keepFrom(sent: number): void {
    this.#out.moveToFront(sent, this.#queued)
    this.#queued -= sent
    this.#flushSoon()
  }

  #sendAlone(reply: Buffer, peer: SlotPeer): void {
    this.#flush()
    const batch = new PacketBatch(this.#libc, 1, reply.length)
    const slot = batch.slots[0] as Slot
    reply.copy(slot.payload)
    peer.copyTo(slot)
    batch.fill(0, reply.length, peer.nameLength, peer.controlLength)
    const count = this.#sendmmsg(this.#fd, batch.headers, 1, MSG_DONTWAIT)
    if (count < 0) this.#log.debug(() => `Cannot send a reply: ${reasonOf(this.#libc.lastError('sendmmsg'))}`)
  }
}

/** The sender of the packet in one slot: sockaddr and ancillary data as the kernel wrote them, decoded on demand. */
class SlotPeer implements Peer {
  readonly #slot: Pick<Slot, 'name' | 'control'>
  nameLength = 0
  controlLength = 0
  #decoded: SocketAddress | undefined

  constructor(slot: Pick<Slot, 'name' | 'control'>) {
    this.#slot = slot
  }

  /** Another packet is in the slot now. */
  renew(nameLength: number, controlLength: number): void {
    this.nameLength = nameLength
    this.controlLength = controlLength
    this.#decoded = undefined
  }

  get address(): IpAddress {
    return this.#decode().address
  }

  get port(): number {
    return this.#slot.name.readUInt16BE(2)
  }

  get isLoopback(): boolean {
    // sockaddr_in: the address begins at 4. sockaddr_in6: at 8.
    return this.nameLength === SOCKADDR_IN_SIZE ? this.#slot.name[4] === 127 : this.address.isLoopback
  }

  get key(): string {
    return this.#slot.name.toString('latin1', 0, this.nameLength)
  }

  keep(): Peer {
    const { name, control } = this.#slot
    const kept = new SlotPeer({
      name: Buffer.from(name),
      control: this.controlLength === 0 ? NO_CONTROL : Buffer.from(control),
    })
    kept.renew(this.nameLength, this.controlLength)
    return kept
  }

  copyTo(slot: Slot): void {
    const { name } = this.#slot
    for (let i = 0; i < this.nameLength; i++) slot.name[i] = name[i] as number // cheaper than copy() for so few bytes
    if (this.controlLength === 0) return
    this.#slot.control.copy(slot.control, 0, 0, this.controlLength)
    // in_pktinfo begins with the link it came by. The reply goes wherever the routing table says, from the same address.
    if (this.nameLength === SOCKADDR_IN_SIZE) slot.control.fill(0, CMSGHDR, CMSGHDR + 4)
  }

  #decode(): SocketAddress {
    this.#decoded ??= decodeSockaddr(this.#slot.name)
    if (this.#decoded === undefined) throw new Error('a datagram without a sender')
    return this.#decoded
  }
}
