import type { Clock, Random } from '../base/index.ts'
import type { Question } from '../wire/index.ts'
import { findingOf } from './dnssec-probe.ts'
import { Drive } from './drive.ts'
import { FinishedTransactions } from './finished-transactions.ts'
import type { Outcome } from './outcome.ts'
import { Transaction } from './transaction.ts'
import type { Transport } from './transport.ts'
import type { Upstream } from './upstream.ts'
import type { Upstreams } from './upstreams.ts'

/** Servers asked at once. */
const MOST = 4

interface ProbeServices {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
}

/** Asks servers whether they do DNSSEC, each on its own, before anybody concludes that from what is missing (S-DOWN-4). */
export class DnssecProbes implements Disposable {
  readonly #upstreams: Upstreams
  readonly #services: ProbeServices
  readonly #open = new Map<Upstream, Promise<void>>()
  readonly #drives = new Set<Drive>()
  readonly #finished = new FinishedTransactions()

  constructor(upstreams: Upstreams, services: ProbeServices) {
    this.#upstreams = upstreams
    this.#services = services
  }

  /** Resolves when each server of which it is not known has been asked these, one after the other until one is telling. */
  async examine(questions: readonly Question[]): Promise<void> {
    const now = this.#services.clock.now()
    const unknown = this.#upstreams.all.filter(
      (upstream) =>
        upstream.lackOfDnssec(now) === undefined && !upstream.dnssec.isProven(now) && upstream.liveness.state !== 'out',
    )
    await Promise.all(unknown.slice(0, MOST).map((upstream) => this.#examineOnce(upstream, questions)))
  }

  [Symbol.dispose](): void {
    for (const drive of this.#drives) drive.cancel()
    this.#finished[Symbol.dispose]()
  }

  #examineOnce(upstream: Upstream, questions: readonly Question[]): Promise<void> {
    const open = this.#open.get(upstream)
    if (open !== undefined) return open
    const examined = this.#examine(upstream, questions).finally(() => this.#open.delete(upstream))
    this.#open.set(upstream, examined)
    return examined
  }

  async #examine(upstream: Upstream, questions: readonly Question[]): Promise<void> {
    const { clock } = this.#services
    let isAble = false
    for (const question of questions) {
      const finding = findingOf(question, await this.#ask(upstream, question))
      if (finding?.isAble === false) return upstream.dnssec.onLacking(finding.lack, clock.now())
      isAble ||= finding !== undefined
    }
    if (isAble) upstream.dnssec.onAble(clock.now())
  }

  #ask(upstream: Upstream, question: Question): Promise<Outcome> {
    const { transport, clock, random } = this.#services
    const request = { kind: 'question', question, validation: 'where-possible', server: upstream } as const
    const transaction = new Transaction(request, this.#upstreams, random, clock.now(), false)
    return new Promise((resolve, onBug) => {
      const onDone = (outcome: Outcome) => {
        this.#drives.delete(drive)
        resolve(outcome)
      }
      const drive = new Drive(transaction, { transport, clock, finished: this.#finished }, { onDone, onBug })
      this.#drives.add(drive)
      drive.begin()
    })
  }
}
