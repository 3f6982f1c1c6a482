import type { IpAddress } from '../../base/index.ts'
import { isSameRecord, type ResourceRecord } from '../../wire/index.ts'
import { isSameAnswer } from './message.ts'

/** What a neighbour says of a name. */
export interface Told {
  readonly records: readonly ResourceRecord[]
  readonly soa: ResourceRecord | undefined
  readonly server: IpAddress
  readonly channel: 'udp' | 'tcp'
}

export interface ToldOfName extends Told {
  /** The name is not one host's alone. */
  readonly isShared: boolean
}

/** Hosts that are listened to for one question; a name that so many share is hardly one. */
const MOST_HEARD = 16

/**
 * What several hosts reply to one question (LL-Q-3). What a host says that has the name alone is final. What hosts say that
 * share it is merged. The two are never mixed.
 */
export class Replies {
  readonly #heard: ToldOfName[] = []

  /** False for a host that was heard before, as it was asked again before its reply had come, and beyond the bound. */
  add(told: ToldOfName): boolean {
    if (this.#heard.length === MOST_HEARD || this.#heard.some(({ server }) => server.equals(told.server))) return false
    this.#heard.push(told)
    return true
  }

  /** Of the first host that has the name alone. */
  get final(): Told | undefined {
    return this.#heard.find(({ isShared }) => !isShared)
  }

  /** Of all that share it. */
  get merged(): Told | undefined {
    const [first, ...others] = this.#heard.filter(({ isShared }) => isShared)
    if (first === undefined) return undefined
    const records = [...first.records]
    for (const record of others.flatMap((other) => other.records)) {
      if (!records.some((known) => isSameRecord(known, record))) records.push(record)
    }
    return { ...first, records }
  }

  /** All records of the name, where a host claims it for its own and another one tells different things. */
  get conflicting(): readonly ResourceRecord[] | undefined {
    const { final } = this
    if (final === undefined) return undefined
    const isDisputed = this.#heard.some(({ records }) => !isSameAnswer(records, final.records))
    return isDisputed ? this.#heard.flatMap(({ records }) => records) : undefined
  }
}
