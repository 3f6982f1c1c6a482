import type { IpAddress, IpProtocol } from '../base/index.ts'
import { formatAddressAndPort, parseAddressAndPort } from './server-spec.ts'

/** An extra stub listener (R-STUB-4). */
export interface ListenSpec {
  readonly transport: IpProtocol | 'both'
  readonly address: IpAddress
  readonly port: number
}

/** Reads `[udp:|tcp:]ADDR[:PORT]`; the port is 53 unless given. @throws {SettingError} */
export function parseListenSpec(text: string): ListenSpec {
  const prefix = /^(udp|tcp):/.exec(text)?.[1] as IpProtocol | undefined
  const { address, port } = parseAddressAndPort(prefix === undefined ? text : text.slice(prefix.length + 1))
  return { transport: prefix ?? 'both', address, port: port ?? 53 }
}

/** The text `parseListenSpec` reads back as the same listener. */
export function formatListenSpec({ transport, address, port }: ListenSpec): string {
  return `${transport === 'both' ? '' : `${transport}:`}${formatAddressAndPort(address, port)}`
}
