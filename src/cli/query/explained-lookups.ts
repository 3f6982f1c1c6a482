import { EXPLAIN_INTERFACE, type Reply } from '../../varlink-idl/index.ts'
import { BusCallError, BusUnused } from '../client/bus-errors.ts'
import { CliError } from '../command/cli-error.ts'
import { type HostAnswer, jsonAddress, type LookupSource, type NamesAnswer, type RecordsAnswer } from './lookups.ts'
import type { Provenance } from './provenance.ts'
import { busErrorName } from '../client/varlink-error.ts'
import { isUnavailable, type VarlinkClient, VarlinkCallError } from '../client/varlink-client.ts'

/** A lookup that failed, with how it came to that. */
export class LookupError extends BusCallError {
  readonly provenance: Provenance | undefined

  constructor(error: string, message: string, provenance: Provenance | undefined) {
    super(error, message)
    this.name = 'LookupError'
    this.provenance = provenance
  }

  /** The one behind `error`, which may have been given more words since. */
  static behind(error: unknown): LookupError | undefined {
    if (error instanceof LookupError) return error
    return error instanceof Error && error.cause !== undefined ? LookupError.behind(error.cause) : undefined
  }
}

/** The lookups over our own varlink interface: each answer says where it comes from. */
export class ExplainedLookups implements LookupSource {
  readonly #varlink: VarlinkClient

  constructor(varlink: VarlinkClient) {
    this.#varlink = varlink
  }

  async hostname(ifindex: number, name: string, family: number, flags: number): Promise<HostAnswer> {
    const reply = await this.#varlink.callAlone(EXPLAIN_INTERFACE, 'ResolveHostname', { ifindex, name, family, flags })
    const { addresses = [], name: canonical = '' } = succeeded(reply)
    return { addresses: addresses.flatMap(jsonAddress), canonical, ...told(reply) }
  }

  async address(ifindex: number, family: number, bytes: Uint8Array, flags: number): Promise<NamesAnswer> {
    const asked = { ifindex, family, address: [...bytes], flags }
    const reply = await this.#varlink.callAlone(EXPLAIN_INTERFACE, 'ResolveAddress', asked)
    const { names = [] } = succeeded(reply)
    return { names: names.map(({ ifindex: at = 0, name }) => ({ ifindex: at, name })), ...told(reply) }
  }

  async record(ifindex: number, name: string, klass: number, type: number, flags: number): Promise<RecordsAnswer> {
    const asked = { ifindex, name, class: klass, type, flags }
    const reply = await this.#varlink.callAlone(EXPLAIN_INTERFACE, 'ResolveRecord', asked)
    const { rrs = [] } = succeeded(reply)
    const records = rrs.map(({ ifindex: at = 0, raw }) => ({ ifindex: at, wire: Buffer.from(raw, 'base64') }))
    return { records, ...told(reply) }
  }
}

/** As `ExplainedLookups` where the daemon offers that, else as `other`. */
export class PreferExplained implements LookupSource {
  readonly #explained: ExplainedLookups
  readonly #other: () => Promise<LookupSource>

  constructor(varlink: VarlinkClient, other: () => Promise<LookupSource>) {
    this.#explained = new ExplainedLookups(varlink)
    this.#other = other
  }

  hostname(...asked: Parameters<LookupSource['hostname']>): Promise<HostAnswer> {
    return this.#either((lookups) => lookups.hostname(...asked))
  }

  address(...asked: Parameters<LookupSource['address']>): Promise<NamesAnswer> {
    return this.#either((lookups) => lookups.address(...asked))
  }

  record(...asked: Parameters<LookupSource['record']>): Promise<RecordsAnswer> {
    return this.#either((lookups) => lookups.record(...asked))
  }

  async #either<T>(ask: (lookups: LookupSource) => Promise<T>): Promise<T> {
    try {
      return await ask(this.#explained)
    } catch (error) {
      if (!isUnavailable(error)) throw error
      return ask(
        await this.#other().catch((cause: unknown) => Promise.reject(cause instanceof BusUnused ? error : cause)),
      )
    }
  }
}

/** The daemon does not offer what only ours does; or there is none, which `cause` says. */
export function explainUnavailable(cause: unknown): CliError {
  if (cause instanceof CliError && !(cause instanceof VarlinkCallError)) return cause
  return new CliError(
    `The running resolver cannot explain itself: it does not offer io.tsresolved.Explain, which tsresolved does.`,
    { cause },
  )
}

/** What the three lookups have in common. */
type ExplainedReply = Pick<Reply<typeof EXPLAIN_INTERFACE, 'ResolveHostname'>, 'flags' | 'failure' | 'provenance'>

/** @throws {LookupError} when nothing was found */
function succeeded<T extends ExplainedReply>(reply: T): T {
  const { failure, provenance } = reply
  if (failure === undefined) return reply
  const { error, message, rcode } = failure
  throw new LookupError(busErrorName(error, rcode), message, provenance)
}

function told({ flags = 0, provenance }: ExplainedReply): { flags: number; provenance: Provenance | undefined } {
  return { flags, provenance }
}
