import {
  AF_INET6,
  type Clock,
  type Family,
  type Log,
  type Millis,
  type Random,
  type Seconds,
} from '../../base/index.ts'
import { CLASS, type Question, type ResourceRecord, TYPE } from '../../wire/index.ts'
import type { HostLabel } from '../host-label.ts'
import type { ServiceSource } from '../dnssd/service-source.ts'
import { admit, isOnLink } from '../intake.ts'
import {
  type MulticastMessage,
  type MulticastRecord,
  type PacketSizes,
  packetSizes,
  readMulticast,
} from '../message.ts'
import { MULTICAST_PORTS, type MulticastDatagram, type MulticastLink, type MulticastSocket } from '../network.ts'
import { isKnown, OwnRecords, ttlsOf } from './answers.ts'
import { ConflictWatch } from './conflict-watch.ts'
import { goodbyePackets, isSameOwnSet, legacyPacket, probePackets, responsePackets } from './packets.ts'
import { PendingAnswers } from './pending-answers.ts'
import { Claims } from './probing.ts'
import { MulticastHistory, PacketBudget } from './sending-limits.ts'
import { type Claim, claimsOf, type OwnRecord, recordKey } from './zone.ts'

/** A record is multicast once in this time, and in defence against a probe once in the other (RFC 6762 §6). */
const REPEAT_AFTER: Millis = 1000
const DEFEND_AFTER: Millis = 250

export interface MdnsResponderParts {
  /** Those that are open now, in the group; whoever opened them closes them, after `close` of this. */
  readonly sockets: ReadonlyMap<Family, MulticastSocket>
  /** For people. */
  readonly linkName: string
  readonly label: HostLabel
  readonly services: ServiceSource
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly random: Random
  readonly log: Pick<Log, 'info' | 'warning'>
}

/** What a link is at the moment. */
export interface MdnsResponderFacts {
  readonly link: MulticastLink
  /** Another responder has the port too: nothing is claimed, answered or withdrawn (MC-AV-3). */
  readonly yields: boolean
}

/** Answers on one link, over both IP versions, for this machine's name, the link's addresses and the services (RFC 6762). */
export class MdnsResponder {
  readonly #parts: MdnsResponderParts
  #facts: MdnsResponderFacts | undefined
  readonly #claims: Claims
  readonly #conflicts: ConflictWatch
  readonly #pending: PendingAnswers
  readonly #history = new MulticastHistory()
  readonly #budget = new PacketBudget()
  #published: readonly Claim[] = []
  #own = new OwnRecords([])
  #timer: { readonly due: Millis; readonly handle: Disposable } | undefined
  readonly #subscriptions: readonly Disposable[]

  constructor(parts: MdnsResponderParts) {
    this.#parts = parts
    this.#claims = new Claims(parts.random)
    this.#conflicts = new ConflictWatch(this.#claims, parts)
    this.#pending = new PendingAnswers(parts.random)
    const render = () => this.#render()
    this.#subscriptions = [parts.label.onChange(render), parts.services.onChange(render)]
  }

  /** Puts these facts in force: what is new is probed for or announced, what has ended is withdrawn. */
  apply(facts: MdnsResponderFacts): void {
    this.#facts = facts
    this.#render()
  }

  /** All names are probed for again, as after suspend (MD-P-1). */
  verifyAll(): void {
    this.#claims.verifyAll(this.#parts.clock.now())
    this.#refresh()
  }

