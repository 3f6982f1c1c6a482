import { Worker } from 'node:worker_threads'
import { type Order, type Report, SHARED } from './protocol.ts'

export interface Summary {
  readonly name: string
  readonly executions: number
  readonly seconds: number
  readonly features: number
  readonly corpus: number
  readonly findings: number
}

const LARGEST = 1 << 16
/** An input that takes so long never ends: it is told, and a new worker goes on without it. */
const PATIENCE = 60_000
const LOOK = 1000
/** MiB. What takes more dies of it, and is told. */
const HEAP = 1024
/** Large enough that few inputs meet a collection, which hides what they allocate. */
const YOUNG = 64
const LINE_EVERY = 30

/** One target for some time, in workers: an input that hangs or fills the memory ends a worker and not the run. */
export class FuzzRun {
  onFinding: (reason: string, input: Buffer) => void = () => undefined
  /** The fewest inputs that reach every place, and all that led to something new. */
  kept: Buffer[] = []
  corpus: Buffer[] = []
  readonly #script: string
  readonly #order: Omit<Order, 'shared'>
  readonly #shared = new SharedArrayBuffer(SHARED.size + LARGEST)
  readonly #numbers = new Int32Array(this.#shared, 0, 4)
  readonly #started = Date.now()
  #executions = 0
  #findings = 0
  #fatal = 0

  constructor(script: string, order: Omit<Order, 'shared'>) {
    this.#script = script
    this.#order = order
  }

  async finish(): Promise<Summary> {
    const { name, seconds } = this.#order
    for (let left = seconds; left > 0 && this.#fatal < 10; left = seconds - this.#elapsed) await this.#work(left)
    return {
      name,
      executions: this.#executions,
      seconds: this.#elapsed,
      features: this.#numbers[SHARED.features] as number,
      corpus: this.kept.length,
      findings: this.#findings,
    }
  }

  get #elapsed(): number {
    return (Date.now() - this.#started) / 1000
  }

  /** Until the time is up, or an input ends the worker. */
  #work(seconds: number): Promise<void> {
    this.#numbers.fill(0)
    const seed = this.#order.seed + this.#fatal
    const worker = new Worker(this.#script, {
      workerData: { ...this.#order, seconds, seed, shared: this.#shared },
      resourceLimits: { maxOldGenerationSizeMb: HEAP, maxYoungGenerationSizeMb: YOUNG },
    })
    return new Promise((resolve) => {
      const watch = this.#watch(worker)
      worker.on('message', (report: Report) => this.#take(report))
      worker.on('error', (error) => this.#blame(`ends the process: ${error.stack ?? error.message}`))
      worker.on('exit', () => {
        clearInterval(watch)
        this.#executions += this.#numbers[SHARED.executions] as number
        resolve()
      })
    })
  }

  #take(report: Report): void {
    if (report.kind === 'finding') this.#tell(report.finding.reason, Buffer.from(report.finding.input))
    else {
      this.kept = report.kept.map((input) => Buffer.from(input))
      this.corpus = report.corpus.map((input) => Buffer.from(input))
    }
  }

  /** Looks every second whether the worker still gets on. */
  #watch(worker: Worker): NodeJS.Timeout {
    let seen = -1
    let since = Date.now()
    let looks = 0
    return setInterval(() => {
      const [executions = 0, , features, corpus] = this.#numbers
      if (++looks % LINE_EVERY === 0)
        console.log(`${this.#order.name}: ${executions} executions, ${features} features, ${corpus} inputs`)
      if (executions !== seen || executions === 0) {
        seen = executions
        since = Date.now()
      } else if (Date.now() - since > PATIENCE && this.corpus.length === 0) {
        since = Date.now()
        this.#blame('never ends')
        void worker.terminate()
      }
    }, LOOK)
  }

  /** The input that was being run. */
  #blame(reason: string): void {
    this.#fatal++
    const length = this.#numbers[SHARED.length] as number
    this.#tell(reason, Buffer.from(Buffer.from(this.#shared, SHARED.size, length)))
  }

  #tell(reason: string, input: Buffer): void {
    this.#findings++
    this.onFinding(reason, input)
  }
}
