import { BusError, type BusClient, RESOLVE1 } from './bus-client.ts'
import {
  type DnsConfiguration,
  delegateConfiguration,
  globalConfiguration,
  linkConfiguration,
} from './dns-configuration.ts'
import type { HostLink } from './host-links.ts'

/** The Manager's own settings. @throws {BusError} */
export async function readGlobal(bus: BusClient): Promise<DnsConfiguration> {
  return globalConfiguration(await bus.properties(RESOLVE1.path, RESOLVE1.interface))
}

/** Links in the order given. One that vanishes meanwhile is left out. @throws {BusError} */
export async function readLinks(bus: BusClient, links: readonly HostLink[]): Promise<DnsConfiguration[]> {
  const found = await Promise.all(links.map((link) => readLink(bus, link)))
  return found.flatMap((configuration) => configuration ?? [])
}

/** Delegates exist since 258: an older daemon has none. @throws {BusError} */
export async function readDelegates(bus: BusClient): Promise<DnsConfiguration[]> {
  const delegates = await listDelegates(bus)
  return Promise.all(
    delegates.map(async ([id, path]) =>
      delegateConfiguration(id, await bus.properties(path, 'org.freedesktop.resolve1.DnsDelegate')),
    ),
  )
}

async function readLink(bus: BusClient, link: HostLink): Promise<DnsConfiguration | undefined> {
  try {
    const [path] = await bus.call({ ...RESOLVE1, member: 'GetLink', signature: 'i', body: [link.ifindex] })
    return linkConfiguration(link, await bus.properties(path as string, 'org.freedesktop.resolve1.Link'))
  } catch (error) {
    if (error instanceof BusError && GONE.has(error.errorName)) return undefined
    throw error
  }
}

const GONE: ReadonlySet<string> = new Set([
  'org.freedesktop.resolve1.NoSuchLink',
  'org.freedesktop.DBus.Error.UnknownObject',
])

async function listDelegates(bus: BusClient): Promise<readonly (readonly [id: string, path: string])[]> {
  try {
    const [delegates] = await bus.call({ ...RESOLVE1, member: 'ListDelegates' })
    return delegates as [string, string][]
  } catch (error) {
    if (error instanceof BusError && error.errorName === 'org.freedesktop.DBus.Error.UnknownMethod') return []
    throw error
  }
}
