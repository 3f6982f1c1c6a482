import { IpAddress, type IpProtocol, type Logger } from '../base/index.ts'
import type { Daemon } from './daemon.ts'
import type { Options } from './options.ts'
import { ListenError } from '../stub/index.ts'
import { hasCapability, type PortHolder, isFree, type Libc, portHolder } from '../sys/index.ts'

/** What the stub wants without `--listen`; only asked about here, opened by `StubListeners`. */
const STANDARD = ['127.0.0.53', '127.0.0.54'].map((text) => ({ address: IpAddress.of(text), port: 53 }))
/** For trying out: loopback, ports that need no right, and few enough to name them in a message. */
const ELSEWHERE = { address: IpAddress.of('127.0.0.1'), firstPort: 5300, ports: 10 }

/** Says what is in the way of a socket and what to type instead. */
export type Advice = (error: ListenError) => string

/**
 * Opens the stub. Where it cannot be had: an error when somebody asked for just that place, else a warning, as bus and
 * varlink are still of use (R-STUB-1). A try-out takes a place that no resolver of a machine has.
 */
export async function listen(daemon: Daemon, options: Options, advice: Advice, logger: Logger): Promise<void> {
  if (options.tryOut && options.listen.length === 0) return listenElsewhere(daemon)
  try {
    await daemon.listen()
  } catch (error) {
    if (!(error instanceof ListenError)) throw error
    const text = `${error.message}.${advice(error)}`
    if (options.listen.length > 0) throw new Error(text, { cause: error })
    logger.warning(text)
    logger.warning('The DNS stub is closed; programs can still ask over the bus and varlink.')
  }
}

/** The first free unprivileged port. */
async function listenElsewhere(daemon: Daemon): Promise<void> {
  const { address, firstPort, ports } = ELSEWHERE
  for (let port = firstPort; port < firstPort + ports; port++) {
    try {
      return await daemon.listen([{ address, port }])
    } catch (error) {
      if (!(error instanceof ListenError) || error.code !== 'EADDRINUSE') throw error
    }
  }
  throw new Error(`no port from ${firstPort} to ${firstPort + ports - 1} of ${address.text} is free`)
}

/**
 * Looks at once who holds the places we want when we are root, which we may be about to give up: nobody else sees into
 * every process. Places that are free are left out, as to look takes 4 ms each.
 */
export function listenAdvice(options: Options, libc: Libc | undefined): Advice {
  const seen = new Map<string, PortHolder | undefined>()
  for (const at of options.listen.length > 0 ? options.listen : STANDARD) {
    for (const transport of ['udp', 'tcp'] as const) {
      if (process.getuid?.() !== 0 || isFree(libc, at, transport)) continue
      seen.set(`${transport} ${at.address.text} ${at.port}`, portHolder(at.address, at.port, transport))
    }
  }
  return ({ address, port, transport, code }) => {
    const holder = seen.get(`${transport} ${address} ${port}`) ?? portHolder(IpAddress.of(address), port, transport)
    const lacksRight = (code === 'EACCES' || code === 'EPERM') && !hasCapability('NET_BIND_SERVICE')
    const isTaken = holder !== undefined || code === 'EADDRINUSE'
    const parts = [
      ...(lacksRight ? [missingRightText()] : []),
      ...(isTaken ? [takenText(holder, port, transport)] : []),
    ]
    return parts.map((part) => `\n  ${part}`).join('')
  }
}

/** Such as `dnsmasq (pid 123)`. */
export function holderText({ uid, process: holder }: PortHolder): string {
  return holder === undefined ? `a process of uid ${uid}` : `${holder.name} (pid ${holder.pid})`
}

/** The exact command, as Node and the package may be in places that root's shell does not know. */
function missingRightText(): string {
  const command = [process.execPath, ...process.argv.slice(1)].join(' ')
  return `Ports below 1024 need root or CAP_NET_BIND_SERVICE:  sudo ${command}`
}

/** Who has the port and what to do; where we may not look, the command that tells. */
function takenText(holder: PortHolder | undefined, port: number, transport: IpProtocol): string {
  const who = `It is held by ${holder === undefined ? 'another process' : holderText(holder)}`
  const instead = `Stop that first, or choose another place with:  --listen ${ELSEWHERE.address.text}:${ELSEWHERE.firstPort}`
  if (holder?.process !== undefined) return `${who}. ${instead}`
  const naming = `sudo ss -ln${transport === 'udp' ? 'u' : 't'}p 'sport = ${port}'`
  return `${who}, which we may not look into; this names it:  ${naming}\n  ${instead}`
}
