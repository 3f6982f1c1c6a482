import { createServer, type Server, type Socket } from 'node:net'
import { rr } from './messages.ts'
import { wireOfRecord } from '../../src/wire/index.ts'

/** What `ResolveRecord` is answered with: a reply's parameters, `error`: a varlink error, or nothing at all. */
export type HookAnswer = Readonly<Record<string, unknown>> | { readonly error: string } | 'silence' | 'close' | Buffer
type Key = { readonly class: number; readonly type: number; readonly name: string }

/** A lookup hook on a unix socket, which says what the test wants and remembers what it was asked. */
export class HookServer implements AsyncDisposable {
  /** Questions of each call, `www.test 1`. */
  readonly calls: string[][] = []
  /** What it says to a call. */
  answer: (keys: readonly Key[]) => HookAnswer = () => ({})
  /** First reply to `QueryFilter`; undefined says nothing yet. */
  filter: Readonly<Record<string, unknown>> | { readonly error: string } | undefined = {}
  /** Whether the filter may change later. */
  continues = true
  readonly #server: Server
  readonly #connections = new Set<Socket>()
  readonly #followers = new Set<Socket>()

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async open(
    path: string,
    setup: Partial<Pick<HookServer, 'answer' | 'filter' | 'continues'>> = {},
  ): Promise<HookServer> {
    const hook = Object.assign(new HookServer(), setup)
    await new Promise<void>((resolve) => hook.#server.listen(path, resolve))
    return hook
  }

  /** Connections open now, that of the filter included. */
  get connections(): number {
    return this.#connections.size
  }

  /** Those that follow the filter. */
  get followers(): number {
    return this.#followers.size
  }

  /** Tells all that follow the filter. */
  setFilter(parameters: Readonly<Record<string, unknown>>, continues = true): void {
    this.filter = parameters
    for (const socket of this.#followers) send(socket, { parameters, ...(continues && { continues }) })
  }

  /** Closes every connection, and goes on listening. */
  disconnect(): void {
    for (const socket of this.#connections) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disconnect()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #serve(socket: Socket): void {
    this.#connections.add(socket)
    socket.on('close', () => {
      this.#connections.delete(socket)
      this.#followers.delete(socket)
    })
    socket.on('error', () => {})
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
      for (let end = text.indexOf('\0'); end >= 0; end = text.indexOf('\0')) {
        const call = JSON.parse(text.slice(0, end)) as { method: string; parameters: { question?: { key: Key }[] } }
        text = text.slice(end + 1)
        if (call.method.endsWith('.QueryFilter')) this.#tellFilter(socket)
        else
          this.#tellAnswer(
            socket,
            (call.parameters.question ?? []).map(({ key }) => key),
          )
      }
    })
  }

  #tellFilter(socket: Socket): void {
    this.#followers.add(socket)
    if (this.filter === undefined) return
    if ('error' in this.filter) return send(socket, { error: this.filter.error, parameters: {} })
    send(socket, { parameters: this.filter, ...(this.continues && { continues: true }) })
  }

  #tellAnswer(socket: Socket, keys: readonly Key[]): void {
    this.calls.push(keys.map(({ name, type }) => `${name} ${type}`))
    const answer = this.answer(keys)
    if (answer === 'silence') return
    if (answer === 'close') return void socket.destroy()
    if (Buffer.isBuffer(answer)) return void socket.write(answer)
    send(socket, 'error' in answer ? { error: answer.error, parameters: {} } : { parameters: answer })
  }
}

function send(socket: Socket, message: object): void {
  socket.write(`${JSON.stringify(message)}\0`)
}

/** Parameters of a reply with these records, `www.test 60 A 192.0.2.1`. */
export function hookRecords(...records: readonly string[]): { rcode: number; answer: { raw: string }[] } {
  return { rcode: 0, answer: records.map((text) => ({ raw: wireOfRecord(rr(text)).toString('base64') })) }
}
