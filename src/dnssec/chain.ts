import type { Seconds } from '../base/index.ts'
import type { Message, Name, Question } from '../wire/index.ts'
import { CLASS, isWithin, labelCount, parentOf, ROOT, TYPE } from '../wire/index.ts'
import type { PositiveAnchor } from './anchors.ts'
import type { ValidationContext } from './context.ts'
import { entryKeys, unsupportedReason, usableDs, usableKeys, type ZoneEntry } from './keys.ts'
import type { Delegation, DueLink, Zone } from './memory.ts'
import { namesDown } from './order.ts'
import { Proofs } from './proofs.ts'
import { readDs } from './rdata.ts'
import type { RrSet } from './rrset.ts'
import { rrsetsOf } from './rrset.ts'
import type { VerifiedSet } from './rrset.ts'
import { maySign, setText, verifySet } from './signature.ts'
import type { Insecure, Step, ValidationFailure } from './verdict.ts'
import { countVerdict, EDE, validationFailure } from './verdict.ts'

/** Zones whose signatures on one set are looked into. */
const MAX_SIGNERS = 3
/** Names whose DS and DNSKEY are asked for at once when nothing is known of a chain (S-ASK-3). */
const MAX_AHEAD = 3

/** The verdict on one set. */
export type SetVerdict = VerifiedSet | Insecure | ValidationFailure

/**
 * Finds the chain of trust from an anchor to the zones that sign, each link once as long as it is remembered. The zone is
 * the one that the signature names, its parent the one that signs its DS, and so on up (S-ASK-2); what has no signature
 * is looked into from the anchor down, until a parent proves that it delegates without DS (S-WALK-1).
 */
export class TrustChain {
  readonly #context: ValidationContext
  readonly #hints: readonly RrSet[]
  /** Links that could not be made in this validation: no use to try them again. */
  readonly #broken = new Map<Name, ValidationFailure>()

  /** `hints`: records of denial that are at hand, and may tell of an unsigned delegation without a question. */
  constructor(context: ValidationContext, hints: readonly RrSet[] = []) {
    this.#context = context
    this.#hints = hints.filter(({ type }) => type === TYPE.NSEC || type === TYPE.NSEC3)
  }

  /** Verifies one set by the chain of the zone that signed it. */
  *verify(set: RrSet): Generator<Step, SetVerdict, void> {
    yield* this.#context.budget.look()
    const verdict = yield* this.#verify(set)
    if (verdict.kind === 'verified') this.#context.trace?.add(verdict)
    countVerdict(this.#context.counts, verdict.kind === 'verified' ? { kind: 'secure' } : verdict)
    return verdict
  }

  *#verify(set: RrSet): Generator<Step, SetVerdict, void> {
    const { anchors, now, budget } = this.#context
    const place = placeOf(set.name, set.type)
    const anchor = place && anchors.above(place)
    if (place === undefined || anchor === undefined) return noAnchor(set.name)
    let failure: ValidationFailure | undefined
    for (const signer of signersOf(set, anchor.name)) {
      const zone = yield* this.zone(signer)
      if (zone.kind === 'insecure' || zone.kind === 'failure') return zone
      if (zone.kind !== 'secure') continue
      const result = yield* verifySet(set, signer, zone.keys, now, budget)
      if (result.kind === 'verified') return result
      failure ??= result
    }
    if (failure !== undefined) return failure
    const why = yield* this.whyUnsigned(place, setText(set))
    return why.kind === 'failure' && why.result === 'no-signature' ? { ...why, ede: EDE.SIGNATURES_MISSING } : why
  }

  /** The zone with this apex, its keys verified; `no-cut` or `absent` where there is none. */
  *zone(name: Name): Generator<Step, Zone, void> {
    const { anchors, memory, now } = this.#context
    const known = memory.zone(name, now) ?? this.#broken.get(name)
    if (known !== undefined) return known
    const anchor = anchors.above(name)
    if (anchor === undefined) return noAnchor(name)
    const zone = anchor.name === name ? yield* this.#anchored(anchor) : yield* this.#delegated(name, anchor)
    memory.rememberZone(name, zone, now)
    if (zone.kind === 'failure') this.#broken.set(name, zone)
    return zone
  }

