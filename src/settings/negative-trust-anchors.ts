import type { Name } from '../wire/index.ts'
import { nameOf } from '../wire/index.ts'

/**
 * Domains that are never signed in a way a public trust anchor could prove: private networks and names for use at home
 * (R-SEC-5). They are what the global list shows while no `.negative` file replaces it; nothing is validated yet.
 */
export const DEFAULT_NEGATIVE_TRUST_ANCHORS: readonly Name[] = [
  '10.in-addr.arpa',
  ...Array.from({ length: 16 }, (_, i) => `${16 + i}.172.in-addr.arpa`),
  '168.192.in-addr.arpa',
  '170.0.0.192.in-addr.arpa',
  '171.0.0.192.in-addr.arpa',
  'd.f.ip6.arpa',
  'corp',
  'home',
  'home.arpa',
  'internal',
  'intranet',
  'ipv4only.arpa',
  'lan',
  'local',
  'private',
  'resolver.arpa',
  'test',
].map(nameOf)
