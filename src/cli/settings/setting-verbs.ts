import { saying } from '../client/attempts.ts'
import { type ArgumentsOf, MANAGER, NETWORK_MANAGER } from '../../dbus/index.ts'
import { RESOLVER } from '../client/bus-client.ts'
import { BusCallError } from '../client/bus-errors.ts'
import { CliError } from '../command/cli-error.ts'
import { blockForPeople, headingOf } from './configuration-text.ts'
import type { Context, VerbRun } from '../command/context.ts'
import type { DnsConfiguration } from './dns-configuration.ts'
import type { HostLink } from '../client/host-links.ts'
import { wrapWords } from '../terminal/layout.ts'
import { LINK_SETTINGS, type LinkSetting, type SetCall, type SettingVerb } from './link-settings.ts'
import { parseBoolean } from '../command/options.ts'
import { printJson } from '../terminal/output.ts'
import { readConfiguration } from './read-configuration.ts'
import { ServerArgumentError } from './server-argument.ts'
import { SETTINGS_INTERFACE } from '../../varlink-idl/index.ts'
import { VarlinkCallError } from '../client/varlink-client.ts'

/** Prints the setting of all links or of one; with values, sets it on that link (C-SET-1). */
export function settingVerb(verb: SettingVerb): VerbRun {
  const setting: LinkSetting = LINK_SETTINGS[verb]
  return async ([linkText, ...values], context) => {
    const link = linkOf(linkText, context)
    if (link === undefined || values.length === 0) await printSetting(setting, link, context)
    else if (verb === 'default-route' && values[0] === 'auto') await unsetDefaultRoute(link, context)
    else await changeSetting(setting, link, values, context)
    return 0
  }
}

/** Forgets what was set on a link by this tool. */
export const revert: VerbRun = async ([linkText], context) => {
  const link = linkOf(linkText, context)
  if (link === undefined) throw new CliError('Interface argument required.')
  await saying('Failed to revert interface configuration', revertLink(link, context))
  return 0
}

/** The link a verb is about: its argument, else `-i`; both must agree (C-6). */
export function linkOf(text: string | undefined, { links, ifindex }: Context): HostLink | undefined {
  const link = text === undefined ? undefined : links.find(text)
  if (link === undefined) return ifindex > 0 ? links.find(String(ifindex)) : undefined
  if (ifindex > 0 && ifindex !== link.ifindex) throw new CliError('Specified multiple different interfaces. Refusing.')
  return link
}

/** Applies values to a link; what fails is explained in the words of C-SET-8. @throws {CliError} */
export async function changeSetting(
  setting: LinkSetting,
  link: HostLink,
  values: readonly string[],
  context: Context,
): Promise<void> {
  const isEmpty = setting.isList && values.length === 1 && values[0] === ''
  const calls = explainLocal(setting, () => setting.calls(isEmpty ? [] : values, link, context.links))
  if (setting.cap !== undefined) await warnOfCap(setting.cap, setting.what, values[0]!, context)
  await saying(`Failed to set ${setting.what} configuration`, setOnLink(calls, link, context))
}

/** The bus has no call for it; ours alone does it by varlink. */
async function unsetDefaultRoute({ ifindex, ifname }: HostLink, { options, varlink }: Context): Promise<void> {
  try {
    const asked = { ifindex, allowInteractiveAuthentication: options.askPassword }
    await varlink.call(SETTINGS_INTERFACE, 'UnsetDefaultRoute', asked)
  } catch (cause) {
    if (!(cause instanceof VarlinkCallError) || cause.errorName !== 'io.systemd.System') throw cause
    throw new CliError(`Failed to unset default route configuration: Link ${ifname} is managed or a loopback device.`, {
      cause,
    })
  }
}

/** Tries the calls in turn, and those of networkd when that is what manages the link (C-SET-3, C-SET-4). */
export async function setOnLink(calls: readonly SetCall[], link: HostLink, context: Context): Promise<void> {
  await unlessManaged(
    () => setAt(MANAGER, RESOLVER, calls, link, context),
    () => setAt(NETWORK_MANAGER, NETWORKD, calls, link, context),
  )
}

/** Takes back all settings of a link, from networkd where that manages it. */
export async function revertLink({ ifindex }: HostLink, context: Context): Promise<void> {
  const bus = await context.bus()
  const interactive = context.options.askPassword
  await unlessManaged(
    () => bus.call(MANAGER, 'RevertLink', [ifindex], { interactive }),
    () => bus.call(NETWORK_MANAGER, 'RevertLinkDNS', [ifindex], { interactive, target: NETWORKD }),
  )
}

