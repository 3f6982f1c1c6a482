import type { Millis } from '../base/index.ts'
import type { Exchange, ExchangeResult } from './exchange.ts'
import type { ServerAttempt } from './server-attempt.ts'

/** The exchanges of one transaction: how many there were, which may still be answered, and what became of the others. */
export class ExchangeLog {
  readonly #type: number
  /** In the order they were sent. */
  readonly #open: Exchange[] = []
  readonly results: ExchangeResult[] = []
  #sent = 0

  /** @param type RR type of the question */
  constructor(type: number) {
    this.#type = type
  }

  /** How many were sent that count. */
  get sent(): number {
    return this.#sent
  }

  /** Those that may still be answered. */
  get open(): readonly Exchange[] {
    return this.#open
  }

  /** Those to the server of this attempt that may still be answered over UDP. */
  datagramsTo(attempt: ServerAttempt): Exchange[] {
    return this.#open.filter((exchange) => exchange.attempt === attempt && exchange.channel === 'udp')
  }

  /** The oldest that may still be answered. */
  get oldest(): Exchange | undefined {
    return this.#open[0]
  }

  add(exchange: Exchange): void {
    this.#sent++
    this.#open.push(exchange)
  }

  /** The last that ended was not taken on by its server: it does not count. */
  discount(): void {
    this.#sent--
  }

  /** Nothing more is expected of it; false when that is known already. */
  settle(exchange: Exchange): boolean {
    const at = this.#open.indexOf(exchange)
    if (at !== -1) this.#open.splice(at, 1)
    return at !== -1
  }

  /** Drops those under way without counting them against their servers: the machine was asleep. */
  forgetOpen(): void {
    for (const exchange of this.#open.splice(0)) exchange.isLate = true
  }

  /** Those whose server has just used up its patience: each once. */
  newlyLate(now: Millis): Exchange[] {
    return this.#open.filter(({ overdueAt, isLate }) => overdueAt <= now && !isLate)
  }

  /** `bytes`: size of the reply, where there was one. */
  note({ upstream, channel, payloadSize, sentAt }: Exchange, result: string, now: Millis, bytes?: number): void {
    this.results.push({
      server: upstream.label,
      type: this.#type,
      channel,
      payloadSize,
      bytes,
      took: now - sentAt,
      result,
    })
  }

  noteUnanswered(now: Millis): void {
    for (const exchange of this.#open) this.note(exchange, 'no answer', now)
  }
}
