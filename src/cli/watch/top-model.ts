import type { OBSERVE_INTERFACE, Reply } from '../../varlink-idl/index.ts'
import type { LinkView } from '../diagnose/doctor-findings.ts'
import type { ReportedQuestion } from './questions.ts'

/** Counters of one moment. */
export type Metrics = Pick<Reply<typeof OBSERVE_INTERFACE, 'DumpMetrics'>, 'scopes' | 'servers'>
export type ScopeMetrics = Metrics['scopes'][number]

/** One second of one scope. */
interface Sample {
  readonly questions: number
  readonly hits: number
  readonly failures: number
  /** Microseconds; undefined when nothing went over the network. */
  readonly p50: number | undefined
  readonly p95: number | undefined
}

export interface LinkRow {
  readonly link: LinkView
  readonly samples: readonly Sample[]
}

/** Seconds that are remembered, and questions. */
const SAMPLES = 120
const QUESTIONS = 500

/** What the live screen shows; it changes only by what it is told. */
export class TopModel {
  links: readonly LinkView[] = []
  isPaused = false
  /** Scope whose questions are shown; undefined for all. */
  pickedScope: string | undefined
  /** Counted from the newest. */
  selected = 0
  message = ''
  #metrics: Metrics | undefined
  readonly #samples = new Map<string, Sample[]>()
  #questions: ReportedQuestion[] = []
  /** Questions that came while paused. */
  #waiting: ReportedQuestion[] = []

  /** To be called once a second. */
  onTick(links: readonly LinkView[], metrics: Metrics, seconds: number): void {
    for (const scope of metrics.scopes) {
      const before = this.#metrics?.scopes.find((one) => one.scope === scope.scope)
      const replayed = Math.max(0, replaysOf(links, scope.scope) - replaysOf(this.links, scope.scope)) / seconds
      const sample = sampleBetween(before, scope, seconds)
      if (this.#metrics === undefined) continue
      this.#push(scope.scope, { ...sample, questions: sample.questions + replayed, hits: sample.hits + replayed })
    }
    this.links = links
    this.#metrics = metrics
  }

  onQuestion(question: ReportedQuestion): void {
    const list = this.isPaused ? this.#waiting : this.#questions
    list.push(question)
    if (list.length > QUESTIONS) list.shift()
    if (!this.isPaused && this.selected > 0) this.select(1) // stays with the line
  }

  togglePause(): void {
    this.isPaused = !this.isPaused
    this.#questions = [...this.#questions, ...this.#waiting].slice(-QUESTIONS)
    this.#waiting = []
  }

  /** Moves the selection towards older (positive) or newer questions. */
  select(by: number): void {
    this.selected = Math.max(0, Math.min(this.questions.length - 1, this.selected + by))
  }

  /** The next scope in turn, then all of them. */
  pick(by: number): void {
    const choices = [undefined, ...this.links.map(({ scope }) => scope)]
    const at = Math.max(0, choices.indexOf(this.pickedScope))
    this.pickedScope = choices[(at + by + choices.length) % choices.length]
    this.selected = 0
  }

  get rows(): readonly LinkRow[] {
    return this.links.map((link) => ({ link, samples: this.#samples.get(link.scope) ?? [] }))
  }

  /** Newest first. */
  get questions(): readonly ReportedQuestion[] {
    const { pickedScope } = this
    const picked = this.#questions.filter(({ scope }) => pickedScope === undefined || scope === pickedScope)
    return picked.toReversed()
  }

  get selectedQuestion(): ReportedQuestion | undefined {
    return this.questions[this.selected]
  }

  #push(scope: string, sample: Sample): void {
    const samples = this.#samples.get(scope) ?? []
    samples.push(sample)
    if (samples.length > SAMPLES) samples.shift()
    this.#samples.set(scope, samples)
  }
}

/** Replies that no scope counts, as it does not see them. */
function replaysOf(links: readonly LinkView[], scope: string): number {
  return links.find((link) => link.scope === scope)?.replays ?? 0
}

function sampleBetween(before: ScopeMetrics | undefined, after: ScopeMetrics, seconds: number): Sample {
  const per = (pick: (scope: ScopeMetrics) => number) =>
    Math.max(0, pick(after) - (before === undefined ? 0 : pick(before))) / seconds
  const counts = after.took.counts.map((count, i) => Math.max(0, count - (before?.took.counts[i] ?? 0)))
  return {
    questions: per(({ questions }) => questions),
    hits: per(({ cacheHits }) => cacheHits),
    failures: per(({ failures }) => failures),
    p50: quantile(after.took.boundsUSec, counts, 0.5),
    p95: quantile(after.took.boundsUSec, counts, 0.95),
  }
}

/** The upper bound of the bucket in which it lies; twice the last bound beyond that. Undefined of nothing. */
export function quantile(bounds: readonly number[], counts: readonly number[], share: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return undefined
  let left = total * share
  for (const [i, count] of counts.entries()) {
    left -= count
    if (left <= 0) return bounds[i] ?? (bounds.at(-1) ?? 0) * 2
  }
  return (bounds.at(-1) ?? 0) * 2
}
