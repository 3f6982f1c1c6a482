import type { Channel, Millis } from '../base/index.ts'
import type { Message } from '../wire/index.ts'
import type { Exchange, ExchangeResult } from './exchange.ts'
import type { Upstream } from './upstream.ts'

export type FailureState = 'timeout' | 'attempts-max-reached' | 'invalid-reply' | 'network-down'

export interface ReplyOutcome {
  readonly kind: 'reply'
  readonly wire: Buffer
  readonly message: Message
  readonly upstream: Upstream
  readonly channel: Channel
  /** Nobody on the way could read the question, nor this answer. */
  readonly isConfidential: boolean
  readonly exchanges: readonly ExchangeResult[]
}

export type Outcome =
  | ReplyOutcome
  | {
      readonly kind: 'failure'
      readonly state: FailureState
      /** Why no server could be asked as securely as demanded, in words. */
      readonly reason: string | undefined
      readonly exchanges: readonly ExchangeResult[]
    }

/**
 * What a transaction wants done next: take back those of `drop`, send these, then wait for a reply, a failure or the time
 * `until`; or nothing more.
 */
export type Step =
  | {
      readonly kind: 'wait'
      readonly send: readonly Exchange[]
      readonly drop: readonly Exchange[]
      readonly until: Millis
    }
  | { readonly kind: 'done'; readonly outcome: Outcome }
