import type { LinkView } from '../../../src/cli/diagnose/doctor-findings.ts'

/** A link that is well, whose servers nobody has asked yet. */
export const LAN: LinkView = {
  scope: 'link 2 (lan)',
  ifindex: 2,
  name: 'lan',
  up: true,
  carrier: true,
  addresses: ['10.2.0.2'],
  route: true,
  managed: false,
  inUse: true,
  defaultRoute: true,
  domains: [],
  configuredServers: ['10.2.0.1'],
  negativeTrustAnchors: [],
  servers: [],
  cacheSize: 0,
  replays: 0,
}
