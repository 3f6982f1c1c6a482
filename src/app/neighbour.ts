import { promises as fs } from 'node:fs'
import { join } from 'node:path'
import { type IfIndex, IpAddress, type Log, reasonOf } from '../base/index.ts'
import {
  BusConnection,
  CODEC,
  DEFAULT_ADDRESS,
  LINK,
  MANAGER,
  MANAGER_PATH,
  PROPERTIES,
  readProperties,
  RESOLVE1,
  socketPaths,
  type Target,
} from '../dbus/index.ts'

/** What another resolver has been told of a link, as words of a file in `netif` (R-LINK-9). */
export interface NeighbourLink {
  readonly servers: readonly string[]
  readonly domains: readonly string[]
  defaultRoute: boolean | undefined
}
export type NeighbourLinks = ReadonlyMap<IfIndex, NeighbourLink>

/** For all of it: a bus or a resolver that is stuck is none to learn from. */
const PATIENCE = 3000

type ServerEntry = readonly [ifindex: number, family: number, address: Uint8Array]
type DomainEntry = readonly [ifindex: number, name: string, isRouteOnly: boolean]

/**
 * For a try-out: the links' servers that NetworkManager or a VPN client gave to the resolver which runs already. They are
 * in no file that an ordinary user may read, but everybody may read them over the bus. Empty where nobody has the name
 * there: asking must not start anybody.
 */
export async function neighbourLinks(address: string | undefined, uid: number, log: Log): Promise<NeighbourLinks> {
  try {
    const [path] = socketPaths(address ?? DEFAULT_ADDRESS)
    if (path === undefined) return new Map()
    const signal = AbortSignal.timeout(PATIENCE)
    const deaf = { onCall: () => undefined, onSignal: () => undefined }
    using bus = await BusConnection.open(path, uid, CODEC, deaf, signal)
    return await readLinks(bus, signal)
  } catch (error) {
    log.debug(`No other resolver can be asked over the bus: ${reasonOf(error)}`)
    return new Map()
  }
}

async function readLinks(bus: BusConnection, signal: AbortSignal): Promise<NeighbourLinks> {
  const [isThere] = await bus.callBus('NameHasOwner', [RESOLVE1], signal)
  if (!isThere) return new Map()
  const [values] = await bus.invoke(at(MANAGER_PATH), PROPERTIES, 'GetAll', [MANAGER.name], { signal })
  const { DNS = [], Domains = [] } = readProperties(MANAGER, values)
  const links = linksOf(DNS, Domains)
  for (const [ifindex, link] of links) {
    const [path] = await bus.invoke(at(MANAGER_PATH), MANAGER, 'GetLink', [ifindex], { signal })
    const [ofLink] = await bus.invoke(at(path), PROPERTIES, 'GetAll', [LINK.name], { signal })
    link.defaultRoute = readProperties(LINK, ofLink).DefaultRoute
  }
  return links
}

function at(path: string): Target {
  return { destination: RESOLVE1, path }
}

/** What belongs to no link comes from files, which are read anyhow. */
export function linksOf(servers: readonly ServerEntry[], domains: readonly DomainEntry[]): Map<IfIndex, NeighbourLink> {
  const indexes = new Set(servers.map(([ifindex]) => ifindex).filter((ifindex) => ifindex > 0))
  const wordsOf = (ifindex: number): NeighbourLink => ({
    servers: servers.flatMap(([index, , bytes]) => (index === ifindex ? (IpAddress.fromBytes(bytes)?.text ?? []) : [])),
    domains: domains.flatMap(([index, name, isRouteOnly]) =>
      index === ifindex ? [isRouteOnly ? `~${name}` : name] : [],
    ),
    defaultRoute: undefined,
  })
  return new Map([...indexes].map((ifindex) => [ifindex, wordsOf(ifindex)]))
}

/** As if a client had given them to us before: they are found when the daemon starts. */
export async function saveAsOurs(links: NeighbourLinks, runtimeDirectory: string): Promise<void> {
  const directory = join(runtimeDirectory, 'netif')
  await fs.mkdir(directory, { recursive: true, mode: 0o700 })
  for (const [ifindex, { servers, domains, defaultRoute }] of links) {
    const route = defaultRoute === undefined ? '' : `DEFAULT_ROUTE=${defaultRoute ? 'yes' : 'no'}\n`
    const text = `SERVERS="${servers.join(' ')}"\nDOMAINS="${domains.join(' ')}"\n${route}`
    await fs.writeFile(join(directory, String(ifindex)), text)
  }
}
