import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { exitCode, type World } from './world.ts'

export interface StartOptions {
  /** Run in the network namespace of this program instead of the host's. */
  readonly network?: Program
  /** Takes what it prints; otherwise the log does. */
  readonly onLine?: (line: string) => void
  /** Wait until it has printed such a line. */
  readonly until?: RegExp
}

/** A running program inside a world. It ends with the world at the latest. */
export class Program {
  readonly name: string
  /** Its number inside the world. */
  readonly pid: number
  /** Settles with the exit code (128 + signal number when killed); never rejects. */
  readonly exited: Promise<number>
  readonly #world: World
  readonly #child: ChildProcess

  private constructor(world: World, name: string, child: ChildProcess, pid: number) {
    this.#world = world
    this.name = name
    this.#child = child
    this.pid = pid
    this.exited = exitCode(child)
    void this.exited.then((code) => world.note(`[${name}] ended with ${code}`))
  }

  /** Takes over a child whose first line of output is its own number inside; see `World.start`. */
  static started(world: World, name: string, child: ChildProcess, { onLine, until }: StartOptions): Promise<Program> {
    if (child.stdout === null || child.stderr === null) throw new Error(`${name} was started without pipes`)
    child.stdin?.on('error', () => {}) // it may be gone before we are; `exited` tells
    createInterface({ input: child.stderr }).on('line', (line) => world.note(`[${name}] ${line}`))
    const lines = createInterface({ input: child.stdout })
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', () => reject(new Error(`${name} ended before it was ready`)))
      lines.once('line', (first) => {
        const program = new Program(world, name, child, Number(first))
        if (until === undefined) resolve(program)
        lines.on('line', (line) => {
          if (until?.test(line)) resolve(program)
          else if (onLine === undefined) world.note(`[${name}] ${line}`)
          else onLine(line)
        })
      })
    })
  }

  send(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  async signal(name: NodeJS.Signals): Promise<void> {
    await this.#world.run(['kill', '-s', name.slice(3), String(this.pid)])
    if (name === 'SIGCONT') this.#child.kill(name) // nsenter stops itself when what it has started stops
  }

  /** Asks it to end, and insists when that seems in vain. */
  async stop(name: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    await this.#world.tryRun(['kill', '-s', name.slice(3), String(this.pid)])
    const insist = setTimeout(() => void this.#world.tryRun(['kill', '-s', 'KILL', String(this.pid)]), 30_000)
    const code = await this.exited
    clearTimeout(insist)
    return code
  }
}
