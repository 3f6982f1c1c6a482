import type { Clock, Family, IfIndex, IpAddress, Log, Millis, Random } from '../../base/index.ts'
import { compose, QR } from '../../wire/index.ts'
import type { HostLabel } from '../host-label.ts'
import { admit } from '../intake.ts'
import type { MulticastDatagram, MulticastLink, MulticastNetwork, MulticastSocket } from '../network.ts'
import { ReplyLimits } from '../reply-limits.ts'
import { LLMNR_TENTATIVE } from '../message.ts'
import { type LlmnrQuery, readQuery } from './message.ts'
import { StreamResponder } from './stream-responder.ts'
import { UniquenessTest, type UniquenessVerdict } from './uniqueness.ts'
import { answerOf } from './zone.ts'

/** The name is verified again at most so often: a neighbour can make us do it as often as it likes (LL-R-6, MC-SEC-4). */
const VERIFY_INTERVAL: Millis = 10_000
/** Bytes of IP and UDP headers at most. */
const HEADERS = 48
const LARGEST_STREAM_MESSAGE = 65_535

export interface LlmnrResponderParts {
  readonly ifindex: IfIndex
  /** For people. */
  readonly linkName: string
  /** Those that are open now: IP versions come and go. Whoever opened them closes them. */
  readonly sockets: ReadonlyMap<Family, MulticastSocket>
  readonly network: MulticastNetwork
  readonly label: HostLabel
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Answers neighbours on one link, over both IP versions, for the name of this machine and its addresses there (LL-R). */
export class LlmnrResponder {
  readonly #parts: LlmnrResponderParts
  readonly #limits: ReplyLimits
  readonly #streams: StreamResponder
  readonly #labelChanges: Disposable
  #link: MulticastLink
  #families: ReadonlySet<Family> = new Set()
  /** Whether nobody else was found to have the name, and it has not changed since. */
  #isEstablished = false
  #test: UniquenessTest | undefined
  #verifiedAt: Millis = Number.NEGATIVE_INFINITY

  constructor(parts: LlmnrResponderParts) {
    const { ifindex, label, clock } = parts
    this.#parts = parts
    this.#link = { ifindex, mtu: 0, addresses: [], own: new Set() }
    this.#limits = new ReplyLimits(clock)
    this.#labelChanges = label.onChange(() => this.#onLabel())
    const answer = (query: Buffer, asker: IpAddress) => this.#answerStream(query, asker)
    this.#streams = new StreamResponder({ ...parts, link: () => this.#link, answer })
  }

  /** The link as it is now. An IP version that gets its first address makes a test of the name (LL-R-5). */
  apply(link: MulticastLink): void {
    const before = this.#families
    this.#link = link
    this.#families = new Set([...this.#parts.sockets.keys()].filter((family) => hasAddress(link, family)))
    this.#streams.listenOver(this.#families)
    if ([...this.#families].some((family) => !before.has(family))) this.verify()
  }

  /** Makes sure anew that the name is ours: after a suspend, others may have it (LL-R-5). */
  verify(): void {
    const { label } = this.#parts
    this.#test?.close()
    this.#test = undefined
    if (label.isLost || this.#families.size === 0) return
    this.#verifiedAt = this.#parts.clock.now()
    const parts = { ...this.#parts, families: [...this.#families], link: () => this.#link }
    const tested = label.label
    this.#test = new UniquenessTest(label.name, this.#isEstablished, parts, (verdict) =>
      this.#onVerdict(tested, verdict),
    )
  }

  onDatagram(family: Family, datagram: MulticastDatagram): void {
    const kind = admit('llmnr', datagram, this.#link)
    if (kind === undefined) return
    const query = kind === 'query' ? readQuery(datagram.bytes) : undefined
    if (query === undefined) return
    if (query.isAdvisory) return this.#onAdvisory(query)
    const maxSize = Math.min(query.payloadSize, Math.max(512, this.#link.mtu - HEADERS))
    const reply = this.#replyTo(query, datagram.source, maxSize)
    if (reply !== undefined) this.#parts.sockets.get(family)?.send(reply, datagram.source, datagram.port)
  }

  close(): void {
    this.#labelChanges[Symbol.dispose]()
    this.#test?.close()
    this.#streams.close()
  }

  #onLabel(): void {
    this.#isEstablished = false
    this.verify()
  }

  /** Several hosts answered to our name (LL-R-6). Until it is clear who loses, it stays ours. */
  #onAdvisory({ question }: LlmnrQuery): void {
    const { clock, label } = this.#parts
    if (question.name !== label.name || this.#test !== undefined) return
    if (clock.now() - this.#verifiedAt >= VERIFY_INTERVAL) this.verify()
  }

  #onVerdict(tested: string, verdict: UniquenessVerdict): void {
    this.#test = undefined
    if (verdict.kind === 'unique') {
      this.#isEstablished = true
      return
    }
    this.#isEstablished = false
    const { label, linkName } = this.#parts
    label.onConflict(tested, `LLMNR on ${linkName}, ${verdict.to.text}`)
  }

  #answerStream(bytes: Buffer, asker: IpAddress): Buffer | undefined {
    const query = readQuery(bytes)
    return query === undefined || query.isAdvisory ? undefined : this.#replyTo(query, asker, LARGEST_STREAM_MESSAGE)
  }

  #replyTo({ id, question, questionBytes }: LlmnrQuery, asker: IpAddress, maxSize: number): Buffer | undefined {
    const { label } = this.#parts
    if (label.isLost) return undefined
    const answer = answerOf(question, { label: label.label, name: label.name, link: this.#link }, asker)
    if (answer === undefined || !this.#limits.take(asker)) return undefined
    const flags = QR | (answer.isOfLabel && !this.#isEstablished ? LLMNR_TENTATIVE : 0) // LL-R-4
    return compose({ id, flags, question: questionBytes, ...answer }, { maxSize })
  }
}

function hasAddress({ addresses }: MulticastLink, family: Family): boolean {
  return addresses.some(({ address }) => address.family === family)
}
