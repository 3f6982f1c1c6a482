import type { Millis } from '../base/index.ts'
import type { LinkSettings, Origin, Origins, SavedLink } from '../settings/index.ts'
import { DEFAULT_LINK_SETTINGS, formatServerSpec } from '../settings/index.ts'
import type { LinkSettingName, SettingOwner } from './types.ts'

/** All settings of a change have the same origin. */
export function originsFor(patch: Partial<LinkSettings>, origin: Origin): Origins {
  return Object.fromEntries(Object.keys(patch).map((setting) => [setting as LinkSettingName, origin]))
}

/** Files that systemd-resolved wrote name no owner. */
export function restoredOrigins({ settings, origins }: SavedLink, at: Millis): Origins {
  const restored: Origin = { source: 'restored', busName: undefined, uid: undefined, process: undefined, at }
  const isSet = (name: LinkSettingName) => settings[name] !== DEFAULT_LINK_SETTINGS[name]
  const names = (Object.keys(settings) as LinkSettingName[]).filter(
    (name) => isSet(name) && !(Array.isArray(settings[name]) && settings[name].length === 0),
  )
  return { ...Object.fromEntries(names.map((name) => [name, restored])), ...origins }
}

/** A change and who made it, for the log. */
export function changeText(patch: Partial<LinkSettings>, origin: Origin): string {
  return `${describe(patch)}, by ${originText(origin)}`
}

export function originText({ process, uid, busName }: SettingOwner): string {
  return [process, uid === undefined ? undefined : `uid ${uid}`, busName].filter((part) => part !== undefined).join(' ')
}

function describe(patch: Partial<LinkSettings>): string {
  const parts = [
    patch.servers && `DNS servers ${patch.servers.map(formatServerSpec).join(' ') || 'none'}`,
    patch.domains &&
      `domains ${patch.domains.map(({ name, routeOnly }) => (routeOnly ? `~${name}` : name)).join(' ') || 'none'}`,
    patch.defaultRoute === undefined ? undefined : `default route ${patch.defaultRoute ? 'yes' : 'no'}`,
  ]
  const said = parts.filter((part) => part !== undefined)
  return said.length > 0 ? said.join(', ') : `${Object.keys(patch).join(', ')} set`
}
