import type { Clock, Log } from '../base/index.ts'
import type { Algorithms, KeyObservation, PositiveAnchor, SignatureCheck, TrustPoint } from '../dnssec/index.ts'
import {
  afterLook,
  afterNoAnswer,
  anchorInForce,
  Budget,
  DEFAULT_LIMITS,
  formatTrustPoint,
  lookAtKeys,
  newTrustPoint,
  OverBudget,
  parseTrustPoint,
  TrustPointFileError,
  vouchesFor,
} from '../dnssec/index.ts'
import type { Message } from '../wire/index.ts'

/** What the rollover works with. */
export interface RolloverPorts {
  readonly clock: Clock
  readonly log: Log
  readonly algorithms: Algorithms
  /** Has a signature checked, by when it resolves. */
  readonly check: (check: SignatureCheck) => void | Promise<void>
  /** The state file's text; undefined where there is none. @throws {FileError} */
  readonly read: () => Promise<string | undefined>
  /** Puts the text in its place in one step. @throws what node:fs throws */
  readonly write: (text: string) => Promise<void>
  /** The reply to the question for the anchor's DNSKEY records, as it came; undefined where nobody has one. */
  readonly ask: (signal: AbortSignal) => Promise<Message | undefined>
  /** The anchor in force is another one now. */
  readonly onChange: () => void
}

/** A day: the wall clock may jump, and timers of weeks are nobody's business. */
const LONGEST_WAIT = 86_400_000
/** The longest interval of RFC 5011 §2.3: a time beyond it was noted while the clock was wrong. */
const LONGEST_INTERVAL = 15 * 86_400

/**
 * Follows the keys of one trust anchor as its zone replaces them (RFC 5011): looks at them when it is time, and keeps what
 * it found in a file, so that the 30 days of a new key outlast restarts. Nothing of it runs until `follow` is called.
 */
export class AnchorRollover implements Disposable {
  readonly #ports: RolloverPorts
  readonly #configured: PositiveAnchor
  readonly #ending = new AbortController()
  #point: TrustPoint
  #timer: Disposable | undefined

  private constructor(ports: RolloverPorts, configured: PositiveAnchor, point: TrustPoint) {
    this.#ports = ports
    this.#configured = configured
    this.#point = point
  }

  /** A file that cannot be read is told, and begun anew. */
  static async open(ports: RolloverPorts, configured: PositiveAnchor): Promise<AnchorRollover> {
    const kept = await readPoint(ports)
    // What was learnt by the word of other keys, such as those of a private root, is worth nothing.
    const isIts =
      kept?.name === configured.name && kept.keys.some(({ key }) => vouchesFor(configured, key, ports.algorithms))
    return new AnchorRollover(ports, configured, isIts ? kept : newTrustPoint(configured.name))
  }

  /** What chains of trust may start from now; undefined when every key of it is revoked (RFC 5011 §5). */
  get anchor(): PositiveAnchor | undefined {
    return anchorInForce(this.#configured, this.#point, this.#ports.algorithms)
  }

  /** Looks at the keys from now on. */
  follow(): void {
    this.#timer?.[Symbol.dispose]()
    const wait = this.#isDue ? 0 : Math.min(LONGEST_WAIT, (this.#point.nextQuery - this.#now) * 1000)
    this.#timer = this.#ports.clock.after(wait, () => {
      this.#look().catch((error: unknown) => this.#ports.log.bug(error))
    })
  }

  [Symbol.dispose](): void {
    this.#ending.abort()
    this.#timer?.[Symbol.dispose]()
  }

  /** Seconds since 1970. */
  get #now(): number {
    return Math.floor(this.#ports.clock.wall() / 1000)
  }

  get #isDue(): boolean {
    const left = this.#point.nextQuery - this.#now
    return left <= 0 || left > LONGEST_INTERVAL
  }

  async #look(): Promise<void> {
    if (this.#isDue) await this.#lookNow()
    if (!this.#ending.signal.aborted) this.follow()
  }

  async #lookNow(): Promise<void> {
    const message = await this.#ports.ask(this.#ending.signal)
    if (this.#ending.signal.aborted) return
    const seen = message && (await this.#observe(message))
    if (this.#ending.signal.aborted) return
    const isTrusted = (key: Parameters<typeof vouchesFor>[1]) =>
      vouchesFor(this.#configured, key, this.#ports.algorithms)
    const before = this.#point
    this.#point = seen === undefined ? afterNoAnswer(before, this.#now) : afterLook(before, seen, isTrusted, this.#now)
    if (isSameStates(before, this.#point)) return this.#keep()
    this.#tell(before)
    await this.#keep()
    this.#ports.onChange()
  }

  /** Undefined too where the reply costs more than any that is meant honestly. */
  async #observe(message: Message): Promise<KeyObservation | undefined> {
    const anchor = this.anchor ?? this.#configured // whose revocation may be seen again
    const context = { algorithms: this.#ports.algorithms, budget: new Budget(DEFAULT_LIMITS), now: this.#now }
    const look = lookAtKeys(message, anchor, context)
    try {
      for (;;) {
        const { value: step, done } = look.next()
        if (done === true) return step
        if (step.kind === 'check') await this.#ports.check(step)
      }
    } catch (error) {
      if (error instanceof OverBudget) return undefined
      throw error
    }
  }

  /** One line for each key that came to another state. */
  #tell(before: TrustPoint): void {
    for (const { key, state } of this.#point.keys) {
      const known = before.keys.find((each) => each.key.rdata.equals(key.rdata))
      if (known?.state === state) continue
      this.#ports.log.notice(`trust anchor of ${this.#point.name}: key ${key.tag} is ${WORDS[state]}`)
    }
  }

  async #keep(): Promise<void> {
    try {
      await this.#ports.write(formatTrustPoint(this.#point))
    } catch (error) {
      this.#ports.log.warning(`what is known of the keys of ${this.#point.name} cannot be kept: ${String(error)}`)
    }
  }
}

const WORDS = {
  'add-pending': 'new, and trusted in 30 days if it stays',
  valid: 'trusted',
  missing: 'trusted, but not there any more',
  revoked: 'revoked',
  removed: 'gone for good',
} as const

async function readPoint({ read, log }: RolloverPorts): Promise<TrustPoint | undefined> {
  try {
    const text = await read()
    return text === undefined ? undefined : parseTrustPoint(text)
  } catch (error) {
    const why = error instanceof TrustPointFileError ? error.message : String(error)
    log.warning(`the file with the keys of the trust anchor cannot be used, and is begun anew: ${why}`)
    return undefined
  }
}

function isSameStates({ keys: a }: TrustPoint, { keys: b }: TrustPoint): boolean {
  return a.length === b.length && a.every((each, i) => each.state === b[i]?.state && each.key === b[i]?.key)
}
