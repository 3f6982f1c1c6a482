import { isPrivateAddress, IpAddress } from '../base/index.ts'
import type { Answer, ScopeSet, UnicastPlan } from '../scope/index.ts'
import { DNS, FLAG, unrepeatable } from '../scope/index.ts'
import type { ResolvedSettings } from '../settings/index.ts'
import { fieldsOf, isWithin, type Name, type ResourceRecord, ROOT, TYPE } from '../wire/index.ts'

/** RFC 8914 §4.16. */
const BLOCKED = 15
/** RFC 9460 §7.3. */
const IPV4_HINT = 4
const IPV6_HINT = 6

/**
 * Protection against DNS rebinding: a web page of somebody else's name must not come to have an address of this machine
 * or network. Opt-in (`RebindProtection=`), and only for names that neither a domain of the scope that answers claims, nor
 * `RebindAllow=` excepts; `~.` claims none. The name that counts is the one that was asked, wherever aliases lead.
 */
export class RebindGuard {
  readonly #settings: () => ResolvedSettings
  readonly #scopes: Pick<ScopeSet, 'planOf'>

  constructor(settings: () => ResolvedSettings, scopes: Pick<ScopeSet, 'planOf'>) {
    this.#settings = settings
    this.#scopes = scopes
  }

  /** The answer as it may be given. `first`: what the name that was asked had, before any alias was followed. */
  guarded(answer: Answer, { name, scope }: Answer): Answer {
    const { rebindProtection, rebindAllow } = this.#settings()
    // What this machine says itself is meant, and so is what neighbours say.
    if (rebindProtection === false || scope === undefined || scope.protocol !== DNS) return answer
    const isTrusted = isExcepted(name, rebindAllow, rebindProtection, this.#scopes.planOf(scope))
    return isTrusted ? answer : withoutPrivateAddresses(answer, name)
  }
}

/** `links`: those that are protected, or all, and then the global servers and delegates too. */
export function isExcepted(
  name: Name,
  allowed: readonly Name[],
  links: true | readonly string[],
  plan: Pick<UnicastPlan, 'linkName' | 'domains'> | undefined,
): boolean {
  if (links !== true && !links.includes(plan?.linkName ?? '')) return true
  const claimed = plan?.domains.some((domain) => domain.name !== ROOT && isWithin(name, domain.name)) ?? false
  return claimed || allowed.some((domain) => isWithin(name, domain))
}

/**
 * Less the records that hold a private address, and the aliases where only these are left; with the reason where there
 * were any. It is not remembered then.
 */
function withoutPrivateAddresses(answer: Answer, name: Name): Answer {
  const isHarmless = (record: ResourceRecord) => privateAddressIn(record) === undefined
  const harmless = answer.records.filter(({ record }) => isHarmless(record))
  const additional = answer.additional.filter(isHarmless)
  if (harmless.length === answer.records.length && additional.length === answer.additional.length) return answer
  const found = [...answer.records.map(({ record }) => record), ...answer.additional].find((each) => !isHarmless(each))
  const address = found && IpAddress.fromBytes(privateAddressIn(found) ?? [])
  const text = `withheld against rebinding: ${name} has the private address ${address?.text}`
  const flags = answer.flags & ~FLAG.AUTHENTICATED
  return unrepeatable({
    ...answer,
    records: harmless.every(({ record }) => isRedirect(record)) ? [] : harmless,
    additional,
    flags,
    wire: undefined,
    extendedError: { code: BLOCKED, text },
  })
}

function isRedirect({ type }: ResourceRecord): boolean {
  return type === TYPE.CNAME || type === TYPE.DNAME
}

/** Of an address record, or among the hints of a service. */
export function privateAddressIn({ type, rdata }: Pick<ResourceRecord, 'type' | 'rdata'>): Buffer | undefined {
  if (type === TYPE.A || type === TYPE.AAAA) return isPrivateAddress(rdata) ? rdata : undefined
  if (type !== TYPE.HTTPS && type !== TYPE.SVCB) return undefined
  const hints = (fieldsOf(type, rdata) ?? []).flatMap((field) => (field.kind === 'params' ? field.value : []))
  return hints.flatMap(({ key, value }) => addressesIn(key, value)).find(isPrivateAddress)
}

function addressesIn(key: number, value: Buffer): Buffer[] {
  const size = key === IPV4_HINT ? 4 : key === IPV6_HINT ? 16 : 0
  if (size === 0) return []
  return Array.from({ length: Math.floor(value.length / size) }, (_, i) => value.subarray(i * size, (i + 1) * size))
}
