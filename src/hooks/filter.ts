import { firstMisfit, HOOK_INTERFACE, type JsonObject } from '../varlink-idl/index.ts'
import { labelCount, type Name, parentOf, parseName } from '../wire/index.ts'

/** Which names a hook wants to be asked for. Advice only: it has to cope with others (H-FIL-5). */
export interface HookFilter {
  /** A name in it, or below one in it, passes; undefined lets all pass. */
  readonly domains: ReadonlySet<Name> | undefined
  /** Inclusive. */
  readonly labelsMin: number
  readonly labelsMax: number
}

/** Of hooks that have not said anything yet, or have none (H-FIL-2, H-FIL-3). */
export const EVERY_NAME: HookFilter = { domains: undefined, labelsMin: 0, labelsMax: Number.POSITIVE_INFINITY }

/** Reads a reply of `QueryFilter`; undefined when it cannot be understood (H-FIL-1). */
export function readFilter(reply: JsonObject): HookFilter | undefined {
  if (firstMisfit(HOOK_INTERFACE.methods.QueryFilter.output, reply, true) !== undefined) return undefined
  const { filterDomains, filterLabelsMin = 0, filterLabelsMax = Number.POSITIVE_INFINITY } = reply as Filter
  const domains = filterDomains?.map(parseName)
  if (domains?.includes(undefined) === true) return undefined
  return {
    domains: domains && new Set(domains as readonly Name[]),
    labelsMin: filterLabelsMin,
    labelsMax: filterLabelsMax,
  }
}

interface Filter {
  readonly filterDomains?: readonly string[]
  readonly filterLabelsMin?: number
  readonly filterLabelsMax?: number
}

/** Both conditions must hold (H-FIL-2). */
export function passes({ domains, labelsMin, labelsMax }: HookFilter, name: Name): boolean {
  const labels = labelCount(name)
  return labels >= labelsMin && labels <= labelsMax && (domains === undefined || isWithinOne(name, domains))
}

/** Looks at the name and its parents: a container manager lists thousands of names. */
function isWithinOne(name: Name, domains: ReadonlySet<Name>): boolean {
  if (domains.size === 0) return false
  for (let at: Name | undefined = name; at !== undefined; at = parentOf(at)) {
    if (domains.has(at)) return true
  }
  return false
}
