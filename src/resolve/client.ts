import type { IpAddress, IpProtocol } from '../base/index.ts'

/** A process, as the kernel or the bus tell it. */
export interface ClientIdentity {
  readonly uid: number | undefined
  readonly pid: number | undefined
  /** Its name, for people. */
  readonly process: string | undefined
}

/** Who asks, as far as it costs nothing to know. */
export interface QueryClient {
  /** The way it came: the stub over UDP or TCP, or one of the IPC interfaces. */
  readonly via: IpProtocol | 'bus' | 'varlink'
  /**
   * Who shares the slots for queries with others when they are scarce, from the largest group to the smallest; clients of
   * the same group have the same text. May ask the kernel, and so is called only then.
   */
  readonly quotaGroups?: () => readonly string[]
  /** Of clients of the stub. */
  readonly address?: IpAddress
  readonly port?: number
  readonly busName?: string
  readonly identity?: ClientIdentity | undefined
  /** Asks the bus, which takes a message. */
  readonly identify?: () => Promise<ClientIdentity>
}
