import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { createInterface, type Interface } from 'node:readline'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** What the machine did to a round, in milliseconds. */
export interface Disturbance {
  /** The longest time for which a core was not to be had, even before everybody else. */
  readonly gap: number
  /** Taken by the hypervisor for others, on all cores together. */
  readonly stolen: number
  /** Threads of the whole machine that wanted a core, on average: server and load are some four. */
  readonly runnable: number
}

/** From here on a round counts as disturbed. */
const LONG_GAP = 10
const MUCH_STOLEN = 100
const CROWDED = 6

const source = fileURLToPath(new URL('c/watcher.c', import.meta.url))
const folder = fileURLToPath(new URL('../.cache/', import.meta.url))

/** Watches the cores beside the measurements, so that a stall of the machine is not taken for one of a server. */
export class Watcher implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #lines: Interface

  private constructor(child: ChildProcess, lines: Interface) {
    this.#child = child
    this.#lines = lines
  }

  /** @param cores as taskset takes them */
  static async open(cores: string): Promise<Watcher> {
    await mkdir(folder, { recursive: true })
    const program = `${folder}watcher`
    await promisify(execFile)('cc', ['-O2', '-o', program, source, '-pthread'])
    const child = spawn(program, coresIn(cores), { stdio: ['pipe', 'pipe', 'inherit'] })
    const watcher = new Watcher(child, createInterface({ input: child.stdout }))
    await watcher.look()
    return watcher
  }

  /** Since the last look. */
  async look(): Promise<Disturbance> {
    const answered = once(this.#lines, 'line', { signal: AbortSignal.timeout(10_000) })
    this.#child.stdin?.write('\n')
    const { gap, stolen, runnable, first } = JSON.parse(String(await answered)) as Disturbance & { first: boolean }
    // In the queue with all others it would measure the load and not the machine.
    return { gap: first ? gap : NaN, stolen, runnable }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.stdin?.end()
    await ended
  }
}

export function isDisturbed({ gap, stolen, runnable }: Disturbance): boolean {
  return gap >= LONG_GAP || stolen >= MUCH_STOLEN || runnable >= CROWDED
}

/** A line for people: what happened in each round, the disturbed ones marked. */
export function disturbanceLine(title: string, rounds: readonly Disturbance[]): string {
  const texts = rounds.map((round) => {
    const gap = Number.isNaN(round.gap) ? '?' : round.gap.toFixed(1)
    return `${gap}/${round.stolen.toFixed(0)}/${round.runnable.toFixed(1)}${isDisturbed(round) ? ' DISTURBED' : ''}`
  })
  return `${title}: ${texts.join(', ')}`
}

/** `0,2-3` is 0, 2 and 3. */
function coresIn(list: string): string[] {
  return list.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, i) => String(from + i))
  })
}
