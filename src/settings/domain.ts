import { parseName, ROOT } from '../wire/index.ts'
import type { Domain } from './link-settings.ts'
import { SettingError } from './config-warning.ts'

/** Reads `corp.example`, `~corp.example`; `.`, `~.` and `*` are the route-only root (R-CONF-5). @throws {SettingError} */
export function parseDomain(text: string): Domain {
  const isMarked = text.startsWith('~')
  const bare = isMarked ? text.slice(1) : text
  if (bare === '*' || bare === '.') return { name: ROOT, routeOnly: true }
  const name = parseName(bare)
  if (name === undefined) throw new SettingError(`'${text}' is not a domain name.`, text)
  return { name, routeOnly: isMarked }
}

/** The text `parseDomain` reads back as the same domain. */
export function formatDomain({ name, routeOnly }: Domain): string {
  return routeOnly ? `~${name}` : name
}
