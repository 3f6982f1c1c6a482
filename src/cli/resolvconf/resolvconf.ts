import { text } from 'node:stream/consumers'
import { BusError } from '../client/bus-client.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context } from '../command/context.ts'
import type { HostLink } from '../client/host-links.ts'
import { LINK_SETTINGS } from '../settings/link-settings.ts'
import type { ResolvconfCall } from './arguments.ts'
import { interfaceCandidates, parseResolvconfText } from './text.ts'
import { changeSetting, revert } from '../settings/setting-verbs.ts'

type LinkCall = Extract<ResolvconfCall, { action: 'add' | 'delete' }>

/** Sets or forgets the servers and domains of one link, for the scripts that know only resolvconf(8). */
export async function runResolvconf(call: LinkCall, input: AsyncIterable<Buffer>, context: Context): Promise<number> {
  const link = findLink(call, context)
  if (link === undefined) return 0
  try {
    if (call.action === 'delete') return await revert([link.ifname], context)
    await add(call, link, await text(input as NodeJS.ReadableStream), context)
  } catch (error) {
    const isGone = error instanceof BusError && error.errorName === 'org.freedesktop.resolve1.NoSuchLink'
    if (!isGone || !call.force) throw error // C-RC-7
  }
  return 0
}

/** In this order, stopping at the first failure (C-RC-6). */
async function add({ mode }: LinkCall, link: HostLink, input: string, context: Context): Promise<void> {
  const { servers, domains } = parseResolvconfText(input)
  if (servers.length === 0) throw new CliError('No DNS servers specified, refusing operation.') // C-RC-4
  const all = mode === 'exclusive' ? [...domains, '~.'] : domains
  if (mode === 'private') await changeSetting(LINK_SETTINGS['default-route'], link, ['no'], context)
  await changeSetting(LINK_SETTINGS.dns, link, servers, context)
  await changeSetting(LINK_SETTINGS.domain, link, all.length > 0 ? all : [''], context) // C-RC-5
}

/** Undefined when there is none and that is fine (`-f`). Says so when part of the name was dropped (C-RC-1). */
function findLink(call: LinkCall, { links, screen }: Context): HostLink | undefined {
  const candidates = interfaceCandidates(call.interface)
  const found = candidates.flatMap((name) => links.all().find(({ ifname }) => ifname === name) ?? [])
  const [link] = found
  if (link === undefined) {
    if (call.force) return undefined
    throw new CliError(`Failed to resolve interface "${call.interface}": No such device`)
  }
  const dropped = call.interface.slice(link.ifname.length)
  if (dropped !== '') {
    screen.note(
      `Dropped protocol specifier '${dropped}' from '${call.interface}'. Using '${link.ifname}' (ifindex=${link.ifindex}).`,
    )
  }
  if (found.length > 1) {
    screen.note(
      `'${call.interface}' could also mean ${found
        .slice(1)
        .map(({ ifname }) => `'${ifname}'`)
        .join(', ')}.`,
    )
  }
  return link
}
