import type { Question } from '../../wire/index.ts'
import { CLASS, TYPE } from '../../wire/index.ts'
import type { BrowsedService, BrowseRequest, Browser, ServiceChange } from '../browser.ts'
import type { MulticastPlace } from '../network.ts'
import type { KnownRecord } from './known-record.ts'
import type { MdnsQuerier } from './querier.ts'
import { serviceOfName } from './service-instance.ts'

/** Followers at once; each may make neighbours be asked for another name. */
const MAX_FOLLOWERS = 256

type Subscribable = Pick<MdnsQuerier, 'subscribe'>
type OnChange = (changes: readonly ServiceChange[]) => void

/** Follows services on all links and IP versions that multicast DNS is asked on, whichever these are at the time (SD-V). */
export class MdnsBrowser implements Browser {
  readonly #queriers = new Map<MulticastPlace, Subscribable>()
  readonly #followers = new Set<Follower>()

  /** From now on the place is browsed too; disposed, what was found there is gone. */
  attach(place: MulticastPlace, querier: Subscribable): Disposable {
    this.#queriers.set(place, querier)
    for (const follower of this.#followers) follower.add(place, querier)
    return {
      [Symbol.dispose]: () => {
        if (this.#queriers.get(place) !== querier) return
        this.#queriers.delete(place)
        for (const follower of this.#followers) follower.delete(place)
      },
    }
  }

  browse(request: BrowseRequest, onChange: OnChange): Disposable | undefined {
    if (this.#followers.size >= MAX_FOLLOWERS) return undefined
    const follower = new Follower(request, onChange)
    this.#followers.add(follower)
    for (const [place, querier] of this.#queriers) follower.add(place, querier)
    return {
      [Symbol.dispose]: () => {
        this.#followers.delete(follower)
        follower[Symbol.dispose]()
      },
    }
  }
}

/** Somebody who follows one name on one link or all. */
class Follower implements Disposable {
  readonly #request: BrowseRequest
  readonly #onChange: OnChange
  readonly #places = new Map<MulticastPlace, FollowedPlace>()

  constructor(request: BrowseRequest, onChange: OnChange) {
    this.#request = request
    this.#onChange = onChange
  }

  add(place: MulticastPlace, querier: Subscribable): void {
    const { name, ifindex } = this.#request
    if (ifindex !== 0 && ifindex !== place.ifindex) return
    const followed = new FollowedPlace(place, this.#onChange)
    this.#places.set(place, followed)
    followed.follow(querier, { name, type: TYPE.PTR, class: CLASS.IN })
  }

  /** What was found there is told to be gone. */
  delete(place: MulticastPlace): void {
    const followed = this.#places.get(place)
    this.#places.delete(place)
    followed?.[Symbol.dispose]()
    followed?.update([])
  }

  [Symbol.dispose](): void {
    for (const followed of this.#places.values()) followed[Symbol.dispose]()
    this.#places.clear()
  }
}

/** What is known at one place, and what of it was told. */
class FollowedPlace implements Disposable {
  readonly #place: MulticastPlace
  readonly #onChange: OnChange
  /** By rdata. */
  #told = new Map<string, BrowsedService>()
  #subscription: Disposable | undefined

  constructor(place: MulticastPlace, onChange: OnChange) {
    this.#place = place
    this.#onChange = onChange
  }

  follow(querier: Subscribable, question: Question): void {
    this.#subscription = querier.subscribe(question, (records) => this.update(records))
  }

  update(records: readonly KnownRecord[]): void {
    const now = new Map(records.flatMap((known) => this.#entry(known) ?? []))
    const gone = [...this.#told].filter(([key]) => !now.has(key)).map(([, service]) => ({ ...service, isGone: true }))
    const come = [...now].filter(([key]) => !this.#told.has(key)).map(([, service]) => ({ ...service, isGone: false }))
    this.#told = now
    if (gone.length + come.length > 0) this.#onChange([...gone, ...come])
  }

  [Symbol.dispose](): void {
    this.#subscription?.[Symbol.dispose]()
  }

  #entry({ record: { type, rdata } }: KnownRecord): [string, BrowsedService][] | undefined {
    const service = type === TYPE.PTR ? serviceOfName(rdata) : undefined
    const { ifindex, family } = this.#place
    return service && [[rdata.toString('latin1'), { ifindex, family, ...service }]]
  }
}
