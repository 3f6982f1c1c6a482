import type { Libc } from './libc.ts'
import { SOCKADDR_SIZE } from './sockaddr.ts'

/** Size of struct mmsghdr on 64-bit Linux: a msghdr of 56 bytes, the length transferred, padding; and offsets in it. */
const MMSGHDR = 64
const NAME_LENGTH = 8
const CONTROL_LENGTH = 40
const MESSAGE_FLAGS = 48
const MESSAGE_LENGTH = 56
/** The packet was longer than the room for it. */
const MSG_TRUNC = 0x20
const IOVEC = 16
/** Room for the packet-info message that says which address was asked, of either family. */
export const PKTINFO_SIZE = 40
/** Little-endian: lengths of 64 bits are written and read by their low words. */
const IS_LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Room for one packet: views of memory the kernel writes to or reads from. */
export interface Slot {
  readonly payload: Buffer
  readonly name: Buffer
  readonly control: Buffer
}

/**
 * Memory for `count` packets of up to `size` bytes, laid out for recvmmsg() and sendmmsg(), whose pointers stay valid
 * for as long as the batch lives. 64-bit machines only, see `isSupported`.
 */
export class PacketBatch {
  readonly slots: readonly Slot[]
  readonly size: number
  /** The array of struct mmsghdr. */
  readonly headers: Buffer
  /** The view of each slot's last packet, reused when the next is as long: making a view is dear. */
  readonly #packets: Buffer[]
  readonly #words: Uint32Array
  readonly #iovecs: Uint32Array
  readonly #controlSize: number
  /** Everything in one piece, which is never moved: V8 keeps large buffers outside its heap. */
  readonly #memory: Buffer

  /** `controlSize`: room for control messages, a multiple of eight. */
  constructor(libc: Libc, count: number, size: number, controlSize = PKTINFO_SIZE) {
    this.size = size
    this.#controlSize = controlSize
    const perSlot = MMSGHDR + IOVEC + aligned(SOCKADDR_SIZE) + controlSize + aligned(size)
    this.#memory = Buffer.from(new ArrayBuffer(count * perSlot))
    const take = allocator(this.#memory)
    this.headers = take(count * MMSGHDR)
    const iovecs = take(count * IOVEC)
    this.slots = Array.from({ length: count }, () => ({
      payload: take(size),
      name: take(SOCKADDR_SIZE),
      control: take(controlSize),
    }))
    this.#packets = this.slots.map(({ payload }) => payload)
    this.#words = new Uint32Array(this.headers.buffer, this.headers.byteOffset, this.headers.length / 4)
    this.#iovecs = new Uint32Array(iovecs.buffer, iovecs.byteOffset, iovecs.length / 4)
    this.#layOut(libc.koffi.address(this.#memory), iovecs.byteOffset)
  }

  /** Writes all that stays as it is; through one view, as a start waits for it. */
  #layOut(base: bigint, iovecs: number): void {
    const words = new BigUint64Array(this.#memory.buffer)
    const pointer = (offset: number) => base + BigInt(offset)
    for (const [i, { payload, name, control }] of this.slots.entries()) {
      const iovec = iovecs + i * IOVEC
      const header = this.headers.byteOffset + i * MMSGHDR
      words[iovec >> 3] = pointer(payload.byteOffset)
      words[(iovec + 8) >> 3] = BigInt(this.size)
      words[header >> 3] = pointer(name.byteOffset)
      words[(header + 16) >> 3] = pointer(iovec)
      words[(header + 24) >> 3] = 1n
      words[(header + 32) >> 3] = pointer(control.byteOffset)
    }
  }

  static isSupported(libc: Libc): boolean {
    return libc.koffi.sizeof('void *') === 8 && IS_LITTLE
  }

  /** Makes slots 0..count-1 ready to receive: the kernel overwrites how much room there was. */
  prepare(count: number): void {
    for (let i = 0; i < count; i++) this.#setLengths(i, SOCKADDR_SIZE, this.#controlSize)
  }

  /** How many bytes the kernel put into slot `i`. */
  received(i: number): number {
    return this.#words[(i * MMSGHDR + MESSAGE_LENGTH) >> 2] as number
  }

  /** What the kernel put into slot `i`; lent until the slot is used again. */
  packet(i: number): Buffer {
    const length = this.received(i)
    const last = this.#packets[i] as Buffer
    return last.length === length ? last : (this.#packets[i] = (this.slots[i] as Slot).payload.subarray(0, length))
  }

  /** Whether the packet in slot `i` was cut off. */
  isCut(i: number): boolean {
    return ((this.#words[(i * MMSGHDR + MESSAGE_FLAGS) >> 2] as number) & MSG_TRUNC) !== 0
  }

  nameLength(i: number): number {
    return this.#words[(i * MMSGHDR + NAME_LENGTH) >> 2] as number
  }

  controlLength(i: number): number {
    return this.#words[(i * MMSGHDR + CONTROL_LENGTH) >> 2] as number
  }

  /** The array of headers from slot `i` on. */
  from(i: number): Buffer {
    return i === 0 ? this.headers : this.headers.subarray(i * MMSGHDR)
  }

  /** Copies slots first..end-1 to slots 0... */
  moveToFront(first: number, end: number): void {
    for (let i = first; i < end; i++) {
      const source = this.slots[i] as Slot
      const target = this.slots[i - first] as Slot
      for (const part of ['payload', 'name', 'control'] as const) source[part].copy(target[part])
      this.fill(i - first, this.#iovecs[(i * IOVEC + 8) >> 2] as number, this.nameLength(i), this.controlLength(i))
    }
  }

  /** Sets how many bytes of slot `i` are to be sent. */
  fill(i: number, payload: number, name: number, control: number): void {
    this.#iovecs[(i * IOVEC + 8) >> 2] = payload
    this.#setLengths(i, name, control)
  }

  #setLengths(i: number, name: number, control: number): void {
    this.#words[(i * MMSGHDR + NAME_LENGTH) >> 2] = name
    this.#words[(i * MMSGHDR + CONTROL_LENGTH) >> 2] = control
  }
}

/** Allocates pieces from the front of `memory`, each aligned to eight. */
function allocator(memory: Buffer): (size: number) => Buffer {
  let at = 0
  return (size) => {
    const piece = memory.subarray(at, at + size)
    at += aligned(size)
    return piece
  }
}

function aligned(size: number): number {
  return (size + 7) & ~7
}
