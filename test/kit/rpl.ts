import type { Listener } from '../../src/stub/index.ts'
import { DEFAULT_LIMITS, nodeAlgorithms } from '../../src/dnssec/index.ts'
import { readRrsig } from '../../src/dnssec/rdata.ts'
import type { Question, ResourceRecord } from '../../src/wire/index.ts'
import {
  compose,
  isWithin,
  nameOf,
  parentOf,
  parseMessage,
  QR,
  RA,
  RCODE,
  RD,
  ROOT,
  TYPE,
} from '../../src/wire/index.ts'
import { settle } from './fake-clock.ts'
import { fakeSignatures } from './fake-signatures.ts'
import { readRecord } from './master-file.ts'
import { type FoldedReply, foldedReply } from './rpl-fold.ts'
import { mismatch, type Packet, wireOf } from './rpl-entry.ts'
import type { RplEntry, RplRange, RplScenario, RplStep } from './rpl-parse.ts'
import { parseRpl, RplUnsupported } from './rpl-parse.ts'
import type { Exchange } from './scripted-transport.ts'
import { type LinkScript, World, type WorldScript } from './world.ts'

export { RplUnsupported }

/** Something did not come as the scenario says: `x.rpl:12: step 4 CHECK_ANSWER: …`. */
export class RplMismatch extends Error {
  override readonly name = 'RplMismatch'
}

export interface RplResult {
  readonly world: World
  readonly title: string
  /** Options of the configuration that have no counterpart here. */
  readonly ignored: readonly string[]
}

/** Steps and answers of a scenario at most: a loop of retries must end. */
const MAX_ROUNDS = 2000
/** How long a client that waits for its reply is left waiting: unbound counts tries, we count time (R-SRV-6). */
const PATIENCE = 10_000

/**
 * Plays a scenario in the format of unbound's testbound. `forward-zone` "." becomes the global servers, any other a link
 * with that route-only domain; what unbound would find out by asking authoritative servers itself cannot be played.
 * @throws {RplUnsupported} | {RplMismatch}
 */
export async function playRpl(text: string, file: string): Promise<RplResult> {
  const scenario = parseRpl(text, file)
  const player = new RplPlayer(scenario, file)
  await player.run()
  return { world: player.world, title: scenario.title, ignored: scenario.config.ignored }
}

class RplPlayer {
  readonly world: World
  readonly #scenario: RplScenario
  readonly #file: string
  /** Replies to clients that no step has looked at. */
  readonly #replies: Packet[] = []
  #waiting = 0
  /** False while a client waits who wants no recursion. */
  #mayAsk = true
  /** What the resolver threw, which it never should. */
  #bug: unknown
  #at = 0

  constructor(scenario: RplScenario, file: string) {
    this.world = new World(worldOf(scenario))
    this.#scenario = scenario
    this.#file = file
  }

  /** In the order of testbound: an expected question, an expected reply, a canned answer, else the step at hand. */
  async run(): Promise<void> {
    for (let rounds = 0; this.#step !== undefined; rounds++) {
      if (rounds > MAX_ROUNDS) this.#fail(this.#step, 'it goes on for ever')
      if (!this.#takeExpected(this.#step) && !this.#answerFromRange(this.#step)) await this.#do(this.#step)
      await settle()
      if (this.#bug !== undefined) throw this.#bug
      const [asked] = this.#mayAsk ? [] : this.#pending()
      if (asked !== undefined) this.#fail(this.#last, `asked without RD, it asks ${exchangeText(asked)}`)
    }
    const last = this.#scenario.steps.at(-1) as RplStep
    if (this.#waiting > 0) this.#fail(last, `a client still waits: ${this.#pending().map(exchangeText).join(', ')}`)
    if (this.#replies.length > 0) this.#fail(last, `${this.#replies.length} replies that no step has looked at`)
  }

  get #step(): RplStep | undefined {
    return this.#scenario.steps[this.#at]
  }

  /** The one that was done last. */
  get #last(): RplStep {
    return this.#scenario.steps[Math.max(0, this.#at - 1)] as RplStep
  }

  #pending(): Exchange[] {
    return this.world.exchanges.filter(({ isOpen }) => isOpen).toReversed()
  }

  /** Whether the step expects something that has already come. */
  #takeExpected({ kind, entry, address }: RplStep): boolean {
    if (entry === undefined) return false
    if (kind === 'CHECK_OUT_QUERY') {
      const asked = this.#pending().find((exchange) => isTo(exchange, address) && this.#matches(entry, exchange))
      if (asked === undefined) return false
      this.#at++
      if (entry.adjust.has('copy_id')) asked.reply(wireOf(entry, asked.wire))
      return true
    }
    const found = kind === 'CHECK_ANSWER' ? this.#replies.findIndex((reply) => this.#matches(entry, reply)) : -1
    if (found < 0) return false
    this.#replies.splice(found, 1)
    this.#at++
    return true
  }

