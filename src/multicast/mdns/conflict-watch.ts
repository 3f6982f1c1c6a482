import { IpAddress, type Millis } from '../../base/index.ts'
import { CLASS, TYPE } from '../../wire/index.ts'
import type { HostLabel } from '../host-label.ts'
import type { ServiceSource } from '../dnssd/service-source.ts'
import type { MulticastMessage, MulticastRecord } from '../message.ts'
import type { MulticastLink } from '../network.ts'
import type { Claims } from './probing.ts'
import { tieBreak } from './tie-break.ts'
import { type Claim, recordKey, serviceOfClaim } from './zone.ts'

/** Who is told that a name is a neighbour's. */
export interface ConflictParts {
  readonly linkName: string
  readonly label: Pick<HostLabel, 'label' | 'onConflict'>
  readonly services: Pick<ServiceSource, 'services' | 'onConflict'>
}

/** Sees from what neighbours say on a link whether a name that is claimed here is theirs (RFC 6762 §8.1, §8.2, §9). */
export class ConflictWatch {
  readonly #claims: Claims
  readonly #parts: ConflictParts

  constructor(claims: Claims, parts: ConflictParts) {
    this.#claims = claims
    this.#parts = parts
  }

  /** Somebody probes for what we probe for: the later records win (MD-P-4). For a name that is ours the answer defends it. */
  onProbe({ questions, authority }: MulticastMessage, link: MulticastLink, now: Millis): void {
    if (authority.length === 0) return
    for (const { name } of questions) {
      const found = this.#claims.at(name)
      if (found?.phase !== 'probing') continue
      const theirs = authority.filter((record) => record.name === name && !isOwnAddress(record, link))
      if (theirs.length > 0 && tieBreak(found.claim.unique, theirs) < 0) this.#claims.defer(found.claim, now)
    }
  }

  /** What is told of a name that is claimed (MD-P-2, MD-P-7). A goodbye of another owner is no claim. */
  onResponse({ answer, additional }: MulticastMessage, link: MulticastLink, now: Millis): void {
    for (const record of [...answer, ...additional]) {
      if (record.ttl > 0 && record.class === CLASS.IN) this.#judge(record, link, now)
    }
  }

  #judge(record: MulticastRecord, link: MulticastLink, now: Millis): void {
    const found = this.#claims.at(record.name)
    if (found === undefined || isOwnAddress(record, link) || isOurs(record, found.claim)) return
    const { claim, phase, isAsked } = found
    if (phase === 'probing') {
      // An NSEC comes with other records of its owner's; alone it may be our own, relayed from a link with other addresses.
      if (isAsked && record.type !== TYPE.NSEC) this.#lose(claim, now)
    } else if (phase !== 'lost' && claim.types.has(record.type)) this.#claims.verify(claim, now)
  }

  #lose(claim: Claim, now: Millis): void {
    const { label, services, linkName } = this.#parts
    this.#claims.lose(claim, now)
    const id = serviceOfClaim(claim.id)
    if (id === undefined) return label.onConflict(label.label, linkName)
    const service = services.services.find((each) => each.id === id)
    if (service !== undefined) services.onConflict(id, service.instance, linkName)
  }
}

/** Same records are no conflict (RFC 6762 §9). */
function isOurs(record: MulticastRecord, { unique }: Claim): boolean {
  const key = recordKey(record)
  return unique.some((own) => own.key === key)
}

/** An address of this machine, if of another link: our own record, relayed (MD-P-11). */
function isOwnAddress({ type, rdata }: MulticastRecord, { own }: MulticastLink): boolean {
  if (type !== TYPE.A && type !== TYPE.AAAA) return false
  return own.has(IpAddress.fromBytes(rdata)?.text ?? '')
}
