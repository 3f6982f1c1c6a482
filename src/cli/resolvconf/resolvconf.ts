/**
 * Folder `resolvconf/`: the interface of resolvconf(8) for scripts that know no other (resolvectl.md §8). Its records
 * become settings of a link, by the same calls as the setters; what a link's records were is kept in a file beside the
 * daemon's.
 */
import { text } from 'node:stream/consumers'
import { BusCallError } from '../client/bus-errors.ts'
import { CliError } from '../command/cli-error.ts'
import type { Context } from '../command/context.ts'
import type { HostLink } from '../client/host-links.ts'
import { LINK_SETTINGS } from '../settings/link-settings.ts'
import type { ResolvconfCall } from './arguments.ts'
import { merged, type ResolvconfRecord, ResolvconfRecords } from './records.ts'
import { interfaceCandidates, parseResolvconfText } from './text.ts'
import { changeSetting, revert } from '../settings/setting-verbs.ts'

type LinkCall = Extract<ResolvconfCall, { action: 'add' | 'delete' }>

/** Sets or forgets the servers and domains of one link, for the scripts that know only resolvconf(8). */
export async function runResolvconf(
  call: LinkCall,
  input: AsyncIterable<Buffer>,
  context: Context,
  records = new ResolvconfRecords(),
): Promise<number> {
  const link = findLink(call, context)
  if (call.action === 'delete') records.remove(call.interface) // also when the link went first
  if (link === undefined) return 0
  try {
    if (call.action === 'delete') await takeBack(link, records, context)
    else await add(call, link, await text(input as NodeJS.ReadableStream), records, context)
  } catch (error) {
    const isGone = error instanceof BusCallError && error.errorName === 'org.freedesktop.resolve1.NoSuchLink'
    if (!isGone || !call.force) throw error // C-RC-7
  }
  return 0
}

/** In this order, stopping at the first failure (C-RC-6); what is registered for the link otherwise stays. */
async function add(
  { mode, interface: name }: LinkCall,
  link: HostLink,
  input: string,
  records: ResolvconfRecords,
  context: Context,
): Promise<void> {
  const { servers, domains } = parseResolvconfText(input)
  if (servers.length === 0) throw new CliError('No DNS servers specified, refusing operation.') // C-RC-4
  const own = { ifindex: link.ifindex, servers, domains: mode === 'exclusive' ? [...domains, '~.'] : domains }
  records.put(name, own)
  if (mode === 'private') await changeSetting(LINK_SETTINGS['default-route'], link, ['no'], context)
  const known = records.of(link)
  await apply(known.length === 0 ? [own] : known, link, context)
}

/** The link keeps what others registered for it. */
async function takeBack(link: HostLink, records: ResolvconfRecords, context: Context): Promise<void> {
  const others = records.of(link)
  if (others.length === 0) await revert([link.ifname], context)
  else await apply(others, link, context)
}

async function apply(records: readonly ResolvconfRecord[], link: HostLink, context: Context): Promise<void> {
  const { servers, domains } = merged(records)
  await changeSetting(LINK_SETTINGS.dns, link, servers, context)
  await changeSetting(LINK_SETTINGS.domain, link, domains.length > 0 ? domains : [''], context) // C-RC-5
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
  const dropped = call.interface.replace(link.ifname, '')
  if (dropped !== '') {
    screen.note(
      `Dropped protocol specifier '${dropped}' from '${call.interface}'. Using '${link.ifname}' (ifindex=${link.ifindex}).`,
    )
  }
  if (found.length > 1) {
    const others = found.slice(1).map(({ ifname }) => `'${ifname}'`)
    screen.note(`'${call.interface}' could also mean ${others.join(', ')}.`)
  }
  return link
}
