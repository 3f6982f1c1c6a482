import type { Family, Millis } from '../../base/index.ts'
import type { OwnRecord } from './zone.ts'

/** Packets in a second on one link, whatever is asked (MC-IN-3), and those that go to one asker alone. */
const PACKETS_PER_SECOND = 1000
const UNICAST_PER_SOURCE = 50
const SECOND: Millis = 1000
/** Records whose last time is known; one that is no longer counts as never sent. */
const MAX_REMEMBERED = 16_384

/** When each record was multicast last, by IP version. */
export class MulticastHistory {
  readonly #times = new Map<string, Millis>()

  note(family: Family, records: Iterable<OwnRecord>, now: Millis): void {
    for (const { key } of records) {
      const place = `${family} ${key}`
      this.#times.delete(place) // so that the oldest comes first
      this.#times.set(place, now)
    }
    for (const place of this.#times.keys()) {
      if (this.#times.size <= MAX_REMEMBERED) break
      this.#times.delete(place)
    }
  }

  /** How long ago; infinite for never. */
  age(family: Family, { key }: OwnRecord, now: Millis): Millis {
    return now - (this.#times.get(`${family} ${key}`) ?? Number.NEGATIVE_INFINITY)
  }
}

/** How many packets may go out on a link, counted anew each second. */
export class PacketBudget {
  #since: Millis = Number.NEGATIVE_INFINITY
  #sent = 0
  readonly #bySource = new Map<string, number>()

  /** Counts a packet; false where it must not go out. `source`: the only one that gets it. */
  take(now: Millis, source?: string): boolean {
    if (now - this.#since >= SECOND) {
      this.#since = now
      this.#sent = 0
      this.#bySource.clear()
    }
    const got = source === undefined ? 0 : (this.#bySource.get(source) ?? 0)
    if (this.#sent >= PACKETS_PER_SECOND || got >= UNICAST_PER_SOURCE) return false
    this.#sent++
    if (source !== undefined) this.#bySource.set(source, got + 1)
    return true
  }
}
