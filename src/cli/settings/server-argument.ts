import { IpAddress } from '../../base/index.ts'
import { CliError } from '../command/cli-error.ts'

/** A server as typed; `port` 0 and `serverName` '' stand for none. */
export interface TypedServer {
  readonly address: IpAddress
  readonly port: number
  /** Link after `%`, by name or index. */
  readonly zone: string | undefined
  readonly serverName: string
}

/** A text that is no server. */
export class ServerArgumentError extends CliError {
  /** In the words of the C library, which scripts may look for. */
  readonly reason: string

  constructor(text: string, reason: string) {
    super(`Failed to parse DNS server address: ${text}`)
    this.name = 'ServerArgumentError'
    this.reason = reason
  }
}

/** `ADDR`, `ADDR:PORT`, `[V6]:PORT`, then `%LINK`, then `#NAME` (R-CONF-4, C-SET-5). @throws {ServerArgumentError} */
export function parseServer(text: string): TypedServer {
  const match = /^(?:\[([^\]]*)\]|([^%#[\]]*?))(?::(\d{1,5}))?(?:%([^%#]+))?(?:#(.+))?$/.exec(text)
  const [, bracketed, bare, portText, zone, serverName = ''] = match ?? []
  const whole = bare !== undefined && portText !== undefined ? IpAddress.parse(`${bare}:${portText}`) : undefined
  const address = whole ?? IpAddress.parse(bracketed ?? bare ?? '')
  const port = whole !== undefined || portText === undefined ? 0 : Number(portText)
  const isPlain = bracketed === undefined || (address?.bytes.length === 16 && portText !== undefined)
  const needsBrackets = bracketed === undefined && port !== 0 && address?.bytes.length === 16
  const isPort = portText === undefined || whole !== undefined || (port > 0 && port <= 0xffff)
  if (address === undefined || !isPlain || needsBrackets) throw new ServerArgumentError(text, 'Invalid argument')
  if (!isPort) throw new ServerArgumentError(text, port === 0 ? 'Invalid argument' : 'Numerical result out of range')
  return { address, port, zone, serverName }
}
