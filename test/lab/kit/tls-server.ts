import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Credentials } from '../../kit/certificates.ts'
import type { Link } from './link.ts'
import type { Program } from './program.ts'
import type { HttpBehaviour } from './http2-server-process.ts'
import type { TlsBehaviour, TlsOrder, TlsServerReport } from './tls-server-process.ts'
import { elsewhere } from './upstream.ts'
import { inside } from './world.ts'

export interface TlsServerOptions {
  /** `https`: HTTP/2 at port 443. Default: DNS over TLS at port 853. */
  readonly protocol?: 'tls' | 'https'
  readonly credentials: Credentials
  /** Default: the link's `server`, which also has a scripted server on port 53 that records every question. */
  readonly address?: string
  readonly port?: number
  readonly behaviour?: TlsBehaviour | HttpBehaviour
}

/** Our end of a server for DNS over TLS or HTTPS in an upstream network: it answers every A with 192.0.2.77, or misbehaves. */
export class TlsServer {
  readonly #program: Program
  readonly #waiting: ((report: TlsServerReport) => void)[]

  private constructor(program: Program, waiting: ((report: TlsServerReport) => void)[]) {
    this.#program = program
    this.#waiting = waiting
  }

  static async open(link: Link, options: TlsServerOptions): Promise<TlsServer> {
    const { protocol = 'tls', credentials, behaviour = 'answer', address = link.server } = options
    const { port = protocol === 'tls' ? 853 : 443 } = options
    const waiting: ((report: TlsServerReport) => void)[] = []
    const onLine = (line: string) => waiting.shift()?.(JSON.parse(line) as TlsServerReport)
    const program = await link.start([...elsewhere, inside.node, '-e', await bundled(protocol)], { onLine })
    const server = new TlsServer(program, waiting)
    await server.#tell({ listen: { address, port }, credentials: pemOf(credentials), behaviour })
    return server
  }

  report(): Promise<TlsServerReport> {
    return this.#tell({})
  }

  /** Names it was asked for over TLS, in order. */
  async asked(): Promise<string[]> {
    return (await this.report()).questions.map(({ name }) => name)
  }

  async behave(behaviour: TlsBehaviour | HttpBehaviour): Promise<void> {
    await this.#tell({ behaviour })
  }

  /** For connections from now on. */
  async show(credentials: Credentials): Promise<void> {
    await this.#tell({ credentials: pemOf(credentials) })
  }

  async hangUp(): Promise<void> {
    await this.#tell({ hangUp: true })
  }

  stop(): Promise<number> {
    return this.#program.stop()
  }

  #tell(
    order: Omit<TlsOrder, 'behaviour'> & { readonly behaviour?: TlsBehaviour | HttpBehaviour },
  ): Promise<TlsServerReport> {
    const report = new Promise<TlsServerReport>((resolve, reject) => {
      this.#waiting.push(resolve)
      void this.#program.exited.then((code) => reject(new Error(`the TLS server ended with ${code}`)))
    })
    this.#program.send(JSON.stringify(order))
    return report
  }
}

function pemOf({ cert, key }: Credentials): { cert: string; key: string } {
  return { cert, key }
}

const ENTRIES = { tls: 'tls-server-process.ts', https: 'http2-server-process.ts' } as const
const scripts = new Map<keyof typeof ENTRIES, Promise<string>>()

function bundled(protocol: keyof typeof ENTRIES): Promise<string> {
  const known = scripts.get(protocol)
  if (known !== undefined) return known
  const entry = fileURLToPath(new URL(ENTRIES[protocol], import.meta.url))
  const options = {
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
  } as const
  const script = build({ ...options, entryPoints: [entry] }).then(({ outputFiles }) => outputFiles[0]?.text ?? '')
  scripts.set(protocol, script)
  return script
}
