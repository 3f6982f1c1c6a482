import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { exitCode, type World } from './world.ts'

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

  /** Takes over a child whose first line of output is its own number inside. */
  static started(world: World, name: string, child: ChildProcess, onLine?: (line: string) => void): Promise<Program> {
    if (child.stdout === null || child.stderr === null) throw new Error(`${name} was started without pipes`)
    child.stdin?.on('error', () => {}) // it may be gone before we are; `exited` tells
    createInterface({ input: child.stderr }).on('line', (line) => world.note(`[${name}] ${line}`))
    const lines = createInterface({ input: child.stdout })
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', () => reject(new Error(`${name} did not start`)))
      lines.once('line', (first) => {
        lines.on('line', (line) => onLine?.(line) ?? world.note(`[${name}] ${line}`))
        resolve(new Program(world, name, child, Number(first)))
      })
    })
  }

  send(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  async signal(name: NodeJS.Signals): Promise<void> {
    await this.#world.run(['kill', '-s', name.slice(3), String(this.pid)])
  }

  /** Asks it to end, and insists after ten seconds. */
  async stop(name: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    await this.#world.tryRun(['kill', '-s', name.slice(3), String(this.pid)])
    const insist = setTimeout(() => void this.#world.tryRun(['kill', '-s', 'KILL', String(this.pid)]), 10_000)
    const code = await this.exited
    clearTimeout(insist)
    return code
  }
}
