import type { Millis } from '../base/index.ts'
import type { Answer } from '../scope/index.ts'
import { failed } from '../scope/index.ts'
import type { ExplainedStep, Explanation } from './explained.ts'
import type { Query } from './query.ts'
import type { AnswerSource, SourceView } from './sources/source.ts'

/** States after which a source that stands by is consulted (R-ORDER-3). NODATA is a success, and final. */
const REPLACEABLE: ReadonlySet<string> = new Set([
  'rcode-failure',
  'no-servers',
  'timeout',
  'attempts-max-reached',
  'network-down',
  'not-found',
])

/**
 * The sources of answers in the order in which they are consulted (R-ORDER-1). It is written here and nowhere else: what is
 * asked and what is explained walk the same list. A new source gets its place in it.
 */
export class SourceOrder {
  readonly #sources: readonly AnswerSource[]

  constructor(sources: readonly AnswerSource[]) {
    this.#sources = sources
  }

  /** The first answer for one name; `no-servers` where no source has one. @throws the signal's reason when aborted */
  async ask(query: Query, deadline: Millis, signal: AbortSignal): Promise<Answer> {
    const asking = { deadline, signal }
    let answer: Answer | undefined
    for (const source of this.#sources) {
      if (answer !== undefined && !(source.standsBy && isReplaceable(answer))) continue
      if (source.off(query) !== undefined) continue
      const found = source.ask(query, asking)
      answer = withReasonOf(answer, found instanceof Promise ? await found : found)
    }
    return answer ?? failed(query.name, 'no-servers')
  }

  /** What `ask` would do now, and why. */
  async explain(query: Query): Promise<Pick<Explanation, 'steps' | 'scopes'>> {
    const steps: ExplainedStep[] = []
    const scopes: Explanation['scopes'][number][] = []
    let decisive: AnswerSource | undefined
    for (const source of this.#sources) {
      const off = source.off(query)
      const view: SourceView | undefined =
        off === undefined ? await source.explain(query) : { decides: false, detail: off }
      if (view === undefined) continue
      scopes.push(...(view.scopes ?? []))
      const verdict = off === undefined ? verdictOf(source, view.decides, decisive) : 'off'
      steps.push({ source: source.name, verdict, detail: view.detail })
      if (verdict === 'decides') decisive = source
    }
    return { steps, scopes }
  }
}

/** What a hook says is final (V-H6). */
function isReplaceable({ state, source }: Answer): boolean {
  return source !== 'hook' && REPLACEABLE.has(state)
}

/** The later answer, if there is one; where neither has found the name, the reason why nobody was asked for it stays. */
function withReasonOf(before: Answer | undefined, found: Answer | undefined): Answer | undefined {
  if (found === undefined || before?.state !== 'not-found' || found.state === 'success') return found ?? before
  return { ...found, extendedError: before.extendedError }
}

/** `decisive`: the source before that has an answer. Only what servers say can fail, and be replaced. */
function verdictOf(
  source: AnswerSource,
  decides: boolean,
  decisive: AnswerSource | undefined,
): ExplainedStep['verdict'] {
  if (decisive === undefined) return decides ? 'decides' : 'passes'
  if (!source.standsBy || decisive.name !== 'scopes') return 'unreached'
  return decides ? 'stands-by' : 'passes'
}
