import type { LinkSettings } from '../settings/index.ts'
import { MAX_DOMAINS, MAX_NEGATIVE_TRUST_ANCHORS, MAX_SERVERS } from '../settings/index.ts'
import { ControlError } from './types.ts'

const LIMITS = [
  { setting: 'servers', most: MAX_SERVERS, what: 'DNS servers' },
  { setting: 'domains', most: MAX_DOMAINS, what: 'domains' },
  { setting: 'negativeTrustAnchors', most: MAX_NEGATIVE_TRUST_ANCHORS, what: 'negative trust anchors' },
] as const

/** @throws {ControlError} limit-exceeded */
export function checkSettings(patch: Partial<LinkSettings>): void {
  for (const { setting, most, what } of LIMITS) {
    const given = patch[setting]?.length ?? 0
    if (given > most)
      throw new ControlError('limit-exceeded', `${given} ${what}, at most ${most} per link are possible.`)
  }
}
