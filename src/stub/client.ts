import type { IpAddress, IpProtocol } from '../base/index.ts'
import type { QueryClient } from '../resolve/index.ts'
import type { Sender } from './quota-groups.ts'

/** Who asks, written out only for who looks: most queries are told to nobody. */
export class StubClient implements QueryClient {
  readonly via: IpProtocol
  readonly quotaGroups: () => readonly string[]
  readonly #from: Sender

  constructor(via: IpProtocol, from: Sender, quotaGroups: () => readonly string[]) {
    this.via = via
    this.quotaGroups = quotaGroups
    this.#from = from
  }

  get address(): IpAddress {
    return this.#from.address
  }

  get port(): number {
    return this.#from.port
  }
}
