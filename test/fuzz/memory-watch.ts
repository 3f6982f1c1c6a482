import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Memory is collected and looked at after so many runs; nothing may have grown beyond this. */
const RUNS_BETWEEN_COLLECTIONS = 100_000
const GROWTH = 64 << 20

/** Notices memory that no input gives back. */
export class MemoryWatch {
  readonly #collect: () => void
  #next = RUNS_BETWEEN_COLLECTIONS
  #first: number | undefined

  constructor() {
    v8.setFlagsFromString('--expose-gc')
    this.#collect = runInNewContext('gc') as () => void
  }

  /** What is wrong; undefined when nothing is. */
  look(executions: number): string | undefined {
    if (executions < this.#next) return undefined
    this.#next = executions + RUNS_BETWEEN_COLLECTIONS
    this.#collect()
    const { used_heap_size: heap, external_memory: beside } = v8.getHeapStatistics()
    this.#first ??= heap + beside
    const growth = heap + beside - this.#first
    return growth > GROWTH
      ? `holds ${growth} bytes more than after the first ${RUNS_BETWEEN_COLLECTIONS} runs`
      : undefined
  }
}
