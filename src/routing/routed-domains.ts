import { isWithin, labelCount, type Name, parentOf, ROOT } from '../wire/index.ts'

/** To so many one looks faster one after the other. */
const FEW = 4

/** The search and route-only domains of one scope, which may have ten thousand. */
export class RoutedDomains {
  /** Longest first. */
  readonly #names: readonly Name[]
  readonly #known: ReadonlySet<Name>
  readonly #longest: number
  /** Whether single labels are completed by some of them. */
  readonly completesNames: boolean

  constructor(domains: readonly { readonly name: Name; readonly routeOnly: boolean }[]) {
    this.#names = domains.map(({ name }) => name).toSorted((a, b) => labelCount(b) - labelCount(a))
    this.#known = new Set(this.#names)
    this.#longest = Math.max(0, ...this.#names.map(({ length }) => length))
    this.completesNames = domains.some(({ name, routeOnly }) => !routeOnly && name !== ROOT)
  }

  /** The longest one that the name is within (R-ROUTE-8). */
  longestMatch(name: Name): Name | undefined {
    if (this.#names.length <= FEW) return this.#names.find((domain) => isWithin(name, domain))
    for (const suffix of suffixesOf(name, this.#longest)) if (this.#known.has(suffix)) return suffix
    return undefined
  }
}

/** The name, what it is below, and so on to the root: those of `longest` characters at most. */
export function* suffixesOf(name: Name, longest: number): Generator<Name> {
  for (let suffix: Name | undefined = name; suffix !== undefined; suffix = parentOf(suffix))
    if (suffix.length <= longest) yield suffix
}
