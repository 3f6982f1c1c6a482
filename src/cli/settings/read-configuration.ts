import { saying } from '../client/attempts.ts'
import { DELEGATE, LINK, MANAGER, RESOLVE1 } from '../../dbus/index.ts'
import type { BusClient } from '../client/bus-client.ts'
import { BusCallError } from '../client/bus-errors.ts'
import type { Context } from '../command/context.ts'
import {
  type DnsConfiguration,
  type DnsServer,
  delegateConfiguration,
  globalConfiguration,
  linkConfiguration,
} from './dns-configuration.ts'
import type { HostLink } from '../client/host-links.ts'
import { preferBus } from '../client/prefer-bus.ts'
import { RESOLVE_INTERFACE } from '../../varlink-idl/index.ts'
import { isUnavailable, type VarlinkClient } from '../client/varlink-client.ts'

/** Which blocks to read. */
export interface Wanted {
  /** Undefined: all links but `lo` (C-S-1). */
  readonly links?: readonly HostLink[]
  readonly global: boolean
  readonly delegates: boolean
}

/**
 * Global, links by index, delegates. For JSON from varlink, which tells more; where that is missing or old, and for
 * text, from the bus; text, too, where there is no bus. @throws {CliError}
 */
export async function readConfiguration(wanted: Wanted, context: Context): Promise<DnsConfiguration[]> {
  const dumped = context.options.json === 'off' ? undefined : await dumpConfiguration(context.varlink)
  if (dumped !== undefined) return dumped.filter((block) => isWanted(block, wanted))
  return preferBus(
    () => readOverBus(wanted, context),
    async () => (await dumpAll(context.varlink)).filter((block) => isWanted(block, wanted)).map(withoutOwnIndex),
  )
}

async function readOverBus(wanted: Wanted, context: Context): Promise<DnsConfiguration[]> {
  const bus = await context.bus()
  const links = wanted.links ?? context.links.all().filter(({ ifname }) => ifname !== 'lo')
  const global = wanted.global ? await readGlobal(bus) : []
  const others = [readLinks(bus, links), wanted.delegates ? readDelegates(bus) : Promise.resolve([])]
  return [...global, ...(await Promise.all(others)).flat()]
}

/** True for a block that the call is about. */
export function isWanted({ ifname, ifindex, delegate }: DnsConfiguration, wanted: Wanted): boolean {
  if (delegate !== undefined) return wanted.delegates
  if (ifindex === undefined) return wanted.global
  return wanted.links === undefined ? ifname !== 'lo' : wanted.links.some((link) => link.ifindex === ifindex)
}

async function dumpConfiguration(varlink: VarlinkClient): Promise<readonly DnsConfiguration[] | undefined> {
  return dumpAll(varlink).catch((error: unknown) => {
    if (isUnavailable(error)) return undefined
    throw error
  })
}

async function dumpAll(varlink: VarlinkClient): Promise<readonly DnsConfiguration[]> {
  return (await varlink.call(RESOLVE_INTERFACE, 'DumpDNSConfiguration', {})).configuration
}

/** The bus does not say of a link's own servers that they are that link's; text for people need not either. */
function withoutOwnIndex(block: DnsConfiguration): DnsConfiguration {
  const bare = ({ ifindex, ...server }: DnsServer): DnsServer => {
    return ifindex === undefined || ifindex === block.ifindex ? server : { ...server, ifindex }
  }
  const { servers, currentServer } = block
  return {
    ...block,
    ...(servers && { servers: servers.map(bare) }),
    ...(currentServer && { currentServer: bare(currentServer) }),
  }
}

async function readGlobal(bus: BusClient): Promise<DnsConfiguration[]> {
  const properties = bus.properties(MANAGER)
  return [globalConfiguration(await saying('Failed to get global data', properties))]
}

async function readLinks(bus: BusClient, links: readonly HostLink[]): Promise<DnsConfiguration[]> {
  return (await Promise.all(links.map((link) => readLink(bus, link)))).flat()
}

/** Nothing for a link that has just vanished. */
async function readLink(bus: BusClient, link: HostLink): Promise<DnsConfiguration[]> {
  try {
    const call = bus.call(MANAGER, 'GetLink', [link.ifindex])
    const [path] = await saying(`Failed to get link data for ${link.ifindex}`, call)
    return [linkConfiguration(link, await bus.properties(LINK, { destination: RESOLVE1, path }))]
  } catch (error) {
    if (error instanceof BusCallError && GONE.has(error.errorName)) return []
    throw error
  }
}

const GONE: ReadonlySet<string> = new Set([
  'org.freedesktop.resolve1.NoSuchLink',
  'org.freedesktop.DBus.Error.UnknownObject',
])

async function readDelegates(bus: BusClient): Promise<DnsConfiguration[]> {
  const delegates = await listDelegates(bus)
  return Promise.all(
    delegates.map(async ([id, path]) =>
      delegateConfiguration(id, await bus.properties(DELEGATE, { destination: RESOLVE1, path })),
    ),
  )
}

/** Delegates exist since 258: an older daemon has none. */
async function listDelegates(bus: BusClient): Promise<readonly (readonly [id: string, path: string])[]> {
  try {
    const [delegates] = await bus.call(MANAGER, 'ListDelegates', [])
    return delegates
  } catch (error) {
    if (error instanceof BusCallError && error.errorName === 'org.freedesktop.DBus.Error.UnknownMethod') return []
    throw error
  }
}