async function unlessManaged<T>(atResolver: () => Promise<T>, atNetworkd: () => Promise<T>): Promise<void> {
  try {
    await atResolver()
  } catch (error) {
    if (!(error instanceof BusCallError) || error.errorName !== LINK_BUSY) throw error
    await atNetworkd()
  }
}

/** What resolve1 answers for a link that networkd manages: the same change is then sent to networkd (C-SET-3). */
const LINK_BUSY = 'org.freedesktop.resolve1.LinkBusy'
const UNKNOWN_METHOD = 'org.freedesktop.DBus.Error.UnknownMethod'
const NETWORKD = { destination: 'org.freedesktop.network1', path: '/org/freedesktop/network1' } as const

/** Tries each form of the call until the daemon knows one (C-SET-4). @throws {CliError} */
async function setAt(
  description: typeof MANAGER | typeof NETWORK_MANAGER,
  target: typeof RESOLVER | typeof NETWORKD,
  [first, ...others]: readonly SetCall[],
  link: HostLink,
  context: Context,
): Promise<void> {
  const { member, value } = first!
  const bus = await context.bus()
  const body = [link.ifindex, value] as ArgumentsOf<typeof description, typeof member>
  try {
    await bus.call(description, member, body, { target, interactive: context.options.askPassword })
  } catch (error) {
    const isUnknown = error instanceof BusCallError && error.errorName === UNKNOWN_METHOD
    if (!isUnknown || others.length === 0) throw error
    await setAt(description, target, others, link, context)
  }
}

/** What the daemon was not even asked: for servers and domains the reason, then the same words as if it had refused. */
function explainLocal<T>({ what, field }: LinkSetting, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const isRefusal = error instanceof CliError && (field === 'servers' || field === 'searchDomains')
    if (!isRefusal) throw error
    const reason = error instanceof ServerArgumentError ? error.reason : 'Invalid argument'
    throw new CliError(`${error.message}\nFailed to set ${what} configuration: ${reason}`, { cause: error })
  }
}

/** A link cannot do more than the global setting lets it: said, but still set (C-SET-7). */
async function warnOfCap(cap: 'LLMNR' | 'MulticastDNS', what: string, mode: string, context: Context): Promise<void> {
  const bus = await context.bus()
  const global = (await bus.properties(MANAGER))[cap]
  const wanted = MODES.indexOf(modeOf(mode))
  if (global === undefined || wanted <= MODES.indexOf(global)) return
  context.screen.note(
    `Setting ${what} support level "${mode}" for the link, but the global support level is "${global}".`,
  )
}

/** From weak to strong. */
const MODES = ['no', 'resolve', 'yes']

function modeOf(word: string): string {
  const truth = parseBoolean(word)
  if (truth === undefined) return word
  return truth ? 'yes' : 'no'
}

async function printSetting(setting: LinkSetting, link: HostLink | undefined, context: Context): Promise<void> {
  const { hasGlobal, hasDelegates } = setting
  const isOne = link !== undefined
  const wanted = { ...(isOne && { links: [link] }), global: !isOne && hasGlobal, delegates: !isOne && hasDelegates }
  const blocks = await readConfiguration(wanted, context)
  if (context.options.json !== 'off')
    printJson(
      blocks.map((block) => settingObject(setting, block)),
      context,
    )
  else for (const block of blocks) context.screen.print(settingLine(setting, block, context))
}

/** `Link 2 (w1): v1 v2`; nothing behind the colon for an empty list (C-P-1, C-P-2). */
function settingLine(setting: LinkSetting, block: DnsConfiguration, { screen, links }: Context): string {
  const heading = headingOf(block)
  const words = setting.words(blockForPeople(block, screen), links)
  const text = setting.isList
    ? wrapWords(`${heading}:`, words, 8, screen.columns - 1)
    : [`${heading}:`, ...words].join(' ')
  return screen.paint('bold', heading) + text.slice(heading.length)
}

/** The field is there even when the link has no such setting (C-P-4). */
function settingObject({ field }: LinkSetting, { ifname, ifindex, delegate, ...rest }: DnsConfiguration): object {
  const value = (rest as DnsConfiguration)[field] ?? null
  return {
    ...(ifname !== undefined && { ifname }),
    ...(ifindex !== undefined && { ifindex }),
    ...(delegate !== undefined && { delegate }),
    [field]: value,
  }
}
