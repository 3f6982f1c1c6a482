import type { ScenarioResult } from './report.ts'

/** One figure of a row. */
export type Figure = readonly [scenario: string, row: string, key: string]

export interface Bound {
  readonly atMost?: number
  readonly atLeast?: number
}

/** What was measured; undefined, or nothing, where it was not. */
export interface Measured {
  /** The median of all rounds. */
  readonly median: (figure: Figure) => number | undefined
  /** One for each measurement of each round. */
  readonly each: (figure: Figure) => readonly number[]
}

export interface Goal extends Bound {
  readonly text: string
  /** Undefined when one of the figures was not measured. */
  readonly value: (measured: Measured) => number | undefined
  /** What else is to be known of it. */
  readonly remark?: (measured: Measured) => string | undefined
}

/** One line for each goal, and how many are met. Of a run of all of it also those that could not be measured. */
export function judge(goals: readonly Goal[], results: readonly ScenarioResult[], isWhole: boolean): string {
  const measured = measuredIn(results)
  const judged = goals.map((goal) => ({ goal, value: goal.value(measured) }))
  const known = judged.filter(({ value }) => value !== undefined)
  const lines = (isWhole ? judged : known).map(
    ({ goal, value }) => verdict(goal, value) + remark(goal.remark?.(measured)),
  )
  const met = known.filter(({ goal, value }) => isMet(goal, value as number))
  const others = isWhole ? '' : ` This run measured nothing of ${goals.length - known.length} others.`
  return [...lines, '', `${met.length} of ${known.length} that were measured are met.${others}`].join('\n')
}

/** Ours by theirs. */
export function ratio(text: string, ours: Figure, theirs: Figure, bound: Bound): Goal {
  const value = ({ median }: Measured) => {
    const [a, b] = [median(ours), median(theirs)]
    return a === undefined || b === undefined ? undefined : a / b
  }
  return { text, value, ...bound }
}

export function single(text: string, figure: Figure, bound: Bound, scale = 1): Goal {
  return { text, value: ({ median }) => scaled(median(figure), scale), ...bound }
}

/** Of all measurements the largest counts; `floor` is what a program that does nothing has in the same run. */
export function worst(text: string, figure: Figure, bound: Bound, scale = 1, floor?: Figure): Goal {
  const largest = (values: readonly number[]) => scaled(values.length === 0 ? undefined : Math.max(...values), scale)
  return {
    text: `${text}, the worst of all`,
    value: ({ each }) => largest(each(figure)),
    remark: ({ median, each }) => {
      const values = each(figure)
      if (values.length === 0) return undefined
      const above = values.filter((value) => value * scale > (bound.atMost ?? Infinity)).length
      const typical = `median ${scaled(median(figure), scale)?.toFixed(2)}, ${above} of ${values.length} above`
      const nobody = floor && largest(each(floor))
      return nobody === undefined ? typical : `${typical}; the C echo in this run: ${nobody.toFixed(2)}`
    },
    ...bound,
  }
}

function measuredIn(results: readonly ScenarioResult[]): Measured {
  const rowOf = ([scenario, row]: Figure) =>
    results.find(({ name }) => name === scenario)?.rows.find(({ name }) => name === row)
  return {
    median: (figure) => rowOf(figure)?.medians[figure[2]],
    each: (figure) =>
      (rowOf(figure)?.rounds ?? []).map((round) => round[figure[2]] ?? NaN).filter((value) => !Number.isNaN(value)),
  }
}

function verdict({ text, ...bound }: Goal, value: number | undefined): string {
  const wanted = bound.atMost === undefined ? `≥ ${bound.atLeast}` : `≤ ${bound.atMost}`
  if (value === undefined) return `     ?   ${text}: not measured (${wanted})`
  return `${(isMet(bound, value) ? 'ok' : 'MISSED').padStart(6)}   ${text}: ${value.toFixed(2)} (${wanted})`
}

function isMet({ atMost, atLeast }: Bound, value: number): boolean {
  return value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity)
}

function remark(text: string | undefined): string {
  return text === undefined ? '' : `; ${text}`
}

function scaled(figure: number | undefined, scale: number): number | undefined {
  return figure === undefined ? undefined : figure * scale
}
