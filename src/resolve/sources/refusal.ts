import type { Answer } from '../../scope/index.ts'
import { failed } from '../../scope/index.ts'
import type { ResolvedSettings } from '../../settings/index.ts'
import { typeText } from '../../wire/index.ts'
import type { Query } from '../query.ts'
import type { AnswerSource, SourceView } from './source.ts'

/** Refuses what `RefuseRecordTypes=` names. Of a query for several types the others are asked: see `accepted`. */
export class Refusal implements AnswerSource {
  readonly name = 'refusal'
  readonly standsBy = false
  readonly #settings: () => ResolvedSettings

  constructor(settings: () => ResolvedSettings) {
    this.#settings = settings
  }

  refuses(type: number): boolean {
    return this.#settings().refuseRecordTypes.includes(type)
  }

  /** The query without the types that are refused, unless that is all of them. */
  accepted(query: Query): Query {
    if (!query.types.some((type) => this.refuses(type))) return query
    const types = query.types.filter((type) => !this.refuses(type))
    return types.length === 0 ? query : { ...query, types }
  }

  off(): undefined {
    return undefined
  }

  ask({ name, types }: Query): Answer | undefined {
    return types.every((type) => this.refuses(type)) ? failed(name, 'query-refused') : undefined
  }

  explain({ types }: Query): SourceView | undefined {
    const refused = types.filter((type) => this.refuses(type))
    if (refused.length === 0) return undefined
    const detail = `RefuseRecordTypes= refuses ${refused.map(typeText).join(', ')}`
    return { decides: refused.length === types.length, detail }
  }
}
