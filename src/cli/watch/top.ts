import { reasonOf } from '../../base/index.ts'
import { CliError } from '../command/cli-error.ts'
import type { VerbRun } from '../command/context.ts'
import type { LinkView } from '../diagnose/doctor-findings.ts'
import { explainUnavailable } from '../query/explained-lookups.ts'
import { questions } from './questions.ts'
import { Terminal } from './terminal.ts'
import { type Metrics, TopModel } from './top-model.ts'
import { HELP, pageLines, topLines } from './top-view.ts'
import { EXPLAIN_INTERFACE, MONITOR_INTERFACE, OBSERVE_INTERFACE } from '../../varlink-idl/index.ts'
import { isUnavailable, type VarlinkClient } from '../client/varlink-client.ts'
import { whyLines } from '../diagnose/why-text.ts'

/** Between two readings of counters and links. */
const TICK_MS = 1000
const WAITING = 'Waiting for it to come back.'
/** Questions in a burst are drawn together. */
const DRAW_DELAY_MS = 100

/** A live screen of links and questions, until `q`. */
export const top: VerbRun = async (_words, { screen, varlink }) => {
  if (!screen.isTerminal || !process.stdin.isTTY) throw new CliError('top needs a terminal; try statistics or monitor.')
  if (process.env.TERM === 'dumb') {
    throw new CliError('top moves the cursor, which this terminal cannot (TERM=dumb); try statistics or monitor.')
  }
  await readOnce(varlink) // before the screen changes, so that errors are seen
  await new Top(varlink).run()
  return 0
}

/** @throws {CliError} */
async function readOnce(varlink: VarlinkClient): Promise<{ links: readonly LinkView[]; metrics: Metrics }> {
  try {
    const [{ links }, metrics] = await Promise.all([
      varlink.call(OBSERVE_INTERFACE, 'DescribeLinks', {}),
      varlink.call(OBSERVE_INTERFACE, 'DumpMetrics', {}),
    ])
    return { links, metrics }
  } catch (error) {
    throw isUnavailable(error) ? explainUnavailable(error) : error
  }
}

/** Reads, follows and draws until `q`. The model is changed only here; the view is a function of it. */
class Top {
  readonly #varlink: VarlinkClient
  readonly #model = new TopModel()
  readonly #stop = new AbortController()
  #terminal: Terminal | undefined
  /** Shown instead of the rest until a key is pressed. */
  #page: readonly string[] | undefined
  #drawing: NodeJS.Timeout | undefined

  constructor(varlink: VarlinkClient) {
    this.#varlink = varlink
  }

  /** Returns when the user leaves. */
  async run(): Promise<void> {
    using terminal = new Terminal({ onKey: (key) => this.#onKey(key), onResize: () => this.#draw() })
    this.#terminal = terminal
    try {
      await Promise.race([this.#watch(), untilAborted(this.#stop.signal)])
    } finally {
      this.#stop.abort()
      clearTimeout(this.#drawing)
    }
  }

  /** As long as the user stays: a daemon that goes, as for a restart, is waited for. */
  async #watch(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const attempt = new AbortController()
      const both = AbortSignal.any([signal, attempt.signal])
      try {
        await Promise.race([this.#tick(both), this.#follow(both)])
      } catch (error) {
        if (!(error instanceof CliError)) throw error
        this.#model.message = `${reasonOf(error)} ${WAITING}`
        this.#draw()
      } finally {
        attempt.abort()
      }
      await pause(TICK_MS)
    }
  }

  /** Counters and links, once a tick; an error ends the watch and is shown until the daemon is back. */
  async #tick(signal: AbortSignal): Promise<void> {
    for (let last = performance.now(); !signal.aborted; await pause(TICK_MS)) {
      const { links, metrics } = await readOnce(this.#varlink)
      const now = performance.now()
      if (this.#model.message.endsWith(WAITING)) this.#model.message = ''
      this.#model.onTick(links, metrics, Math.max(0.2, (now - last) / 1000))
      last = now
      this.#draw()
    }
  }

  /** Questions as they come, with the latest first when it begins. */
  async #follow(signal: AbortSignal): Promise<void> {
    for await (const question of questions(this.#varlink, true, signal)) {
      if (question === 'ready') continue
      this.#model.onQuestion(question)
      this.#drawSoon()
    }
    if (!signal.aborted) throw new CliError('The resolver has closed the connection.')
  }

  #drawSoon(): void {
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined
      this.#draw()
    }, DRAW_DELAY_MS)
  }

  #draw(): void {
    const terminal = this.#terminal
    if (terminal === undefined) return
    const { size } = terminal
    terminal.draw(this.#page === undefined ? topLines(this.#model, size, new Date()) : pageLines(this.#page, size))
  }

  /** A key closes a page first; only without one does it mean an action. */
  #onKey(key: string): void {
    if (key === 'q' || key === 'c-c' || key === 'c-d') return this.#stop.abort()
    if (this.#page === undefined) this.#act(key)
    else this.#page = undefined
    this.#draw()
  }

  #act(key: string): void {
    const model = this.#model
    model.message = ''
    const act = ACTIONS.get(key)
    if (act !== undefined) act(model)
    else if (key === 'h' || key === '?') this.#page = [...HELP, ...GO_BACK]
    else if (key === 'f')
      void this.#try('Flushed all caches.', () => this.#varlink.call(MONITOR_INTERFACE, 'FlushCaches', {}))
    else if (key === 'w' || key === 'return') void this.#try('', () => this.#showWhy())
  }

  /** What went wrong is said in the last line. */
  async #try(done: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
      this.#model.message = done
    } catch (error) {
      this.#model.message = reasonOf(error)
    }
    this.#draw()
  }

  async #showWhy(): Promise<void> {
    const question = this.#model.selectedQuestion
    if (question === undefined) return
    const { name, types } = question
    const flags = types.length === 1 ? NO_SEARCH : 0
    const why = await this.#varlink.call(EXPLAIN_INTERFACE, 'Why', { name, types, ask: false, flags })
    const lines = whyLines(why, Date.now() * 1000, (text) => text)
    this.#page = [...lines, ...GO_BACK]
  }
}

const GO_BACK = ['', 'Any key goes back.']
/** A stub's question has one type and no search domains. */
const NO_SEARCH = 0x100
const ACTIONS: ReadonlyMap<string, (model: TopModel) => void> = new Map([
  ['space', (model) => model.togglePause()],
  ['p', (model) => model.togglePause()],
  ['up', (model) => model.select(-1)],
  ['down', (model) => model.select(1)],
  ['pageup', (model) => model.select(-10)],
  ['pagedown', (model) => model.select(10)],
  ['left', (model) => model.pick(-1)],
  ['right', (model) => model.pick(1)],
  ['tab', (model) => model.pick(1)],
])

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, millis)
  })
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