  #answerFromRange({ number }: RplStep): boolean {
    const ranges = this.#scenario.ranges.filter(({ from, to }) => from <= number && number <= to)
    if (this.#scenario.config.dnssec !== undefined) return this.#answerFolded(ranges)
    for (const exchange of this.#pending()) {
      const entry = ranges
        .filter(({ address }) => isTo(exchange, address))
        .flatMap(({ entries }) => entries)
        .find((each) => this.#matches(each, exchange))
      if (entry !== undefined && exchange.reply(wireOf(entry, exchange.wire))) return true
    }
    return false
  }

  /** As one forwarder that asks them all; SERVFAIL where none of them has an answer. */
  #answerFolded(ranges: readonly RplRange[]): boolean {
    const { stubs, forwards } = this.#scenario.config
    const servers = [...stubs, ...forwards.map((each) => ({ ...each, isForward: true }))]
    for (const exchange of this.#pending()) {
      const { id, question, opt } = parseMessage(exchange.wire)
      const found = question && foldedReply(exchange, question, servers, ranges)
      const told = question && isEmpty(found) ? this.#beyondAnchors(question) : undefined
      const parts = told ?? found ?? { flags: QR | RD | RA | RCODE.SERVFAIL }
      if (exchange.reply(compose({ id, question, ...parts, opt: opt && { ...opt, payloadSize: 4096, options: [] } })))
        return true
    }
    return false
  }

  /**
   * Keys and DS records above all anchors, of which scenarios say nothing. Validation needs none of them; they are asked for
   * to find out whether a server does DNSSEC (S-DOWN-4), and the forwarder does: it has some, signed by whomever.
   */
  #beyondAnchors({ name, type }: Question): FoldedReply | undefined {
    const anchors = this.#scenario.config.dnssec?.anchors.map((line) => readRecord(line).name) ?? []
    const data = BEYOND_ANCHORS.get(type)
    // DS records of an anchor's own name stand above it.
    const place = type === TYPE.DS ? (parentOf(name) ?? name) : name
    if (data === undefined || anchors.some((anchor) => isWithin(place, anchor))) return undefined
    const owner = name === ROOT ? '.' : `${name}.`
    return { flags: QR | RD | RA, answer: data.map((text) => readRecord(`${owner} 3600 IN ${text}`)) }
  }

  async #do(step: RplStep): Promise<void> {
    const { kind, entry, seconds } = step
    if (kind === 'CHECK_ANSWER') return this.#waitForReply(step)
    if (kind === 'CHECK_OUT_QUERY') return this.#failCheck(step, this.#pending())
    this.#at++
    if (kind === 'TIME_PASSES') await this.world.advance(seconds * 1000)
    else if (kind === 'QUERY' && entry !== undefined) void this.#ask(entry)
    else if (kind === 'REPLY' && entry !== undefined) this.#reply(step, entry)
    // A server that is not asked again, because it said no or time is up, cannot fail again.
    else if (kind === 'TIMEOUT') this.#pending()[0]?.fail('timeout')
    else if (kind === 'ERROR') this.#pending()[0]?.fail('closed')
  }

  /**
   * A client without RD gets what unbound has in its cache. Here it is refused (R-STUB-9), and is played as one with RD for
   * whom nobody else may be asked.
   */
  async #ask(entry: RplEntry): Promise<void> {
    const transport = entry.match.has('TCP') ? 'tcp' : 'udp'
    const listener: Listener = { kind: 'main', transport }
    const missing = this.#scenario.config.dnssec === undefined ? 0 : ~entry.flags & RD
    this.#waiting++
    this.#mayAsk = missing === 0
    try {
      const wire = await this.world.send(wireOf({ ...entry, flags: entry.flags | missing }), listener)
      if (wire !== undefined) this.#replies.push({ wire: withoutFlags(wire, missing), channel: transport })
    } catch (error) {
      this.#bug ??= error
    } finally {
      this.#waiting--
    }
  }

  #reply(step: RplStep, entry: RplEntry): void {
    const isTaken = this.#pending().some((exchange) => exchange.reply(wireOf(entry, exchange.wire)))
    if (!isTaken) this.#fail(step, 'nobody waits for this reply')
  }

  /** Time passes, from timer to timer, until a reply comes. */
  async #waitForReply(step: RplStep): Promise<void> {
    const { clock } = this.world
    const until = clock.now() + PATIENCE
    if (this.#replies.length === 0 && this.#waiting > 0) {
      while (this.#replies.length === 0 && (clock.nextDue ?? Number.POSITIVE_INFINITY) <= until) {
        await this.world.advance(Math.max(0, (clock.nextDue as number) - clock.now()))
        if (this.#answerFromRange(step)) return
      }
      if (this.#replies.length > 0) return
    }
    this.#failCheck(step, this.#replies)
  }

  #matches(entry: RplEntry, packet: Packet): boolean {
    return mismatch(entry, packet, this.#scenario.config) === undefined
  }

  #failCheck(step: RplStep, candidates: readonly Packet[]): never {
    const problems = candidates.map((packet) => mismatch(step.entry as RplEntry, packet, this.#scenario.config))
    return this.#fail(step, problems.join('; or ') || 'there is none')
  }

  #fail({ line, number, kind }: RplStep, problem: string): never {
    throw new RplMismatch(`${this.#file}:${line}: step ${number} ${kind}: ${problem}`)
  }
}