  /** Looks a link up anew that still holds: the context's memory is `renewing` its name. */
  *renew({ name, isZone }: DueLink): Generator<Step, void, void> {
    if (isZone) yield* this.zone(name)
    else yield* this.#delegation(name, [])
  }

  /** Why what stands at `name` needs no signature; or that it does. */
  *whyUnsigned(name: Name, what: string): Generator<Step, Insecure | ValidationFailure, void> {
    const anchor = this.#context.anchors.above(name)
    if (anchor === undefined) return noAnchor(name)
    const top = yield* this.zone(anchor.name)
    if (top.kind === 'insecure' || top.kind === 'failure') return top
    const path = namesDown(anchor.name, name)
    for (const [i, at] of path.entries()) {
      const found = yield* this.#delegation(at, path.slice(i, i + 2))
      if (found.kind === 'insecure' || found.kind === 'failure') return found
      if (found.kind === 'absent') return unsigned(what, `${found.zone} proves that there is no ${at}`)
    }
    return unsigned(what, 'its zone is signed')
  }

  /**
   * What verifies of the records of denial about `name`. A zone above the anchor that is responsible for it may prove what
   * is not there, but not that it is unsigned (S-TA-7).
   */
  *proofs(authority: readonly RrSet[], name: Name, type: number): Generator<Step, Proofs, void> {
    const place = placeOf(name, type)
    const anchor = place && this.#context.anchors.above(place)
    const proofs = new Proofs(this.#context.budget, anchor?.name ?? ROOT)
    for (const set of speakingOf(name, type, authority)) {
      const verdict = yield* this.verify(set)
      const isInside = set.signatures.some(({ signer }) => anchor === undefined || isWithin(signer, anchor.name))
      if (isInside || verdict.kind === 'verified') proofs.add(verdict)
    }
    return proofs
  }

  *#anchored(anchor: PositiveAnchor): Generator<Step, Zone, void> {
    this.#context.trace?.startAt(anchor)
    const { algorithms } = this.#context
    const ds = usableDs(anchor.ds, algorithms)
    const keys = anchor.keys.filter(({ algorithm }) => algorithms.signatures.has(algorithm))
    if (ds.length === 0 && keys.length === 0)
      return unsupported(anchor.name, anchor.ds, Number.POSITIVE_INFINITY, algorithms)
    return yield* this.#keys({ name: anchor.name, ds, keys, ttl: Number.POSITIVE_INFINITY }, [])
  }

