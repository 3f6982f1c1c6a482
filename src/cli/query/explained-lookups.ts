import type { Family } from '../../base/index.ts'
import { BusError } from '../client/bus-client.ts'
import { CliError } from '../command/cli-error.ts'
import type { HostAnswer, LookupSource, NamesAnswer, RecordsAnswer } from './lookups.ts'
import type { Provenance } from './provenance.ts'
import { busErrorName } from '../client/varlink-error.ts'
import { callExplain, isUnavailable, VarlinkError, type VarlinkParameters } from '../client/varlink-client.ts'

/** A lookup that failed, with how it came to that. */
export class LookupError extends BusError {
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
  async hostname(ifindex: number, name: string, family: number, flags: number): Promise<HostAnswer> {
    const reply = await call('ResolveHostname', { ifindex, name, family, flags })
    const { addresses = [], name: canonical = '' } = reply as { addresses?: JsonAddress[]; name?: string }
    return {
      addresses: addresses.map(({ ifindex: at = 0, family: of, address }) => {
        return { ifindex: at, family: of, bytes: Uint8Array.from(address) }
      }),
      canonical,
      ...told(reply),
    }
  }

  async address(ifindex: number, family: number, bytes: Uint8Array, flags: number): Promise<NamesAnswer> {
    const reply = await call('ResolveAddress', { ifindex, family, address: [...bytes], flags })
    const { names = [] } = reply as { names?: { ifindex?: number; name: string }[] }
    return { names: names.map(({ ifindex: at = 0, name }) => ({ ifindex: at, name })), ...told(reply) }
  }

  async record(ifindex: number, name: string, klass: number, type: number, flags: number): Promise<RecordsAnswer> {
    const reply = await call('ResolveRecord', { ifindex, name, class: klass, type, flags })
    const { rrs = [] } = reply as { rrs?: { ifindex?: number; raw: string }[] }
    const records = rrs.map(({ ifindex: at = 0, raw }) => ({ ifindex: at, wire: Buffer.from(raw, 'base64') }))
    return { records, ...told(reply) }
  }
}

/** As `ExplainedLookups` where the daemon offers that, else as `other`. */
export class CuriousLookups implements LookupSource {
  readonly #explained = new ExplainedLookups()
  readonly #other: () => Promise<LookupSource>

  constructor(other: () => Promise<LookupSource>) {
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
      return ask(await this.#other())
    }
  }
}

/** The daemon does not offer what only ours does; or there is none, which `cause` says. */
export function explainUnavailable(cause: unknown): CliError {
  if (cause instanceof CliError && !(cause instanceof VarlinkError)) return cause
  return new CliError(
    `The running resolver cannot explain itself: it does not offer io.tsresolved.Explain, which tsresolved does.`,
    { cause },
  )
}

interface Failure {
  readonly error: string
  readonly message: string
  readonly rcode?: number
}

interface JsonAddress {
  readonly ifindex?: number
  readonly family: Family
  readonly address: readonly number[]
}

/** @throws {LookupError} when nothing was found */
async function call(method: string, parameters: VarlinkParameters): Promise<VarlinkParameters> {
  const reply = await callExplain(method, parameters)
  const { failure, provenance } = reply as { failure?: Failure; provenance?: Provenance }
  if (failure !== undefined) {
    const { error, message, rcode } = failure
    throw new LookupError(busErrorName(error, rcode), message, provenance)
  }
  return reply
}

function told(reply: VarlinkParameters): { flags: number; provenance: Provenance | undefined } {
  const { flags = 0, provenance } = reply as { flags?: number; provenance?: Provenance }
  return { flags, provenance }
}
