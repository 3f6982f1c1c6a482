import type { ResolvedSettings } from './resolved-settings.ts'

/** A setting that asks for a feature this build does not have. When the feature arrives, its row goes. */
export interface UnsupportedSetting {
  readonly setting: keyof ResolvedSettings
  /** Its name in resolved.conf. */
  readonly key: string
  readonly asksFor: (value: unknown) => boolean
  /** What a file that asks for it gets; the setting itself is kept where this is empty. */
  readonly instead: Partial<ResolvedSettings>
  /** What is missing, what happens now, what to do: for the log. */
  readonly message: string
}

const isOn = (value: unknown) => value !== 'no'

// biome-ignore format: a table reads better in rows
const UNSUPPORTED: readonly UnsupportedSetting[] = [
  { setting: 'llmnr', key: 'LLMNR', asksFor: isOn, instead: { llmnr: 'no' },
    message: 'LLMNR is not available yet and stays off. Set LLMNR=no or leave it out.' },
  { setting: 'multicastDns', key: 'MulticastDNS', asksFor: isOn, instead: { multicastDns: 'no' },
    message: 'Multicast DNS is not available yet and stays off. Set MulticastDNS=no or leave it out.' },
  { setting: 'llmnrCacheSize', key: 'LLMNRCacheSize', asksFor: () => true, instead: {},
    message: 'LLMNR is not available yet, so this size has no effect. Leave it out.' },
  { setting: 'multicastDnsCacheSize', key: 'MulticastDNSCacheSize', asksFor: () => true, instead: {},
    message: 'Multicast DNS is not available yet, so this size has no effect. Leave it out.' },
]

/** Why `value` cannot be had in this build; undefined when it can. */
export function unsupportedSetting<S extends keyof ResolvedSettings>(
  setting: S,
  value: ResolvedSettings[S],
): UnsupportedSetting | undefined {
  return UNSUPPORTED.find((row) => row.setting === setting && row.asksFor(value))
}
