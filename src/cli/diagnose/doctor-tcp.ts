import { connect } from 'node:net'
import { IpAddress } from '../../base/index.ts'
import type { LinkView } from './doctor-findings.ts'
import { isSilent } from './doctor-servers.ts'
import { hostOf } from './no-route.ts'

/** So many silent servers are tried at most. */
const MAX_TRIED = 8
const CONNECT_MS = 1000

/** Who is silent over UDP is tried over TCP: firewalls that let only that through are common. */
export async function openByTcp(links: readonly LinkView[]): Promise<ReadonlySet<string>> {
  const silent = links
    .flatMap(({ servers }) => servers)
    .filter((server) => isSilent(server) && server.encryption === undefined)
  const labels = [...new Set(silent.map(({ server }) => server))].slice(0, MAX_TRIED)
  const isOpen = await Promise.all(labels.map(canConnect))
  return new Set(labels.filter((_label, i) => isOpen[i]))
}

/** Unlike the daemon's, this connection leaves as the routing table says. */
function canConnect(label: string): Promise<boolean> {
  const host = hostOf(label)
  const link = /%([^#:\]]+)/.exec(label)?.[1]
  const isLinkLocal = IpAddress.parse(host)?.isLinkLocal === true && link !== undefined
  const port = Number(/^(?:\[.*\]|[\d.]+):(\d+)/.exec(label)?.[1] ?? 53)
  return new Promise((resolve) => {
    const socket = connect({ host: isLinkLocal ? `${host}%${link}` : host, port, timeout: CONNECT_MS })
    const end = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}
