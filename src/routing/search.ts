import type { Name } from '../wire/index.ts'
import { concatNames, isSingleLabel, ROOT } from '../wire/index.ts'

/**
 * The names one scope asks, in order, for what the client wrote (R-SEARCH-1…3): a single label is completed by each of
 * the scope's search domains and never asked bare; anything else stands as it is.
 */
export function searchWalk(
  name: Name,
  domains: readonly { readonly name: Name; readonly routeOnly: boolean }[],
  maySearch: boolean,
  asksSingleLabels: boolean,
): Name[] {
  const suffixes = domains.filter((domain) => !domain.routeOnly && domain.name !== ROOT).map((domain) => domain.name)
  if (!maySearch || !isSingleLabel(name) || suffixes.length === 0) return [name]
  if (asksSingleLabels && suffixes.includes(name)) return [name]
  return suffixes.flatMap((suffix) => concatNames(name, suffix) ?? [])
}
