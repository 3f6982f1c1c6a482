import type { Millis } from '../../base/index.ts'
import type { Question } from '../../wire/index.ts'
import { composeQuestion } from '../../wire/index.ts'
import { admit } from '../intake.ts'
import type { MulticastMessage } from '../message.ts'
import { readMulticast } from '../message.ts'
import type { MulticastDatagram, MulticastSocket } from '../network.ts'
import type { QuerierParts } from '../querier.ts'

/** How long answers are waited for: as long as the lookup that they are for. */
const OPEN: Millis = 1000

/**
 * Questions from a random port, as programs ask that know little of multicast DNS (RFC 6762 §5.1, §6.7): where another responder
 * of this machine has port 5353 too, answers by unicast might end at it (MC-SOCK-4). Each has an ID of its own; answers come to
 * this port alone.
 */
export class LegacyQueries implements Disposable {
  readonly #parts: QuerierParts
  readonly #onResponse: (message: MulticastMessage, datagram: MulticastDatagram) => void
  readonly #ids = new Set<number>()
  #socket: MulticastSocket | undefined
  #end: Disposable | undefined

  constructor(parts: QuerierParts, onResponse: (message: MulticastMessage, datagram: MulticastDatagram) => void) {
    this.#parts = parts
    this.#onResponse = onResponse
  }

  /** The port is given back a second after the last question. */
  send(question: Question): void {
    const { random, clock } = this.#parts
    const socket = (this.#socket ??= this.#open())
    if (socket === undefined) return
    const id = random.below(0x1_0000)
    this.#ids.add(id)
    socket.sendToGroup(composeQuestion(id, 0, question))
    this.#end?.[Symbol.dispose]()
    this.#end = clock.after(OPEN, () => this[Symbol.dispose]())
  }

  [Symbol.dispose](): void {
    this.#end?.[Symbol.dispose]()
    this.#socket?.close()
    this.#socket = undefined
    this.#ids.clear()
  }

  #open(): MulticastSocket | undefined {
    const { network, place, log } = this.#parts
    try {
      return network.openQuery(place, (datagram) => this.#onDatagram(datagram))
    } catch (error) {
      log.debug(() => `mDNS: no port to ask from on link ${place.ifindex}: ${(error as Error).message}`)
      return undefined
    }
  }

  #onDatagram(datagram: MulticastDatagram): void {
    if (admit('mdns', datagram, this.#parts.link(), true) !== 'response') return
    const message = readMulticast(datagram.bytes, 'mdns')
    if (message !== undefined && this.#ids.has(message.id)) this.#onResponse(message, datagram)
  }
}
