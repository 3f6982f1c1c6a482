import type { Clock, IpProtocol, Log, Millis } from '../base/index.ts'
import { IpAddress, Lifetime, reasonOf, sleep } from '../base/index.ts'
import type { ListenSpec } from '../settings/index.ts'
import { formatListenSpec } from '../settings/index.ts'
import type { Listening, ListenAddress, WorkTurns } from '../sys/index.ts'
import type { ClientAccess } from './access.ts'
import type { Listener } from './listener.ts'
import type { Responder } from './responder.ts'
import { StubTcp } from './stub-tcp.ts'
import { StubUdp } from './stub-udp.ts'

export interface StubServices {
  readonly listening: Listening
  readonly responder: Responder
  readonly clock: Clock
  readonly log: Log
  /** Whom extra listeners answer that others can reach. */
  readonly access: ClientAccess
  /** Shared by all that can wait. */
  readonly turns: WorkTurns
}

/** A socket that could not be had. */
export class ListenError extends Error {
  readonly address: string
  readonly port: number
  readonly transport: IpProtocol
  readonly code: string | undefined

  constructor(at: ListenAddress, transport: IpProtocol, cause: unknown) {
    super(`Cannot listen on ${at.address.text} port ${at.port} (${transport}): ${reasonOf(cause)}`, { cause })
    this.address = at.address.text
    this.port = at.port
    this.transport = transport
    this.code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  }
}

const DNS_PORT = 53
const MAIN = IpAddress.of('127.0.0.53')
const PROXY = IpAddress.of('127.0.0.54')

/** The stub's sockets: 127.0.0.53 and 127.0.0.54 as configured, or others in their place, and the extra ones. */
export class StubListeners implements AsyncDisposable {
  readonly #services: StubServices
  readonly #life = new Lifetime()
  #isWhole = true
  readonly #listeners = new Set<StubUdp | StubTcp>()
  readonly #places: { readonly address: IpAddress; readonly port: number }[] = []

  constructor(services: StubServices) {
    this.#services = services
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life[Symbol.asyncDispose]()
  }

  /**
   * Goes on until nothing is under way, or for `patience`: what waits in the sockets meanwhile is not to become more than they
   * hold. Then it takes no more questions, and resolves when those that were read are answered, or after `last`.
   */
  async drain(patience: Millis, last: Millis): Promise<void> {
    await this.#within(patience, (each) => each.idle())
    await this.#within(last, (each) => each.drain())
  }

  async #within(patience: Millis, work: (listener: StubUdp | StubTcp) => Promise<void>): Promise<void> {
    const late = new AbortController()
    const waiting = sleep(this.#services.clock, patience, late.signal).catch(() => undefined)
    await Promise.race([Promise.all([...this.#listeners].map(work)), waiting])
    late.abort()
  }

  /** False when an extra listener could not be had. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Where it answers, the extra listeners aside. */
  get places(): readonly { readonly address: IpAddress; readonly port: number }[] {
    return this.#places
  }

  /** Both stub addresses by `DNSStubListener=`; all or none (R-STUB-1). @throws {ListenError} */
  async openStandard(mode: 'yes' | IpProtocol): Promise<void> {
    const transports = mode === 'yes' ? (['udp', 'tcp'] as const) : [mode]
    await this.#allOrNone(async (life) => {
      for (const transport of transports) {
        if (transport === 'tcp') await this.#services.listening.prepareTcp()
        await this.#open(
          life,
          { address: MAIN, port: DNS_PORT, onlyLoopback: true, ttl: 1 },
          { kind: 'main', transport },
        )
        await this.#open(life, { address: PROXY, port: DNS_PORT }, { kind: 'proxy', transport })
      }
    })
    this.#places.push({ address: MAIN, port: DNS_PORT }, { address: PROXY, port: DNS_PORT })
  }

  /** Another address in place of the standard ones, with the rules of the main stub. @throws {ListenError} */
  async openAt(address: IpAddress, port: number): Promise<void> {
    const kind = address.isLoopback ? 'main' : 'extra'
    await this.#allOrNone(async (life) => {
      await this.#open(life, { address, port }, { kind, transport: 'udp' })
      await this.#services.listening.prepareTcp()
      await this.#open(life, { address, port }, { kind, transport: 'tcp' })
    })
    this.#places.push({ address, port })
  }

  /** `DNSStubListenerExtra=`: each on its own; one that cannot be had is only a warning (R-STUB-4). */
  async openExtra(specs: readonly ListenSpec[]): Promise<void> {
    for (const spec of specs) {
      const transports = spec.transport === 'both' ? (['udp', 'tcp'] as const) : [spec.transport]
      for (const transport of transports) {
        const at = { address: spec.address, port: spec.port, freebind: true }
        await this.#open(this.#life, at, { kind: 'extra', transport }).catch((error: unknown) => {
          this.#isWhole = false
          this.#services.log.warning(`DNSStubListenerExtra=${formatListenSpec(spec)}: ${reasonOf(error)}`)
        })
      }
    }
  }

  /** What was opened before one failed is closed again: programs must not find half of a stub. */
  async #allOrNone(open: (life: Lifetime) => Promise<void>): Promise<void> {
    const life = new Lifetime()
    try {
      await open(life)
    } catch (error) {
      await life[Symbol.asyncDispose]()
      throw error
    }
    this.#life.adopt(life)
  }

  async #open(life: Lifetime, at: ListenAddress, kind: Pick<Listener, 'kind' | 'transport'>): Promise<void> {
    const { listening, responder, clock, log, access, turns } = this.#services
    const listener: Listener = { ...kind, at }
    try {
      const opened =
        listener.transport === 'udp'
          ? new StubUdp(await listening.udp(at), this.#services, listener)
          : new StubTcp(await listening.tcp(at), { responder, listener, clock, log, access, turns })
      this.#listeners.add(life.adopt(opened))
    } catch (error) {
      throw new ListenError(at, listener.transport, error)
    }
  }
}
