import type { Seconds } from '../base/index.ts'
import type { Message, Name, Question, ResourceRecord } from '../wire/index.ts'
import { CLASS, isWithin, matches, MAX_REDIRECTS, RCODE, redirectFrom, TYPE } from '../wire/index.ts'
import { OverBudget } from './budget.ts'
import type { SetVerdict } from './chain.ts'
import { TrustChain, placeOf } from './chain.ts'
import type { ValidationContext } from './context.ts'
import type { DueLink } from './memory.ts'
import { lastLabels } from './order.ts'
import { Proofs } from './proofs.ts'
import type { RrSet } from './rrset.ts'
import { rrsetsOf } from './rrset.ts'
import { sentinelFailure } from './sentinel.ts'
import type { VerifiedSet } from './rrset.ts'
import { cappedRecords, setText } from './signature.ts'
import type { Denied, Insecure, Step, ValidationFailure, Verdict } from './verdict.ts'
import { countVerdict, EDE, validationFailure } from './verdict.ts'

/** Nothing signs signatures (RFC 4035 §2.2). */
const UNSIGNED_TYPES: ReadonlySet<number> = new Set([TYPE.RRSIG, TYPE.SIG])
/** What matters in the authority section: the rest of it is nobody's word. */
const DENIAL_TYPES: ReadonlySet<number> = new Set([TYPE.SOA, TYPE.NSEC, TYPE.NSEC3])
const LONGEST: Seconds = 86_400

/**
 * Judges the reply to a question: every link of its chain of aliases, then what stands at the end or the proof that
 * nothing does (RFC 4035 §5). It never waits: it yields what it needs, and goes on when that is in the `replies`.
 */
export function* validate(
  question: Question,
  message: Message,
  context: ValidationContext,
): Generator<Step, Verdict, void> {
  try {
    return yield* new Validation(question, message, context).run()
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error
    const failure = validationFailure('too-many-validations', EDE.INDETERMINATE, error.message)
    countVerdict(context.counts, failure)
    return failure
  }
}

/** Looks a link of chains of trust up anew before it expires; a failure leaves what is known. */
export function* renewLink(link: DueLink, context: ValidationContext): Generator<Step, void, void> {
  try {
    yield* new TrustChain({ ...context, memory: context.memory.renewing(link.name) }).renew(link)
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error
  }
}

/** How going on from one name ended: at the name after it, or for good. */
type Link = { readonly target: Name | undefined } | ValidationFailure