  *#delegated(name: Name, anchor: PositiveAnchor): Generator<Step, Zone, void> {
    const path = [anchor.name, ...namesDown(anchor.name, name)]
    const { memory, now } = this.#context
    const unknown = path.filter((at) => memory.zone(at, now) === undefined && !memory.isBetween(at, now))
    const ahead = unknown.length <= MAX_AHEAD ? unknown : [name]
    const found = yield* this.#delegation(name, ahead, true)
    if (found.kind !== 'signed') return found
    for (const at of namesDown(found.parent, name).slice(0, -1)) memory.rememberBetween(at, found.ttl, now)
    return yield* this.#keys({ name, ds: usableDs(found.ds, this.#context.algorithms), keys: [], ttl: found.ttl }, [])
  }

  /** Reads a zone's keys: one that an anchor or DS record vouches for must sign them all (S-SIG-7). */
  *#keys(entry: ZoneEntry, ahead: readonly Question[]): Generator<Step, Zone, void> {
    const { replies, budget, algorithms, now } = this.#context
    const reply = yield* replies.to(entry.name, TYPE.DNSKEY, ahead, budget)
    if (reply.kind === 'failure') return failedAuxiliary(entry.name, 'DNSKEY', reply.isNetwork)
    const set = setOf(reply.message, entry.name, TYPE.DNSKEY)
    if (set === undefined) return missingKey(`${entry.name} has no DNSKEY records`)
    const keys = usableKeys(set, algorithms)
    const entries = yield* entryKeys(entry, set, algorithms, budget)
    if (entries.kind === 'failure') return entries
    let failure = missingKey(`no DNSKEY record of ${entry.name} matches its DS records`)
    for (const key of entries.keys) {
      const result = yield* verifySet(set, entry.name, [key], now, budget)
      countVerdict(this.#context.counts, result.kind === 'verified' ? { kind: 'secure' } : result)
      if (result.kind === 'verified') {
        this.#context.trace?.add(result)
        return {
          kind: 'secure',
          name: entry.name,
          keys,
          entryTag: key.dnskey.tag,
          ttl: Math.min(entry.ttl, result.ttl),
        }
      }
      if (failure.result === 'missing-key') failure = result
    }
    return failure
  }

  /** What the parent says of `name`. Those `ahead` are asked for as well, with their keys if `withKeys`. */
  *#delegation(name: Name, ahead: readonly Name[], withKeys = false): Generator<Step, Delegation, void> {
    const { memory, now } = this.#context
    const known = memory.delegation(name, now) ?? this.#broken.get(name)
    if (known !== undefined) return known
    const hinted = this.#hints.length > 0 && !withKeys ? yield* this.#hintedDelegation(name) : undefined
    const found = hinted ?? (yield* this.#askDelegation(name, this.#questions(ahead, withKeys)))
    memory.rememberDelegation(name, found, now)
    if (found.kind === 'failure') this.#broken.set(name, found)
    return found
  }

  /** The delegation without DS above `name` that the records at hand prove. */
  *hintedUnsigned(name: Name): Generator<Step, Insecure | undefined, void> {
    const anchor = this.#context.anchors.above(name)
    for (const at of anchor === undefined ? [] : namesDown(anchor.name, name)) {
      const found = yield* this.#hintedDelegation(at)
      if (found !== undefined) return found
    }
    return undefined
  }

  *#hintedDelegation(name: Name): Generator<Step, Insecure | undefined, void> {
    const proofs = yield* this.proofs(this.#hints, name, TYPE.DS)
    const found = yield* proofs.denial(name, TYPE.DS, 'nodata')
    const isUnsigned = found?.isOptOut === true || found?.isDelegation === true
    return isUnsigned ? insecure(`${name} is delegated without DS`, proofs.ttl) : undefined
  }

  #questions(names: readonly Name[], withKeys: boolean): Question[] {
    const { anchors, memory, now } = this.#context
    return names.flatMap((name) => {
      const isAnchored = anchors.at(name) !== undefined
      const types = isAnchored || memory.delegation(name, now) !== undefined ? [] : [TYPE.DS]
      return [...types, ...(withKeys ? [TYPE.DNSKEY] : [])].map((type) => ({ name, type, class: CLASS.IN }))
    })
  }

  *#askDelegation(name: Name, ahead: readonly Question[]): Generator<Step, Delegation, void> {
    const { replies, budget } = this.#context
    const reply = yield* replies.to(name, TYPE.DS, ahead, budget)
    if (reply.kind === 'failure') return failedAuxiliary(name, 'DS', reply.isNetwork)
    const ds = setOf(reply.message, name, TYPE.DS)
    if (ds !== undefined) return this.#signed(ds, yield* this.verify(ds))
    const alias = aliasAt(name, reply.message)
    const aliasVerdict = alias && (yield* this.verify(alias))
    if (aliasVerdict?.kind === 'verified') return { kind: 'no-cut', ttl: aliasVerdict.ttl } // S-WALK-1(g)
    if (aliasVerdict !== undefined) return aliasVerdict
    return yield* this.#denied(name, reply.message)
  }

  #signed(set: RrSet, verdict: SetVerdict): Delegation {
    if (verdict.kind !== 'verified') return verdict
    if (verdict.wildcardLabels !== undefined) {
      return validationFailure('invalid', EDE.BOGUS, `${setText(set)} was expanded from a wildcard`)
    }
    const ds = set.records.flatMap(({ rdata }) => readDs(rdata) ?? [])
    const { algorithms } = this.#context
    if (usableDs(ds, algorithms).length === 0) return unsupported(set.name, ds, verdict.ttl, algorithms)
    return { kind: 'signed', ds, ttl: verdict.ttl, parent: verdict.zone }
  }

  /** S-WALK-1 (c) to (f). */
  *#denied(name: Name, message: Message): Generator<Step, Delegation, void> {
    const proofs = yield* this.proofs(rrsetsOf(message, 'authority'), name, TYPE.DS)
    const found = yield* proofs.denial(name, TYPE.DS, 'nodata')
    const { ttl } = proofs
    if (found?.isOptOut === true) return insecure(`${name} may be delegated without DS`, ttl)
    if (found?.isDelegation === true) return insecure(`${name} is delegated without DS`, ttl)
    if (found?.denied === 'nxdomain') return { kind: 'absent', ttl, zone: parentOf(name) ?? ROOT }
    if (found !== undefined) return { kind: 'no-cut', ttl }
    const other = proofs.tooManyIterations ?? proofs.insecure ?? proofs.failure
    if (other !== undefined) return other
    if (proofs.sets.length > 0) return unproven(`the proof that ${name} has no DS is not complete`)
    const why = yield* this.whyUnsigned(parentOf(name) ?? ROOT, `that ${name} has no DS`)
    return why.kind === 'failure' && why.result === 'no-signature' ? { ...why, ede: EDE.NSEC_MISSING } : why
  }
}

