import type { Lookup } from '../../src/lookup/index.ts'
import type { Listener } from '../../src/stub/index.ts'
import type { TransportErrorCode } from '../../src/upstream/index.ts'
import { parseMessage, parseType, RCODE, rcodeText, typeText } from '../../src/wire/index.ts'
import { settle } from './fake-clock.ts'
import { questionLine } from './messages.ts'
import type { Command, Scenario } from './scenario-file.ts'
import { parseDuration, ScenarioError, Words } from './scenario-file.ts'
import { checkReply, questionTest, replyFrom, replyText, requestFrom, same } from './scenario-messages.ts'
import { ScenarioSetup } from './scenario-setup.ts'
import type { Exchange } from './scripted-transport.ts'
import { World, type WorldScript } from './world.ts'

/** What a lookup gave: addresses, or why there are none. */
type Found = Lookup<{ readonly addresses: readonly string[]; readonly canonical: string }>

/** Somebody's question to the resolver, and what came of it. */
interface Ask {
  readonly command: Command
  readonly tag: string | undefined
  /** Undefined while nothing has come; `dropped` when nothing ever will. */
  result: Buffer | 'dropped' | Found | Error | undefined
  took: number
  isChecked: boolean
}

/** Longer than anything the resolver does for one question of a scenario. */
const UNTIL_ALL_IS_QUIET = 30_000
const FAILURES: readonly string[] = ['timeout', 'refused', 'unreachable', 'closed', 'too-large', 'io']

/**
 * Plays a scenario and returns the world as it is afterwards. Every question upstream must have been named by an
 * `asked` line, every client's answer looked at, and when all is over no timer may be left.
 * @throws {ScenarioError} at the first line that did not come true
 */
export async function playScenario(
  scenario: Scenario,
  script: Pick<WorldScript, 'seed' | 'memo'> = {},
): Promise<World> {
  const world = new World(script)
  const player = new ScenarioPlayer(world)
  for (const command of scenario.commands) await player.play(command)
  await player.finish(scenario.commands.at(-1) ?? { ...scenario, words: [], text: '', block: [] })
  return world
}

class ScenarioPlayer {
  readonly #world: World
  readonly #setup: ScenarioSetup
  readonly #asks: Ask[] = []
  /** Upstream questions that an `asked` line has named. */
  readonly #named = new Set<Exchange>()
  readonly #tagged = new Map<string, Exchange>()
  #last: Exchange | undefined

  constructor(world: World) {
    this.#world = world
    this.#setup = new ScenarioSetup(world)
  }

  async play(command: Command): Promise<void> {
    const words = new Words(command)
    try {
      await this.#do(command.words[0] as string, words, command)
    } catch (error) {
      if (error instanceof ScenarioError) throw error
      throw new ScenarioError(command, error instanceof Error ? error.message : String(error))
    }
    words.end()
    await settle()
  }

  /** Nothing may be left over: no unnamed question, no unread answer, no timer. */
  async finish(at: Command): Promise<void> {
    this.#nobodyElse(at)
    const unread = this.#asks.find((ask) => !ask.isChecked)
    if (unread !== undefined) throw new ScenarioError(unread.command, 'nobody looked at what came of this')
    await this.#world.advance(UNTIL_ALL_IS_QUIET)
    const { timersLeft } = this.#world
    if (timersLeft > 0) throw new ScenarioError(at, `${timersLeft} timers are left when all is over`)
  }

  #do(verb: string, words: Words, command: Command): unknown {
    if (this.#setup.play(verb, words, command)) return undefined
    switch (verb) {
      case 'ask':
        return this.#hand(requestFrom(words), words, command)
      case 'send':
        return this.#hand(Buffer.from(words.next('hex'), 'hex'), words, command)
      case 'lookup':
        return this.#lookup(words, command)
      case 'asked':
        return this.#asked(words, command)
      case 'answer':
        return this.#answer(words, command)
      case 'fail':
        return this.#fail(words)
      case 'expect':
        return this.#expect(words, command)
      case 'found':
        return this.#found(words, command)
      case 'failed':
        return this.#failed(words, command)
      case 'wait':
        return this.#world.advance(durationOf(words.next('duration'), words))
      default:
        throw new ScenarioError(command, `there is no command '${verb}'`)
    }
  }

