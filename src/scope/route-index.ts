import type { IfIndex } from '../base/index.ts'
import { lazily } from '../base/index.ts'
import { isLocalOrReverse, NO, suffixesOf, winners, YES } from '../routing/index.ts'
import { addressOfReverseName, isSingleLabel, type Name, ROOT } from '../wire/index.ts'
import { FLAG } from './flags.ts'
import { permits } from './protocol.ts'
import type { RouteRequest, Scope } from './scope.ts'
import { SubnetIndex } from './subnet-index.ts'
import { UnicastScope } from './unicast-scope.ts'

const NOBODY: readonly Scope[] = []

/**
 * Which of the scopes may want a name: with ten thousand links not all can be asked for each question. It leaves nobody out
 * who could win, and decides nothing: the score is for the scope to say. Made anew when the scopes change.
 */
export class RouteIndex {
  readonly #all: readonly Scope[]
  readonly #position: () => ReadonlyMap<Scope, number>
  readonly #byLink = new Map<IfIndex, Scope[]>()
  readonly #byDomain = new Map<Name, UnicastScope[]>()
  #longestDomain = 0
  readonly #bySubnet: () => SubnetIndex<UnicastScope>
  /** Scopes that take names nobody claims. */
  readonly #defaults: UnicastScope[] = []
  /** Scopes that may take single labels because they are single. */
  readonly #completing: UnicastScope[] = []
  readonly #multicast: Scope[] = []
  readonly #rest: () => readonly Scope[]

  constructor(all: readonly Scope[]) {
    this.#all = all
    this.#position = lazily(() => new Map(all.map((scope, i) => [scope, i])))
    // One loop: with a thousand links it is gone through with each change of one of them.
    for (const scope of all) {
      if (scope.plan.kind === 'link') addTo(this.#byLink, scope.ifindex, scope)
      if (scope instanceof UnicastScope) this.#addUnicast(scope)
      else this.#multicast.push(scope)
    }
    this.#bySubnet = lazily(() => subnetsOf(all))
    this.#rest = lazily(() => this.#inOrder([...this.#defaults, ...this.#multicast]))
  }

  /** All scopes of a link: one for each protocol spoken there. */
  onLink(ifindex: IfIndex): readonly Scope[] {
    return this.#byLink.get(ifindex) ?? NOBODY
  }

  /** The candidates for a name (R-ROUTE-1), in the order of all scopes. */
  route(request: RouteRequest): Scope[] {
    const { name, ifindex, flags } = request
    const score = (scope: Scope) => (permits(flags, scope.protocol) ? scope.score(request).score : NO) // R-ROUTE-2
    if (ifindex !== 0) return winners(this.onLink(ifindex), score)
    const isBare = isSingleLabel(name) || name === ROOT
    if (isBare && (flags & FLAG.RELAX_SINGLE_LABEL) !== 0) return winners(this.#all, score)
    if (!isBare && !isLocalOrReverse(name)) return this.mostWanted(name, score)
    const claiming = winners(this.#inOrder(this.#claimants(name, isBare)), score)
    const isClaimed = claiming[0] !== undefined && score(claiming[0]) >= YES
    return isClaimed ? claiming : winners(this.#rest(), score)
  }

  /** The unicast scopes that want a name most, where nothing counts but how much of it their domains are. */
  mostWanted(name: Name, score: (scope: UnicastScope) => number): UnicastScope[] {
    for (const domain of suffixesOf(name, this.#longestDomain)) {
      const found = winners(this.#byDomain.get(domain) ?? [], score)
      if (found.length > 0) return found
    }
    return winners(this.#defaults, score)
  }

  /** Whoever may want the name for what it is: more than names that nobody claims. */
  #claimants(name: Name, isBare: boolean): Scope[] {
    const address = addressOfReverseName(name)
    return [
      ...[...suffixesOf(name, this.#longestDomain)].flatMap((domain) => this.#byDomain.get(domain) ?? []),
      ...(isBare ? this.#completing : []),
      ...(address === undefined ? [] : this.#bySubnet().find(address)),
      ...this.#multicast,
    ]
  }

  #addUnicast(scope: UnicastScope): void {
    const { domains, route, asksSingleLabels } = scope.plan
    for (const { name } of domains) {
      addTo(this.#byDomain, name, scope)
      if (name.length > this.#longestDomain) this.#longestDomain = name.length
    }
    if (route.isDefaultRoute) this.#defaults.push(scope)
    if (asksSingleLabels || route.domains.completesNames) this.#completing.push(scope)
  }

  /** Each once. */
  #inOrder(scopes: readonly Scope[]): readonly Scope[] {
    const position = (scope: Scope) => this.#position().get(scope) ?? 0
    return [...new Set(scopes)].toSorted((a, b) => position(a) - position(b))
  }
}

function subnetsOf(scopes: readonly Scope[]): SubnetIndex<UnicastScope> {
  const index = new SubnetIndex<UnicastScope>()
  for (const scope of scopes)
    if (scope instanceof UnicastScope)
      for (const { address, prefixLength } of scope.plan.route.subnets) index.add(address, prefixLength, scope)
  return index
}

/** Once, if it comes several times in a row. */
function addTo<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key)
  if (group === undefined) groups.set(key, [value])
  else if (group.at(-1) !== value) group.push(value)
}
