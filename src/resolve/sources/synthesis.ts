import type { Answer } from '../../scope/index.ts'
import { ownAnswer } from '../../scope/index.ts'
import type { HostFacts } from '../../synth/index.ts'
import { synthesize } from '../../synth/index.ts'
import { mayAnswerOurselves } from '../permitted.ts'
import type { Query } from '../query.ts'
import { type AnswerSource, type SourceView, UNWANTED } from './source.ts'

/** Names of this machine that need no file: localhost, its own, `_gateway` and others, where nobody else knows better. */
export class Synthesis implements AnswerSource {
  readonly name = 'synthesized'
  readonly standsBy = true
  readonly #host: () => HostFacts

  constructor(host: () => HostFacts) {
    this.#host = host
  }

  off(query: Query): string | undefined {
    return mayAnswerOurselves(query) ? undefined : UNWANTED
  }

  ask({ name, flags }: Query): Answer | undefined {
    const made = synthesize(name, this.#host())
    return made && ownAnswer(name, made, 'synthesized', flags)
  }

  explain({ name }: Query): SourceView {
    return synthesize(name, this.#host()) === undefined
      ? { decides: false, detail: 'no name of this machine' }
      : { decides: true, detail: 'a name of this machine' }
  }
}
