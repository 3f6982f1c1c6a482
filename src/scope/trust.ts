import { anchorsOf, TrustAnchors } from '../dnssec/index.ts'
import type { ResolvedSettings } from '../settings/index.ts'

/** What answers are validated by, made once of the settings of all scopes. */
export interface Trust {
  readonly anchors: TrustAnchors
  /** Grows with every change: what was validated under another version is worth nothing (S-NTA-5). */
  readonly version: number
  /** What it was made of. */
  readonly text: string
}

/** Anchors of these settings; the very same object while nothing about them changes. */
export function trustOf(
  { trustAnchors, negativeTrustAnchors }: Pick<ResolvedSettings, 'trustAnchors' | 'negativeTrustAnchors'>,
  before: Trust | undefined,
): Trust {
  const positive = trustAnchors.map(({ name, type, rdata }) => `${name} ${type} ${rdata.toString('hex')}`)
  const text = [...positive, '', ...negativeTrustAnchors].join('\n')
  if (before?.text === text) return before
  const anchors = new TrustAnchors(anchorsOf(trustAnchors), negativeTrustAnchors)
  return { anchors, version: (before?.version ?? 0) + 1, text }
}