const SIGNED = '8 0 3600 20370101000000 20000101000000 1 . AA=='
const BEYOND_ANCHORS: ReadonlyMap<number, readonly string[]> = new Map([
  [TYPE.DNSKEY, ['DNSKEY 257 3 8 AwEAAQ==', `RRSIG DNSKEY ${SIGNED}`]],
  [TYPE.DS, ['DS 1 8 2 00', `RRSIG DS ${SIGNED}`]],
])

function isEmpty(reply: FoldedReply | undefined): boolean {
  return (reply?.answer ?? []).length + (reply?.authority ?? []).length === 0
}

/** Links with addresses nobody forwards to; the first is there so that the global servers have a way out (R-SRV-19). */
function worldOf(scenario: RplScenario): WorldScript {
  const { forwards, stubs } = scenario.config
  const roots = forwards.filter(({ name }) => name === '.').flatMap(({ servers }) => servers)
  const dns = stubs.length > 0 ? [FORWARDER] : roots
  const zones = forwards.filter(({ name }) => name !== '.')
  const links = zones.map(({ name, servers }, i): LinkScript => {
    return { ifindex: 3 + i, dns: servers, domains: [`~${name}`], addresses: [`203.0.113.${3 + i}/32`] }
  })
  return { ...dnssecOf(scenario), dns, links: [{ ifindex: 2, addresses: ['203.0.113.2/32'] }, ...links] }
}

/** Stands for all authoritative servers. */
const FORWARDER = '192.0.2.53'

function dnssecOf({ config, ranges }: RplScenario): WorldScript {
  const { dnssec } = config
  if (dnssec === undefined) return {}
  const records = ranges.flatMap(({ entries }) =>
    entries.flatMap(({ sections }) => [...sections.answer, ...sections.authority]),
  )
  const limits = { ...DEFAULT_LIMITS, iterations: dnssec.iterations }
  return {
    settings: {
      dnssec: 'yes',
      resolveUnicastSingleLabel: true,
      trustAnchors: dnssec.anchors.map((line) => readRecord(line)),
      negativeTrustAnchors: dnssec.insecureDomains.map(nameOf),
    },
    epoch: (dnssec.date ?? bestTime(records)) * 1000,
    dnssec: {
      algorithms: dnssec.takesFakeSignatures ? fakeSignatures() : nodeAlgorithms(),
      limits,
    },
  }
}

/** When most of the signatures are valid. */
function bestTime(records: readonly ResourceRecord[]): number {
  const signatures = records.flatMap((record) => (record.type === TYPE.RRSIG ? (readRrsig(record) ?? []) : []))
  const valid = (time: number) =>
    signatures.filter(({ inception, expiration }) => inception <= time && time < expiration)
  const times = signatures.map(({ inception }) => inception)
  return times.toSorted((a, b) => valid(b).length - valid(a).length)[0] ?? 0
}

function withoutFlags(wire: Buffer, flags: number): Buffer {
  const copy = Buffer.from(wire)
  copy.writeUInt16BE(copy.readUInt16BE(2) & ~flags, 2)
  return copy
}

function isTo(exchange: Exchange, address: string | undefined): boolean {
  return address === undefined || exchange.server === address.split('@')[0]
}

function exchangeText({ server, question }: Exchange): string {
  return `${question.name} of ${server}`
}
