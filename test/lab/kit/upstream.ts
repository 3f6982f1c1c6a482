import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Program } from './program.ts'
import type { Behaviour, Command, Match, Question, UpstreamSetup } from './upstream-protocol.ts'
import { inside, type World } from './world.ts'
import type { Zone } from './zone.ts'

type Order<C = Command> = C extends { readonly id: number } ? Omit<C, 'id'> : never

/** Our end of a scripted DNS server that lives in an upstream network (`upstream-server.ts`). */
export class Upstream {
  readonly #program: Program
  readonly #waiting: Map<number, (result: unknown) => void>
  #lastId = 0

  private constructor(program: Program, waiting: Map<number, (result: unknown) => void>) {
    this.#program = program
    this.#waiting = waiting
  }

  static async open(world: World, network: Program, setup: UpstreamSetup): Promise<Upstream> {
    const waiting = new Map<number, (result: unknown) => void>()
    const script = await bundled()
    const onLine = (line: string) => {
      const { id, result } = JSON.parse(line) as { id: number; result: unknown }
      waiting.get(id)?.(result)
      waiting.delete(id)
    }
    const argv = [...elsewhere, inside.node, '-e', script]
    const program = await world.start(`${network.name} server`, argv, { network, onLine })
    const upstream = new Upstream(program, waiting)
    await upstream.#tell({ do: 'listen', setup })
    return upstream
  }

  /** Every question that arrived, oldest first. */
  async questions(): Promise<Question[]> {
    return (await this.#tell({ do: 'questions' })) as Question[]
  }

  /** The same as `'www.corp.test A'`, in lower case. */
  async asked(): Promise<string[]> {
    return (await this.questions()).map(({ name, type }) => `${name.toLowerCase()} ${type}`)
  }

  /** Forgets the questions so far. */
  async forget(): Promise<void> {
    await this.#tell({ do: 'forget' })
  }

  /** Adds or replaces records. */
  async set(zone: Zone): Promise<void> {
    await this.#tell({ do: 'zone', zone })
  }

  /** From now on behaves like this towards matching questions; the first rule that matches counts. */
  async on(match: Match, behaviour: Behaviour): Promise<void> {
    await this.#tell({ do: 'on', match, behaviour })
  }

  /** Drops all rules of `on`. */
  async plain(): Promise<void> {
    await this.#tell({ do: 'plain' })
  }

  /** Sends the answers that were held back; says how many. */
  async release(): Promise<number> {
    return (await this.#tell({ do: 'release' })) as number
  }

  async #tell(order: Order): Promise<unknown> {
    const id = ++this.#lastId
    const answer = new Promise((resolve, reject) => {
      this.#waiting.set(id, resolve)
      void this.#program.exited.then((code) => reject(new Error(`${this.#program.name} ended with ${code}`)))
    })
    this.#program.send(JSON.stringify({ id, ...order }))
    return answer
  }
}

let script: Promise<string> | undefined

/** What stands for another machine is not to be slow because this one is busy. Without the right to that, `nice` only says so. */
export const elsewhere = ['nice', '-n', '-15']

/** The server as one piece of JavaScript: Node 20 cannot read TypeScript, and a loader would cost half a second each. */
function bundled(): Promise<string> {
  const entry = fileURLToPath(new URL('upstream-server.ts', import.meta.url))
  script ??= build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? '')
  return script
}