  #hand(packet: Buffer, words: Words, command: Command): void {
    const kind = words.has('proxy') ? 'proxy' : words.has('extra') ? 'extra' : 'main'
    const listener: Listener = { kind, transport: words.has('tcp') ? 'tcp' : 'udp' }
    const reply = this.#world.send(packet, listener).then((bytes) => bytes ?? 'dropped')
    this.#await(reply, words, command)
  }

  /** What programs ask through bus, varlink and NSS: both families unless told, and search domains count. */
  #lookup(words: Words, command: Command): void {
    const name = words.next('name')
    const family = words.has('A') ? 2 : words.has('AAAA') ? 10 : 0
    const link = words.after('on')
    const ifindex = link === undefined ? 0 : this.#setup.linkNamed(link, words).ifindex
    const lookup = this.#world.lookups.hostname({ name, family, ifindex, flags: 0 }, new AbortController().signal)
    const found = lookup.then((result): Found => {
      if (!result.ok) return result
      const { addresses, canonical } = result.value
      return { ok: true, value: { addresses: addresses.map(({ address }) => address.text), canonical } }
    })
    this.#await(found, words, command)
  }

  #await(result: Promise<NonNullable<Ask['result']>>, words: Words, command: Command): void {
    const ask: Ask = { command, tag: words.after('as'), result: undefined, took: 0, isChecked: false }
    this.#asks.push(ask)
    void this.#note(ask, result)
  }

  async #note(ask: Ask, result: Promise<NonNullable<Ask['result']>>): Promise<void> {
    const { clock } = this.#world
    const startedAt = clock.now()
    ask.result = await result.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
    ask.took = clock.now() - startedAt
  }

  /** An upstream question that no such line has named yet. */
  #asked(words: Words, command: Command): void {
    if (words.has('nobody')) return this.#nobodyElse(command)
    const server = words.next('server')
    const question = `${words.next('name')} ${typeText(parseType(words.next('type')) ?? words.fail('not a type'))}`
    const ifindex = this.#ifindexAfterVia(words)
    const protocol = words.has('tcp') ? 'tcp' : 'udp'
    const [isAgain, tag, hasOptions] = [words.has('repeatedly'), words.after('as'), questionTest(words)]
    const found = this.#unnamed().filter(
      (exchange) =>
        exchange.server === server &&
        exchange.channel === protocol &&
        questionLine(exchange.question) === question &&
        (ifindex === undefined || exchange.ifindex === ifindex) &&
        hasOptions(parseMessage(exchange.wire)),
    )
    const first = found[0] ?? words.fail(`not asked; unnamed so far: ${this.#unnamedText()}`)
    for (const exchange of isAgain ? found : [first]) this.#named.add(exchange)
    this.#last = first
    if (tag !== undefined) this.#tagged.set(tag, first)
  }

  #ifindexAfterVia(words: Words): number | undefined {
    const link = words.after('via')
    if (link === undefined) return undefined
    return link === 'none' ? 0 : this.#setup.linkNamed(link, words).ifindex
  }

  /** What the server of the last `asked` line says, or that of the line with this tag. */
  #answer(words: Words, command: Command): void {
    const exchange = this.#exchangeFor(words)
    const delay = words.after('after')
    const isIgnored = words.has('ignored')
    const reply = replyFrom(exchange.wire, words, command)
    if (delay !== undefined) {
      this.#world.clock.after(durationOf(delay, words), () => void exchange.reply(reply))
    } else if (exchange.reply(reply) === isIgnored) {
      words.fail(isIgnored ? 'this answer was taken' : 'nobody waits for this answer')
    }
  }

  #fail(words: Words): void {
    const exchange = this.#exchangeFor(words)
    const code = words.next('what happens')
    if (!FAILURES.includes(code)) words.fail(`one of ${FAILURES.join(', ')} can happen`)
    exchange.fail(code as TransportErrorCode)
  }

  #exchangeFor(words: Words): Exchange {
    const tag = words.after('to')
    const exchange = tag === undefined ? this.#last : this.#tagged.get(tag)
    return exchange ?? words.fail('to which question?')
  }

  /** The reply that has come by now, `nothing` so far, or `dropped`. */
  #expect(words: Words, command: Command): void {
    this.#nobodyElse(command)
    const ask = this.#askFor(words)
    if (words.has('nothing')) return ask.result === undefined ? undefined : words.fail(`there is ${resultText(ask)}`)
    const { result } = this.#check(ask, words)
    if (words.has('dropped')) return same(resultText(ask), 'dropped', 'reply', command)
    if (!Buffer.isBuffer(result)) return words.fail(`it is ${resultText(ask)}`)
    checkReply(parseMessage(result), words, command)
  }

  #found(words: Words, command: Command): void {
    this.#nobodyElse(command)
    const ask = this.#askFor(words)
    const { result } = this.#check(ask, words)
    const canonical = words.after('named')
    if (!isLookup(result) || !result.ok) return words.fail(`it is ${resultText(ask)}`)
    same(result.value.addresses.toSorted().join(' '), words.rest().toSorted().join(' '), 'addresses', command)
    if (canonical !== undefined) same(result.value.canonical, canonical, 'name', command)
  }

  #failed(words: Words, command: Command): void {
    this.#nobodyElse(command)
    const ask = this.#askFor(words)
    const { result } = this.#check(ask, words)
    if (!isLookup(result) || result.ok) return words.fail(`it is ${resultText(ask)}`)
    same(result.failure.kind, words.next('kind of failure'), 'failure', command)
    const rcode = words.nextIf((word) => word in RCODE)
    if (rcode !== undefined) same(rcodeText(result.failure.rcode ?? 0), rcode, 'rcode', command)
  }

  /** The ask with the tag, else the oldest that nobody looked at. */
  #askFor(words: Words): Ask {
    const tag = words.after('of')
    const ask = this.#asks.find((each) => !each.isChecked && (tag === undefined || each.tag === tag))
    return ask ?? words.fail('nobody waits for a reply')
  }

  #check(ask: Ask, words: Words): Ask {
    const took = words.after('took')
    if (ask.result === undefined) words.fail('there is no reply yet')
    ask.isChecked = true
    if (ask.result instanceof Error) throw ask.result // a bug: the resolver never throws for what a network can do
    if (took !== undefined && ask.took !== durationOf(took, words)) words.fail(`it took ${ask.took}ms`)
    return ask
  }

  #unnamed(): Exchange[] {
    return this.#world.exchanges.filter((exchange) => !this.#named.has(exchange))
  }

  #unnamedText(): string {
    return this.#unnamed().map(exchangeText).join(', ') || 'none'
  }

  #nobodyElse(at: Command): void {
    // Probes of silent servers may be named, but need not.
    if (this.#unnamed().some(({ isProbe }) => !isProbe))
      throw new ScenarioError(at, `asked as well: ${this.#unnamedText()}`)
  }
}

function exchangeText({ server, ifindex, channel, question, sentAt }: Exchange): string {
  return `${server}%${ifindex} ${questionLine(question)} ${channel} at ${sentAt}ms`
}

function isLookup(result: Ask['result']): result is Found {
  return typeof result === 'object' && 'ok' in result
}

function resultText({ result }: Ask): string {
  if (Buffer.isBuffer(result)) return replyText(result, parseMessage(result))
  if (result instanceof Error) return result.message
  if (!isLookup(result)) return result ?? 'nothing'
  return result.ok ? result.value.addresses.join(' ') : `${result.failure.kind}: ${result.failure.message}`
}

function durationOf(word: string, words: Words): number {
  return parseDuration(word) ?? words.fail(`'${word}' is not a duration`)
}