  /** Whether every name on the link is ours by now. */
  get isEstablished(): boolean {
    return !Number.isFinite(this.#claims.nextDue)
  }

  /** What this machine itself publishes here for a question; undefined for names that are not its alone. */
  recordsFor(question: Question): readonly ResourceRecord[] | undefined {
    const here = this.#own.at(question.name)
    if (!here.some(({ flushesCache }) => flushesCache)) return undefined
    return this.#own.answersTo(question).filter(({ type }) => type !== TYPE.NSEC)
  }

  onDatagram(family: Family, datagram: MulticastDatagram): void {
    if (this.#facts === undefined || this.#facts.yields) return
    const kind = admit('mdns', datagram, this.#facts.link)
    const message = kind && readMulticast(datagram.bytes, 'mdns')
    if (message === undefined) return
    if (kind === 'response') this.#onResponse(family, message)
    else this.#onQuery(family, datagram, message)
    this.#refresh()
  }

  /** Withdraws everything; nothing is sent afterwards. */
  close(): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    this.#stopTimer()
    if (this.#facts?.yields === false) this.#withdraw(this.#claims.apply([], this.#parts.clock.now()))
    this.#facts = undefined
  }

  #render(): void {
    if (this.#facts === undefined) return
    const { label, services, clock } = this.#parts
    const { link, yields } = this.#facts
    const zone = {
      label: label.isLost ? undefined : label.label,
      target: label.label,
      addresses: link.addresses.map(({ address }) => address),
      services: services.services,
    }
    const ended = this.#claims.apply(yields ? [] : claimsOf(zone), clock.now())
    if (!yields) this.#withdraw(ended)
    this.#refresh()
  }

  /** After anything that may have changed what is ours, or when something is due. */
  #refresh(): void {
    this.#renewOwn()
    const due = Math.min(this.#claims.nextDue, this.#pending.nextDue)
    if (due === this.#timer?.due) return
    this.#stopTimer()
    if (!Number.isFinite(due)) return
    const { clock } = this.#parts
    this.#timer = { due, handle: clock.after(Math.max(0, due - clock.now()), () => this.#onTimer()) }
  }

  #onTimer(): void {
    this.#timer = undefined
    const now = this.#parts.clock.now()
    const { probes, announcements } = this.#claims.take(now)
    for (const family of this.#parts.sockets.keys()) {
      if (probes.length > 0) this.#sendToGroup(family, probePackets(probes, this.#sizes(family)))
      this.#send(family, announcements, [])
    }
    this.#renewOwn()
    for (const [family, answers] of this.#pending.take(now)) this.#multicast(family, answers, REPEAT_AFTER)
    this.#refresh()
  }

  #renewOwn(): void {
    if (this.#claims.published === this.#published) return
    this.#published = this.#claims.published
    this.#own = new OwnRecords(this.#published)
    this.#pending.retain(
      ({ key, name, type }) => this.#own.has(key) || (type === TYPE.NSEC && this.#own.at(name).length > 0),
    )
  }

  #stopTimer(): void {
    this.#timer?.handle[Symbol.dispose]()
    this.#timer = undefined
  }

  #onQuery(family: Family, datagram: MulticastDatagram, message: MulticastMessage): void {
    const now = this.#parts.clock.now()
    this.#conflicts.onProbe(message, this.#link, now)
    if (datagram.port !== MULTICAST_PORTS.mdns) return this.#answerLegacy(family, datagram, message)
    const source = datagram.source.text
    const known = this.#toldOfOurs(message)
    this.#pending.onKnownAnswers(family, source, known, message.isTruncated, now)
    const { unicast, multicast } = this.#answersTo(family, datagram, message, known)
    const isProbe = message.authority.length > 0
    const isUnique = multicast.every(({ flushesCache }) => flushesCache)
    const isAtOnce = isProbe || (isUnique && message.questions.length === 1 && !message.isTruncated)
    if (isAtOnce) this.#multicast(family, multicast, isProbe ? DEFEND_AFTER : REPEAT_AFTER)
    else this.#pending.add(family, source, multicast, message.isTruncated, now)
    this.#unicast(family, datagram, unicast)
  }

  /** The answers that the asker does not know yet, and which of them it alone gets (MD-R-8). */
  #answersTo(
    family: Family,
    { source, isToGroup }: MulticastDatagram,
    { questions }: MulticastMessage,
    known: ReadonlyMap<string, number>,
  ): { readonly unicast: OwnRecord[]; readonly multicast: OwnRecord[] } {
    const now = this.#parts.clock.now()
    const unicast = new Map<string, OwnRecord>()
    const multicast = new Map<string, OwnRecord>()
    const mayUnicast = isOnLink(source, this.#link)
    for (const question of questions) {
      const isUnicast = (question.isUnicast === true || !isToGroup) && mayUnicast
      for (const record of this.#own.answersTo(question)) {
        if (isKnown(record, known)) continue
        const wasMulticast = this.#history.age(family, record, now) <= (record.ttl * 1000) / 4
        const answers = isUnicast && wasMulticast ? unicast : multicast
        answers.set(record.key, record)
      }
    }
    return { unicast: [...unicast.values()], multicast: [...multicast.values()] }
  }

  #answerLegacy(family: Family, { source, port }: MulticastDatagram, message: MulticastMessage): void {
    if (!isOnLink(source, this.#link)) return
    const answers = new Map(
      message.questions.flatMap((question) => this.#own.answersTo(question)).map((r) => [r.key, r]),
    )
    if (answers.size === 0 || !this.#budget.take(this.#parts.clock.now(), source.text)) return
    const all = [...answers.values()]
    const packet = legacyPacket(message, all, this.#own.additionalTo(all), this.#sizes(family))
    this.#parts.sockets.get(family)?.send(packet, source, port)
  }

  #unicast(family: Family, { source, port }: MulticastDatagram, answers: readonly OwnRecord[]): void {
    if (answers.length === 0) return
    const whole = this.#wholeSets(answers)
    for (const packet of responsePackets(whole, this.#own.additionalTo(whole), this.#sizes(family))) {
      if (!this.#budget.take(this.#parts.clock.now(), source.text)) return
      this.#parts.sockets.get(family)?.send(packet, source, port)
    }
  }

  #onResponse(family: Family, message: MulticastMessage): void {
    const now = this.#parts.clock.now()
    this.#conflicts.onResponse(message, this.#link, now)
    this.#pending.onAnswerOfOthers(family, this.#toldOfOurs(message))
    const shortened = message.answer.flatMap((record) => this.#shortenedByOthers(record))
    this.#multicast(family, shortened, REPEAT_AFTER)
  }

  /** Our record that somebody else tells with a TTL that would end it too soon (MD-R-11). */
  #shortenedByOthers(told: MulticastRecord): readonly OwnRecord[] {
    const here = this.#own.at(told.name)
    if (told.class !== CLASS.IN || here.length === 0) return []
    const key = recordKey(told)
    return here.filter((own) => own.flushesCache && own.key === key && told.ttl * 2 < own.ttl)
  }

  /** The TTLs of answers that others tell of our names: the rest of what may be a flood is not looked at. */
  #toldOfOurs({ answer }: MulticastMessage): ReadonlyMap<string, Seconds> {
    return ttlsOf(answer.filter(({ name }) => this.#own.at(name).length > 0))
  }

  /** Those that were not multicast too recently, sets of unique ones whole (MD-R-6, MD-R-10). */
  #multicast(family: Family, records: readonly OwnRecord[], minAge: Millis): void {
    const now = this.#parts.clock.now()
    const answers = this.#wholeSets(records.filter((record) => this.#history.age(family, record, now) >= minAge))
    const additional = this.#own.additionalTo(answers)
    this.#send(
      family,
      answers,
      additional.filter((record) => this.#history.age(family, record, now) >= minAge),
    )
  }

  /** Cache-flush ends the members of a set that are not in the packet: they come along. */
  #wholeSets(records: readonly OwnRecord[]): OwnRecord[] {
    const whole = records.flatMap((record) => {
      if (!record.flushesCache || !this.#own.has(record.key)) return [record]
      return this.#own.at(record.name).filter((other) => isSameOwnSet(record, other))
    })
    return [...new Map(whole.map((record) => [record.key, record])).values()]
  }

  #withdraw(records: readonly OwnRecord[]): void {
    for (const family of this.#parts.sockets.keys())
      this.#sendToGroup(family, goodbyePackets(records, this.#sizes(family)))
  }

  #send(family: Family, answer: readonly OwnRecord[], additional: readonly OwnRecord[]): void {
    if (answer.length === 0) return
    this.#history.note(family, answer, this.#parts.clock.now())
    this.#sendToGroup(family, responsePackets(answer, additional, this.#sizes(family)))
  }

  #sendToGroup(family: Family, packets: readonly Buffer[]): void {
    const socket = this.#parts.sockets.get(family)
    for (const packet of packets) if (this.#budget.take(this.#parts.clock.now())) socket?.sendToGroup(packet)
  }

  #sizes(family: Family): PacketSizes {
    return packetSizes(this.#link.mtu, family === AF_INET6)
  }

  get #link(): MulticastLink {
    return (this.#facts as MdnsResponderFacts).link
  }
}
