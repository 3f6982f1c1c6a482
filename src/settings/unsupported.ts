import type { ResolvedSettings } from './resolved-settings.ts'

/** A setting that asks for a feature this build does not have. When the feature arrives, its row goes. */
export interface UnsupportedSetting {
  readonly setting: keyof ResolvedSettings
  /** Its name in resolved.conf. */
  readonly key: string
  readonly asksFor: (value: unknown) => boolean
  /** What a file that asks for it gets; the setting itself is kept where this is empty. */
  readonly instead: Partial<ResolvedSettings>
  /** True when the mode itself permits going without, so that the bus may store it; else the bus answers NotSupported. */
  readonly permitsWithout: boolean
  /** What is missing, what happens now, what to do: for the log and for bus errors. */
  readonly message: string
}

const is = (wanted: string) => (value: unknown) => value === wanted
const isOn = (value: unknown) => value !== 'no'

// biome-ignore format: a table reads better in rows
const UNSUPPORTED: readonly UnsupportedSetting[] = [
  { setting: 'dnssec', key: 'DNSSEC', asksFor: is('yes'), instead: { dnssec: 'no' }, permitsWithout: false,
    message: 'DNSSEC validation is not available yet and cannot be enforced: answers are NOT validated. Set DNSSEC=no.' },
  { setting: 'dnssec', key: 'DNSSEC', asksFor: is('allow-downgrade'), instead: {}, permitsWithout: true,
    message: 'DNSSEC validation is not available yet: answers are not validated, as this mode permits. Set DNSSEC=no to silence this.' },
  { setting: 'llmnr', key: 'LLMNR', asksFor: isOn, instead: { llmnr: 'no' }, permitsWithout: false,
    message: 'LLMNR is not available yet and stays off. Set LLMNR=no or leave it out.' },
  { setting: 'multicastDns', key: 'MulticastDNS', asksFor: isOn, instead: { multicastDns: 'no' }, permitsWithout: false,
    message: 'Multicast DNS is not available yet and stays off. Set MulticastDNS=no or leave it out.' },
  { setting: 'llmnrCacheSize', key: 'LLMNRCacheSize', asksFor: () => true, instead: {}, permitsWithout: true,
    message: 'LLMNR is not available yet, so this size has no effect. Leave it out.' },
  { setting: 'multicastDnsCacheSize', key: 'MulticastDNSCacheSize', asksFor: () => true, instead: {}, permitsWithout: true,
    message: 'Multicast DNS is not available yet, so this size has no effect. Leave it out.' },
]

/** Why `value` cannot be had in this build; undefined when it can. "No value of its own" always can. */
export function unsupportedSetting<S extends keyof ResolvedSettings>(
  setting: S,
  value: ResolvedSettings[S] | undefined,
): UnsupportedSetting | undefined {
  if (value === undefined) return undefined
  return UNSUPPORTED.find((row) => row.setting === setting && row.asksFor(value))
}
