/**
 * Which names a scope takes, and what it asks for them: scores, search domains, names that belong to this
 * machine. Pure functions of a name, types and a scope's domains; it knows no scope, no server and no setting by itself.
 *
 * Policy. Scores are NO < LAST_RESORT < MAYBE < YES + matched labels (R-ROUTE-1). All scopes with the best score are asked
 * at once, nobody else. In this order (R-ROUTE-6): a single label is taken by scopes with search domains, or where
 * `ResolveUnicastSingleLabel=` or the query says so; then the longest search or route-only domain that the name is within
 * (`~.` matches all with no label); link-local reverse names and `.local` are taken by nobody; reverse names of the link's
 * own network are YES; the names of `home-zones.ts` are taken by nobody else; a default route is MAYBE, and LAST_RESORT where it has only fallback servers.
 *
 * Multicast DNS takes `.local` and LLMNR single labels, both with YES + 1, so that a domain that a link claims below `.local`
 * wins, and one that claims `local` itself is asked beside it; both take reverse names of the link's own networks.
 */
export type { HomeZone } from './home-zones.ts'
export { homeZoneOf } from './home-zones.ts'
export { isLocalOnly } from './local-names.ts'
export { RoutedDomains, suffixesOf } from './routed-domains.ts'
export type { Scored } from './route.ts'
export { winners } from './route.ts'
export type { DnsRoute, RouteOptions, Score } from './score.ts'
export {
  isAddressType,
  isNeverSent,
  LAST_RESORT,
  isLocalOrReverse,
  MAYBE,
  NO,
  scoreChain,
  scoreDns,
  typesToSend,
  YES,
} from './score.ts'
export type { MulticastRoute } from './multicast-score.ts'
export { multicastTypes, scoreLlmnr, scoreMdns } from './multicast-score.ts'
export { searchWalk } from './search.ts'
