import type { Clock, Millis } from '../base/index.ts'

/** Without work for so long, it is over. */
const REST: Millis = 5000
/** Growth since memory was last given back, as a share, below which it is not worth it. */
const WORTH_IT = 0.1

export interface RestServices {
  readonly clock: Clock
  /** Bytes of memory that we take. */
  readonly resident: () => number
  /** Gives back what is unused. */
  readonly giveBack: () => void
}

/** Gives memory back when there was work and there is none any more. While there is neither, nothing runs. */
export class RestWatch implements Disposable {
  readonly #services: RestServices
  /** What we took when memory was last given back, or less. */
  #settled: number
  #workedAt: Millis = 0
  #timer: Disposable | undefined

  /** To be made when memory has just been given back. */
  constructor(services: RestServices) {
    this.#services = services
    this.#settled = services.resident()
  }

  /** To be told now and then while there is work. */
  onWork(): void {
    this.#workedAt = this.#services.clock.now()
    this.#timer ??= this.#services.clock.after(REST, () => this.#look())
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #look(): void {
    const { clock, resident, giveBack } = this.#services
    const left = this.#workedAt + REST - clock.now()
    this.#timer = left > 0 ? clock.after(left, () => this.#look()) : undefined
    if (left > 0) return
    if (resident() > this.#settled * (1 + WORTH_IT)) {
      giveBack()
      this.#settled = resident()
    } else this.#settled = Math.min(this.#settled, resident())
  }
}
