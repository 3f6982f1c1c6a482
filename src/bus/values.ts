import type { IfIndex } from '../base/index.ts'
import type { GlobalStatus, LinkStatus } from '../control/index.ts'
import type { Domain, ServerSpec } from '../settings/index.ts'

/** The loopback interface; a server on a loopback address is reported there. */
const LOOPBACK = 1

/** `(iay)`. */
type LinkServer = readonly [family: number, bytes: Uint8Array]
type LinkServerEx = readonly [...LinkServer, port: number, name: string]
type GlobalServer = readonly [ifindex: number, ...LinkServer]
type GlobalServerEx = readonly [ifindex: number, ...LinkServerEx]
/** `(isb)`. */
type LinkedDomain = readonly [ifindex: number, name: string, routeOnly: boolean]

/** `(iay)`: family, address. */
export function linkServer({ address }: ServerSpec): LinkServer {
  return [address.family, Buffer.from(address.bytes)]
}

/** `(iayqs)`: and port (0 = the transport's own), server name. */
export function linkServerEx(server: ServerSpec): LinkServerEx {
  return [...linkServer(server), server.port, server.serverName ?? '']
}

/** `(iiay)`: interface in front. */
export function globalServer(server: ServerSpec, link: IfIndex = 0): GlobalServer {
  return [ifindexOf(server, link), ...linkServer(server)]
}

/** `(iiayqs)`. */
export function globalServerEx(server: ServerSpec, link: IfIndex = 0): GlobalServerEx {
  return [ifindexOf(server, link), ...linkServerEx(server)]
}

/** What stands for "no server" in `(iay)`; the longer forms put and append zeros. */
const NO_SERVER: LinkServer = [0, Buffer.alloc(0)]

/** Properties have no "none": a server of family 0 without bytes says it (dbus.md §4). */
export function currentLinkServer(server: ServerSpec | undefined): LinkServer {
  return server === undefined ? NO_SERVER : linkServer(server)
}

export function currentLinkServerEx(server: ServerSpec | undefined): LinkServerEx {
  return server === undefined ? [...NO_SERVER, 0, ''] : linkServerEx(server)
}

export function currentGlobalServer(server: ServerSpec | undefined): GlobalServer {
  return server === undefined ? [0, ...NO_SERVER] : globalServer(server)
}

export function currentGlobalServerEx(server: ServerSpec | undefined): GlobalServerEx {
  return server === undefined ? [0, ...NO_SERVER, 0, ''] : globalServerEx(server)
}

/** Global servers, then those of every link, each written by `write` (dbus.md §4). */
export function allServers<Server>(
  global: GlobalStatus,
  links: readonly LinkStatus[],
  write: (server: ServerSpec, link: IfIndex) => Server,
): Server[] {
  const ofLinks = links.flatMap(({ ifindex, settings }) => settings.servers.map((server) => write(server, ifindex)))
  return [...global.servers.map((server) => write(server, 0)), ...ofLinks]
}

/** `a(isb)`: global domains, then those of every link. */
export function allDomains(global: GlobalStatus, links: readonly LinkStatus[]): LinkedDomain[] {
  return [
    ...global.domains.map(domainOn(0)),
    ...links.flatMap((link) => link.settings.domains.map(domainOn(link.ifindex))),
  ]
}

/** `(sb)`: name, route-only. */
export function linkDomain({ name, routeOnly }: Domain): readonly [string, boolean] {
  return [name, routeOnly]
}

function domainOn(ifindex: IfIndex): (domain: Domain) => LinkedDomain {
  return (domain) => [ifindex, ...linkDomain(domain)]
}

/** Loopback addresses are reported on `lo`, whatever link they are set for, as the original does. */
function ifindexOf(server: ServerSpec, link: IfIndex): IfIndex {
  if (server.address.isLoopback) return LOOPBACK
  return link === 0 ? server.ifindex : link
}
