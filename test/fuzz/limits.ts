import v8 from 'node:v8'
import { cpuTime } from '../kit/cpu-time.ts'
import type { Cost, Target } from './target.ts'

/** 4 KiB of input may take a millisecond, and so may any smaller one. */
const BLOCK = 4096
const TIME_PER_BLOCK = 1
/** Bytes to be allocated for any input, and for each byte of it. */
const MEMORY = 1 << 20
const MEMORY_PER_BYTE = 256
/** How often an input that cost too much is measured again: others use the machine too, and code is slow at first. */
const TRIES = 25
/** Milliseconds after which that ends. */
const PATIENCE = 2000

/** What an input of this size may cost. */
export function limitsOf({ allowance }: Target, size: number): Cost {
  const perBlock = TIME_PER_BLOCK + (allowance?.timePerBlock ?? 0)
  const time = perBlock * Math.max(1, Math.ceil(size / BLOCK)) + (allowance?.time ?? 0)
  return { time, memory: MEMORY + MEMORY_PER_BYTE * size + (allowance?.memory ?? 0) }
}

/** Runs `work` and tells what it cost. Where memory was collected meanwhile, that part of it does not show. */
export async function costOf(work: () => void | Promise<void>): Promise<Cost> {
  const memory = allocated()
  const start = cpuTime()
  const pending = work()
  if (pending !== undefined) await pending
  const time = cpuTime() - start
  return { time, memory: allocated() - memory }
}

/** The input measured alone, several times: what is wrong with its cost, undefined when nothing is. */
export async function excessOf(target: Target, input: Buffer): Promise<string | undefined> {
  const limits = limitsOf(target, input.length)
  let time = Number.POSITIVE_INFINITY
  let memory = Number.POSITIVE_INFINITY
  const end = cpuTime() + PATIENCE
  for (let i = 0; i < TRIES && (i < 3 || cpuTime() < end); i++) {
    const cost = await costOf(() => target.run(input))
    time = Math.min(time, cost.time)
    if (cost.memory >= 0) memory = Math.min(memory, cost.memory)
    if (time <= limits.time && memory <= limits.memory) return undefined
  }
  if (time > limits.time) return `takes ${time.toFixed(2)} ms for ${input.length} bytes, ${limits.time} at most`
  if (memory === Number.POSITIVE_INFINITY) return undefined
  return memory > limits.memory ? `allocates ${memory} bytes for ${input.length}, ${limits.memory} at most` : undefined
}

/** Bytes on V8's heap and beside it, garbage included. */
function allocated(): number {
  const { used_heap_size: heap, external_memory: beside } = v8.getHeapStatistics()
  return heap + beside
}
