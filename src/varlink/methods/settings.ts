import type { Authority, Control, LinkSettingName, LinkStatus } from '../../control/index.ts'
import { DEFAULT_LINK_SETTINGS, type Origin } from '../../settings/index.ts'
import { invalidParameter } from '../errors.ts'
import { permit } from './permit.ts'
import type { Served } from '../connection/service.ts'
import { callerOf, serve } from '../connection/service.ts'
import { SETTINGS_INTERFACE } from '../../varlink-idl/index.ts'

/** Settings by the names of their bus properties. */
// biome-ignore format: a table reads better in rows
const NAMES: Readonly<Record<LinkSettingName, string>> = {
  servers: 'DNS', domains: 'Domains', defaultRoute: 'DefaultRoute', llmnr: 'LLMNR', multicastDns: 'MulticastDNS',
  dnsOverTls: 'DNSOverTLS', dnssec: 'DNSSEC', negativeTrustAnchors: 'DNSSECNegativeTrustAnchors',
}

/** Everything `io.tsresolved.Settings` needs. */
export interface SettingsPorts {
  readonly control: Pick<Control, 'links' | 'link' | 'unsetDefaultRoute'>
  readonly authority: Authority
}

/** `io.tsresolved.Settings`: everybody may look, as at the settings themselves; changes need permission. */
export function settingsInterface({ control, authority }: SettingsPorts): Served {
  return serve(SETTINGS_INTERFACE, {
    ListOrigins({ ifindex }) {
      const links = ifindex === undefined ? control.links() : [control.link(ifindex)]
      const known = links.filter((link) => link !== undefined)
      if (known.length < links.length) throw invalidParameter('ifindex')
      return { origins: known.flatMap(originsOutput) }
    },
    async UnsetDefaultRoute({ ifindex, allowInteractiveAuthentication }, call) {
      await permit(authority, 'set-default-route', allowInteractiveAuthentication, call)
      await control.unsetDefaultRoute(ifindex, callerOf(call.peer))
      return {}
    },
  })
}

/** One row for each setting of the link that somebody set; times are wall clock. */
function originsOutput(link: LinkStatus) {
  const { ifindex, name: ifname } = link
  return (Object.keys(NAMES) as LinkSettingName[]).flatMap((setting) => {
    const origin = originOf(link, setting)
    if (origin === undefined) return []
    const { source, busName, uid, process, at } = origin
    const changedUSec = at === undefined ? undefined : Math.floor(at * 1000)
    return [{ ifindex, ifname, setting: NAMES[setting], source, busName, uid, process, changedUSec }]
  })
}

/** networkd's files say what, but not since when. */
function originOf(
  { isManaged, settings, origins }: LinkStatus,
  setting: LinkSettingName,
): (Omit<Origin, 'at'> & { readonly at: Origin['at'] | undefined }) | undefined {
  if (!isManaged) return origins[setting]
  const isDefault = JSON.stringify(settings[setting]) === JSON.stringify(DEFAULT_LINK_SETTINGS[setting])
  if (isDefault) return undefined
  return { source: 'networkd', busName: undefined, uid: undefined, process: undefined, at: undefined }
}
