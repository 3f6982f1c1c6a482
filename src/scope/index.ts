export type { GatewayRoute, LinkAddress, LinkFacts, NetworkFacts } from './network-facts.ts'
export {
  IFA_F_DEPRECATED,
  IFA_F_TENTATIVE,
  IFF_DORMANT,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_RUNNING,
  IFF_UP,
  NO_NETWORK,
  OPERSTATE_UNKNOWN,
  OPERSTATE_UP,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
} from './network-facts.ts'