class Validation {
  readonly #question: Question
  readonly #message: Message
  readonly #context: ValidationContext
  readonly #chain: TrustChain
  readonly #answer: readonly RrSet[]
  readonly #authority: readonly RrSet[]
  readonly #verified = {
    answer: [] as ResourceRecord[],
    authority: new Set<ResourceRecord>(),
    sets: [] as VerifiedSet[],
  }
  #ttl = LONGEST
  /** The first link that is proven to be unsigned: the whole is then (S-CN-1). */
  #insecure: Insecure | undefined
  #denied: Denied | undefined

  constructor(question: Question, message: Message, context: ValidationContext) {
    this.#question = question
    this.#message = message
    this.#context = context
    this.#answer = rrsetsOf(message, 'answer')
    this.#authority = rrsetsOf(message, 'authority', DENIAL_TYPES)
    this.#chain = new TrustChain(context, this.#authority)
  }

  *run(): Generator<Step, Verdict, void> {
    const { class: questionClass, type } = this.#question
    if (questionClass !== CLASS.IN) return insecure('only class IN is signed')
    if (UNSIGNED_TYPES.has(type)) return insecure('nothing signs signatures')
    let name: Name | undefined = this.#question.name
    for (const seen = new Set<Name>(); name !== undefined && !seen.has(name); ) {
      if (seen.size > MAX_REDIRECTS) throw new OverBudget('too many aliases')
      seen.add(name)
      const link: Link = yield* this.#follow(name, seen.size > 1)
      if ('kind' in link) return link
      name = link.target
    }
    if (name !== undefined && !this.#context.followsAliases) return aliasLoop(name)
    return this.#verdict()
  }

  #verdict(): Verdict {
    if (this.#insecure !== undefined) return { ...this.#insecure, ttl: Math.min(this.#ttl, this.#insecure.ttl) }
    const { answer, authority, sets } = this.#verified
    const failure = sentinelFailure(this.#question, this.#context.anchors)
    if (failure !== undefined) return failure
    return { kind: 'secure', ttl: this.#ttl, denied: this.#denied, answer, authority: [...authority], sets }
  }

  *#follow(name: Name, isAlias: boolean): Generator<Step, Link, void> {
    const { type, class: questionClass } = this.#question
    const sets = this.#answer.filter((set) => matches(set, name, type, questionClass))
    const dname = this.#answer.find((set) => set.type === TYPE.DNAME && set.name !== name && isWithin(name, set.name))
    // Also to who asks for the CNAME: the one that a DNAME makes is not signed.
    if (dname !== undefined && sets.every((set) => set.type === TYPE.CNAME))
      return yield* this.#followDname(name, dname)
    if (sets.length > 0) return yield* this.#all(sets)
    const cname = this.#answer.find((set) => set.type === TYPE.CNAME && set.name === name)
    if (cname !== undefined) return yield* this.#followCname(name, cname)
    return (yield* this.#deny(name, isAlias)) ?? { target: undefined }
  }

  *#all(sets: readonly RrSet[]): Generator<Step, Link, void> {
    for (const set of sets) {
      const failure = yield* this.#take(set)
      if (failure !== undefined) return failure
    }
    return { target: undefined }
  }

  *#followCname(name: Name, cname: RrSet): Generator<Step, Link, void> {
    const failure = yield* this.#take(cname)
    return failure ?? { target: redirectFrom(name, cname.records)?.target }
  }

  /** The CNAME beside a DNAME is not signed, but follows from it (RFC 6672 §5.3.1). */
  *#followDname(name: Name, dname: RrSet): Generator<Step, Link, void> {
    const target = redirectFrom(name, dname.records)?.target
    const failure = yield* this.#take(dname)
    if (failure !== undefined) return failure
    const cname = this.#answer.find((set) => set.type === TYPE.CNAME && set.name === name)
    if (target === undefined) this.#note(insecure(`what ${setText(dname)} makes of ${name} is too long for a name`))
    if (cname === undefined) return { target }
    if (redirectFrom(name, cname.records)?.target !== target || cname.records.length !== 1) {
      return validationFailure('invalid', EDE.BOGUS, `${setText(cname)} is not what ${setText(dname)} makes of it`)
    }
    this.#verified.answer.push(...cname.records)
    const isEnd = this.#question.type === TYPE.CNAME || this.#question.type === TYPE.ANY
    return { target: isEnd ? undefined : target }
  }

  /** Verifies one set of the answer; where a wildcard made it, also that no closer name is there (S-DEN-7). */
  *#take(set: RrSet): Generator<Step, ValidationFailure | undefined, void> {
    const verdict = yield* this.#chain.verify(set)
    if (verdict.kind !== 'verified') return this.#note(verdict)
    this.#ttl = Math.min(this.#ttl, verdict.ttl)
    this.#verified.answer.push(...cappedRecords(verdict))
    this.#verified.sets.push(verdict)
    return verdict.wildcardLabels === undefined
      ? undefined
      : yield* this.#checkExpansion(verdict, verdict.wildcardLabels)
  }

  *#checkExpansion({ set }: VerifiedSet, labels: number): Generator<Step, ValidationFailure | undefined, void> {
    const { name, type } = set
    if (type === TYPE.DNAME || type === TYPE.DS) {
      return validationFailure('invalid', EDE.BOGUS, `${setText(set)} was expanded from a wildcard`)
    }
    const proofs = yield* this.#proofs(name, TYPE.ANY)
    const proof = yield* proofs.expansion(name, lastLabels(name, labels))
    if (proof === undefined) {
      const why = proofs.tooManyIterations ?? proofs.insecure ?? proofs.failure
      return this.#note(why ?? unproven(`nothing proves that ${name} itself does not exist`))
    }
    if (proof === 'opt-out') this.#note(insecure(`${name} may be delegated without DS`, proofs.ttl))
    this.#use(proofs)
    return undefined
  }

  /** The end of the chain has no such records: something must prove it. */
  *#deny(name: Name, isAlias: boolean): Generator<Step, ValidationFailure | undefined, void> {
    const { type } = this.#question
    const proofs = yield* this.#proofs(name, type)
    const found = yield* proofs.denial(name, type, this.#claimed)
    const proves = found !== undefined && !found.isOptOut
    // The server did not follow the alias: what is at its target is another question.
    if (isAlias && !proves && !this.#isNegative && this.#context.followsAliases) return undefined
    if (isAlias && found?.isOptOut === true && !this.#isNegative) return yield* this.#undenied(name, proofs, isAlias)
    if (found === undefined) return yield* this.#undenied(name, proofs, isAlias)
    this.#context.counts.secure++
    this.#denied = found.denied
    if (found.isOptOut) this.#note(insecure(`${name} lies in a span that may hold unsigned delegations`, proofs.ttl))
    this.#use(proofs)
    return yield* this.#takeSoa(name)
  }

  *#undenied(name: Name, proofs: Proofs, isAlias: boolean): Generator<Step, ValidationFailure | undefined, void> {
    const { type } = this.#question
    const why = proofs.tooManyIterations ?? proofs.insecure
    if (why !== undefined) return this.#note(why)
    // A server that followed the alias also tells why the zone of its target is not signed.
    const mayHint = isAlias && proofs.sets.length > 0
    const hinted = mayHint ? yield* this.#chain.hintedUnsigned(placeOf(name, type) ?? name) : undefined
    if (hinted !== undefined) return this.#note(hinted)
    if (proofs.failure !== undefined) return proofs.failure
    const what =
      this.#message.rcode === RCODE.NXDOMAIN ? `that there is no ${name}` : `that ${setText({ name, type })} is empty`
    if (proofs.isTrusted) return this.#counted(unproven(`the records of denial do not prove ${what}`))
    const place = placeOf(name, type)
    if (place === undefined)
      return this.#note({ kind: 'insecure', reason: 'the root has no parent', ede: undefined, ttl: LONGEST })
    const found = yield* this.#chain.whyUnsigned(place, what)
    countVerdict(this.#context.counts, found)
    const isUnsigned = found.kind === 'failure' && found.result === 'no-signature'
    const isSigned = this.#authority.some((set) => set.type === TYPE.SOA && set.signatures.length > 0)
    return this.#note(isUnsigned && isSigned ? { ...found, ede: EDE.NSEC_MISSING } : found)
  }

  /** How long a negative answer is kept comes from it: an unsigned one is left out, so that it is not kept. */
  *#takeSoa(name: Name): Generator<Step, ValidationFailure | undefined, void> {
    const soa = this.#authority.find((set) => set.type === TYPE.SOA && isWithin(name, set.name))
    if (soa === undefined || soa.signatures.length === 0) return undefined
    const verdict = yield* this.#chain.verify(soa)
    if (verdict.kind !== 'verified') return this.#note(verdict)
    this.#ttl = Math.min(this.#ttl, verdict.ttl)
    this.#verified.sets.push(verdict)
    for (const record of cappedRecords(verdict)) this.#verified.authority.add(record)
    return undefined
  }

  /** What the header says of the name at the end. */
  get #claimed(): Denied {
    return this.#message.rcode === RCODE.NXDOMAIN ? 'nxdomain' : 'nodata'
  }

  /** It says that there is nothing at the end (RFC 2308 §2). */
  get #isNegative(): boolean {
    return this.#authority.some(({ type }) => type === TYPE.SOA)
  }

  #proofs(name: Name, type: number): Generator<Step, Proofs, void> {
    return this.#chain.proofs(this.#authority, name, type)
  }

  #use(proofs: Proofs): void {
    this.#ttl = Math.min(this.#ttl, proofs.ttl)
    this.#verified.sets.push(...proofs.sets)
    for (const record of proofs.sets.flatMap(cappedRecords)) this.#verified.authority.add(record)
  }

  /** An unsigned link makes the whole unsigned, a failed one ends it. */
  #note(verdict: Exclude<SetVerdict, VerifiedSet>): ValidationFailure | undefined {
    if (verdict.kind === 'failure') return verdict
    this.#insecure ??= verdict
    return undefined
  }

  #counted(failure: ValidationFailure): ValidationFailure {
    countVerdict(this.#context.counts, failure)
    return failure
  }
}

function insecure(reason: string, ttl: Seconds = LONGEST): Insecure {
  return { kind: 'insecure', reason, ede: undefined, ttl }
}

function aliasLoop(name: Name): ValidationFailure {
  return validationFailure('invalid', EDE.BOGUS, `the aliases from ${name} lead back to it`)
}

function unproven(reason: string): ValidationFailure {
  return validationFailure('nsec-mismatch', EDE.BOGUS, reason)
}
