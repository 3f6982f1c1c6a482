import {
  Budget,
  ChainMemory,
  DEFAULT_LIMITS,
  nodeAlgorithms,
  readDs,
  Replies,
  TrustAnchors,
  validate,
} from '../../src/dnssec/index.ts'
import type { Limits, Verdict } from '../../src/dnssec/index.ts'
import type { ResolvedSettings } from '../../src/settings/index.ts'
import type { Message, Name, Question, ResourceRecord } from '../../src/wire/index.ts'
import { CLASS, isWithin, labelCount, nameOf, parentOf, parseType, QR, RA, RD, TYPE } from '../../src/wire/index.ts'
import { SignedZone, type ZoneReply, type ZoneScript } from './signed-zone.ts'

/** When tests take place: as their clock begins. */
export const TEST_TIME = Date.UTC(2026, 0, 1) / 1000

/** Takes a reply and gives another in its place; undefined for no reply at all. */
export type Tamper = (message: Message, question: Question) => Message | undefined

/** Zones under a root of their own, and a forwarder that answers for all of them. */
export class SignedTree {
  readonly zones: readonly SignedZone[]
  readonly root: SignedZone
  readonly #replies = new Map<string, Message>()
  /** What was asked about chains of trust, as `name TYPE`. */
  readonly asked: string[] = []
  tamper: Tamper = (message) => message

  constructor(scripts: readonly ZoneScript[]) {
    const zones: SignedZone[] = []
    const deepestFirst = scripts.toSorted((a, b) => labelCount(nameOf(b.apex)) - labelCount(nameOf(a.apex)))
    for (const script of [...deepestFirst.filter(({ apex }) => apex !== '.'), rootOf(scripts)]) {
      const apex = nameOf(script.apex)
      const below = zones.filter((zone) => isWithin(zone.apex, apex))
      const children = below.filter(
        ({ apex: child }) => !below.some((other) => other.apex !== child && isWithin(child, other.apex)),
      )
      zones.push(new SignedZone(script, children))
    }
    this.zones = zones
    this.root = zones.at(-1) as SignedZone
  }

  /** What resolvers of this tree are told: its root's key, and no names that are not validated. */
  get settings(): Pick<ResolvedSettings, 'trustAnchors' | 'negativeTrustAnchors'> {
    const ds = this.root.key?.ds(this.root.apex)
    return { trustAnchors: ds === undefined ? [] : [ds], negativeTrustAnchors: [] }
  }

  get anchors(): TrustAnchors {
    const ds = this.root.key?.ds(this.root.apex)
    const read = ds && readDs(ds.rdata)
    return new TrustAnchors(read === undefined ? [] : [{ name: this.root.apex, ds: [read], keys: [] }], [])
  }

  /** As a forwarder answers, aliases followed. Signed once. */
  reply(question: Pick<Question, 'name' | 'type'>): Message {
    const key = `${question.name} ${question.type}`
    const message = this.#replies.get(key) ?? this.#signedReply(question)
    this.#replies.set(key, message)
    return message
  }

  #signedReply({ name, type }: Pick<Question, 'name' | 'type'>): Message {
    const answer: ResourceRecord[] = []
    const authority: ResourceRecord[] = []
    let at: Name = name
    for (let links = 0; ; links++) {
      const found: ZoneReply = this.#zoneFor(at, type).reply(at, type)
      answer.push(...found.answer)
      authority.push(...found.authority)
      const isEnd = found.next === undefined || links > 8
      if (isEnd) return messageOf({ name, type, class: CLASS.IN }, { ...found, answer, authority })
      at = found.next
    }
  }

  /** What validation makes of the reply to a question. */
  validate(
    name: string,
    type = 'A',
    options: { now?: number; memory?: ChainMemory; anchors?: TrustAnchors; limits?: Partial<Limits> } = {},
  ): Verdict {
    const question = { name: nameOf(name), type: parseType(type) ?? 0, class: CLASS.IN }
    const message = this.#tampered(question)
    if (message === undefined) throw new Error('there is no reply to validate')
    const replies = new Replies()
    const validation = validate(question, message, {
      anchors: options.anchors ?? this.anchors,
      algorithms: ALGORITHMS,
      memory: options.memory ?? new ChainMemory(),
      budget: new Budget({ ...DEFAULT_LIMITS, ...options.limits }),
      counts: { secure: 0, insecure: 0, bogus: 0, indeterminate: 0 },
      now: options.now ?? TEST_TIME,
      replies,
      followsAliases: true,
    })
    for (;;) {
      const step = validation.next()
      if (step.done === true) return step.value
      if (step.value.kind === 'ask') this.#answer(step.value.question, replies)
      if (step.value.kind === 'check') step.value.make()
    }
  }

  #answer(question: Question, replies: Replies): void {
    this.asked.push(`${question.name} ${question.type === TYPE.DS ? 'DS' : 'DNSKEY'}`)
    const message = this.#tampered(question)
    replies.receive(question, message === undefined ? { kind: 'failure', isNetwork: true } : { kind: 'reply', message })
  }

  #tampered(question: Question): Message | undefined {
    return this.tamper(this.reply(question), question)
  }

  /** The deepest one; of DS records the one above. */
  #zoneFor(name: Name, type: number): SignedZone {
    const place = type === TYPE.DS ? (parentOf(name) ?? name) : name
    return this.zones.find(({ apex }) => isWithin(place, apex)) ?? this.root
  }
}

const ALGORITHMS = nodeAlgorithms()

function rootOf(scripts: readonly ZoneScript[]): ZoneScript {
  return scripts.find(({ apex }) => apex === '.') ?? { apex: '.' }
}

function messageOf(question: Question, { rcode, answer, authority }: ZoneReply): Message {
  return {
    id: 0,
    flags: QR | RD | RA | rcode,
    rcode,
    question,
    answer,
    authority,
    additional: [],
    opt: undefined,
    hasBadOpt: false,
    hasExcessiveTtl: false,
    extendedError: undefined,
  }
}
