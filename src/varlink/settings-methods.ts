import type { Control, LinkSettingName, LinkStatus } from '../control/index.ts'
import { DEFAULT_LINK_SETTINGS, type Origin } from '../settings/index.ts'
import { invalidParameter } from './errors.ts'
import type { Served } from './service.ts'
import { serve } from './service.ts'
import { SETTINGS_INTERFACE } from './settings-interface.ts'

/** Settings by the names of their bus properties. */
// biome-ignore format: a table reads better in rows
const NAMES: Readonly<Record<LinkSettingName, string>> = {
  servers: 'DNS', domains: 'Domains', defaultRoute: 'DefaultRoute', llmnr: 'LLMNR', multicastDns: 'MulticastDNS',
  dnsOverTls: 'DNSOverTLS', dnssec: 'DNSSEC', negativeTrustAnchors: 'DNSSECNegativeTrustAnchors',
}

/** `io.tsresolved.Settings`: open to everybody, as the settings themselves are. */
export function settingsInterface(control: Pick<Control, 'links' | 'link'>): Served {
  return serve(SETTINGS_INTERFACE, {
    ListOrigins({ ifindex }) {
      const links = ifindex === undefined ? control.links() : [control.link(ifindex)]
      const known = links.filter((link) => link !== undefined)
      if (known.length < links.length) throw invalidParameter('ifindex')
      return { origins: known.flatMap(originsOutput) }
    },
  })
}

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
