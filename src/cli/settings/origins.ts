import { CliError } from '../command/cli-error.ts'
import type { Context } from '../command/context.ts'
import type { DnsConfiguration } from './dns-configuration.ts'
import { alignRows } from '../terminal/layout.ts'
import { agoText } from '../query/provenance.ts'
import { type Reply, SETTINGS_INTERFACE } from '../../varlink-idl/index.ts'
import { isUnavailable } from '../client/varlink-client.ts'

/** Who set one setting of a link, and when: wall clock, microseconds. */
export type SettingOrigin = Reply<typeof SETTINGS_INTERFACE, 'ListOrigins'>['origins'][number]

/**
 * Origins for `status`: with `--origins` always, and where a person watches; undefined where the output must be the
 * original's, byte for byte. @throws {CliError} when they were asked for and the running resolver has none
 */
export async function readOrigins(context: Context): Promise<readonly SettingOrigin[] | undefined> {
  const { options } = context
  if (!options.origins && !isForPeople(context)) return undefined
  try {
    return (await context.varlink.call(SETTINGS_INTERFACE, 'ListOrigins', {})).origins
  } catch (cause) {
    if (!options.origins) return undefined
    if (!isUnavailable(cause)) throw cause
    throw new CliError('The running resolver does not tell who set what: it has no io.tsresolved.Settings.', { cause })
  }
}

/** Somebody watches, and no program reads along: then more may be said than the original does. */
export function isForPeople({ options, screen }: Context): boolean {
  return screen.isTerminal && options.legend && options.json === 'off'
}

/** Those of one block; only links have any. */
export function originsOf(
  { ifindex }: DnsConfiguration,
  origins: readonly SettingOrigin[] | undefined,
): readonly SettingOrigin[] {
  return origins?.filter((origin) => origin.ifindex === ifindex) ?? []
}

/** `Set By: nm-dispatcher, uid 0, 3min 2s ago: DNS Domains`, one line per owner and time. `now`: wall clock, microseconds. */
export function originLines(origins: readonly SettingOrigin[], columns: number, now: number): string[] {
  const settings = new Map<string, string[]>()
  for (const origin of origins) {
    const who = ownerText(origin, now)
    settings.set(who, [...(settings.get(who) ?? []), origin.setting])
  }
  const rows = [...settings].map(([who, names]) => ({ label: 'Set By', value: [`${who}:`, ...names] }))
  return alignRows(rows, columns, 'Current DNS Server:'.length)
}

function ownerText({ source, process, uid, busName, changedUSec }: SettingOrigin, now: number): string {
  const when = changedUSec === undefined ? [] : [agoText(changedUSec, now)]
  if (source === 'networkd') return 'systemd-networkd'
  if (source === 'restored') return ['taken over from an earlier run', ...when].join(', ')
  const user = uid === undefined ? [] : [`uid ${uid}`]
  return [process ?? busName ?? 'somebody', ...user, ...when].join(', ')
}