/** Where the zone is that has such records: those of type DS are the parent's. Undefined for the root's DS. */
export function placeOf(name: Name, type: number): Name | undefined {
  return type === TYPE.DS ? parentOf(name) : name
}

/** Of zones at or below the anchor that may sign it, the deepest first: one above it has no say (S-TA-7). */
function signersOf(set: RrSet, anchor: Name): Name[] {
  const signers = set.signatures.map(({ signer }) => signer)
  const possible = signers.filter((signer) => maySign(signer, set) && isWithin(signer, anchor))
  return [...new Set(possible)].toSorted((a, b) => labelCount(b) - labelCount(a)).slice(0, MAX_SIGNERS)
}

/** Records of denial by zones that may speak of `name`: of its DS only zones above it may (RFC 4035 §5.2). */
function speakingOf(name: Name, type: number, authority: readonly RrSet[]): RrSet[] {
  const maySpeak = (signer: Name) => isWithin(name, signer) && !(type === TYPE.DS && signer === name)
  return authority
    .filter((set) => set.type === TYPE.NSEC || set.type === TYPE.NSEC3)
    .map((set) => ({
      ...set,
      signatures: set.signatures.filter(({ signer }) => maySign(signer, set) && maySpeak(signer)),
    }))
    .filter(({ signatures }) => signatures.length > 0)
}

function setOf(message: Message, name: Name, type: number): RrSet | undefined {
  return rrsetsOf(message, 'answer').find((set) => set.name === name && set.type === type && set.class === CLASS.IN)
}

/** A signed alias instead of DS, by a zone above `name`: its own apex may not say so (S-CN-5). */
function aliasAt(name: Name, message: Message): RrSet | undefined {
  const sets = rrsetsOf(message, 'answer')
  const dname = sets.find((set) => set.type === TYPE.DNAME && set.name !== name && isWithin(name, set.name))
  const alias = dname ?? sets.find((set) => set.type === TYPE.CNAME && set.name === name)
  const signatures = alias?.signatures.filter(({ signer }) => signer !== name) ?? []
  return alias === undefined || signatures.length === 0 ? undefined : { ...alias, signatures }
}

function noAnchor(name: Name): Insecure {
  return insecure(`there is no trust anchor for ${name}`, Number.POSITIVE_INFINITY)
}

function insecure(reason: string, ttl: Seconds, ede?: number): Insecure {
  return { kind: 'insecure', reason, ede, ttl }
}

function unsupported(...[name, ds, ttl, algorithms]: Parameters<typeof unsupportedReason>): Insecure {
  const { reason, ede } = unsupportedReason(name, ds, ttl, algorithms)
  return insecure(reason, ttl, ede)
}

function unsigned(what: string, why: string): ValidationFailure {
  return validationFailure('no-signature', EDE.SIGNATURES_MISSING, `${what} is not signed, but ${why}`)
}

function missingKey(reason: string): ValidationFailure {
  return validationFailure('missing-key', EDE.KEY_MISSING, reason)
}

function unproven(reason: string): ValidationFailure {
  return validationFailure('nsec-mismatch', EDE.BOGUS, reason)
}

/** Nothing is known then, neither good nor bad (S-ASK-6). */
function failedAuxiliary(name: Name, type: string, isNetwork: boolean): ValidationFailure {
  const refused = type === 'DNSKEY' ? EDE.KEY_MISSING : EDE.NETWORK_ERROR
  const ede = isNetwork ? EDE.NO_REACHABLE_AUTHORITY : refused
  return validationFailure('failed-auxiliary', ede, `no answer to the question for ${name} ${type}`)
}
