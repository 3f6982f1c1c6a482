import { describe, expect, it } from 'vitest'
import type { ReportedQuestion } from '../../../src/cli/watch/questions.ts'
import { LAN as LINK } from './links.ts'
import { quantile, TopModel } from '../../../src/cli/watch/top-model.ts'
import { HELP, type Line, pageLines, spark, topLines } from '../../../src/cli/watch/top-view.ts'

const metrics = (questions: number, cacheHits: number, counts: readonly number[]) => ({
  scopes: [
    {
      scope: 'link 2 (lan)',
      questions,
      cacheHits,
      failures: 0,
      took: { boundsUSec: [1000, 5000], counts, sumUSec: 0 },
    },
  ],
  servers: [],
})
const question = (name: string, scope = 'link 2 (lan)'): ReportedQuestion => ({
  answeredUSec: 0,
  name,
  types: [1],
  state: 'success',
  rcode: 0,
  records: 1,
  source: 'cache',
  scope,
  tookUSec: 100,
  attempts: 0,
})
const text = (lines: readonly Line[]) => lines.map((line) => line.map((piece) => piece.text).join(''))

describe('top', () => {
  it('counts what happens between two looks', () => {
    const model = new TopModel()
    model.onTick([LINK], metrics(10, 5, [1, 0, 0]), 1)
    model.onTick([LINK], metrics(14, 8, [1, 3, 1]), 2)
    expect(model.rows[0]?.samples).toEqual([{ questions: 2, hits: 1.5, failures: 0, p50: 5000, p95: 10_000 }])
    model.onTick([{ ...LINK, replays: 600 }], metrics(14, 8, [1, 3, 1]), 2)
    expect(model.rows[0]?.samples[1]).toMatchObject({ questions: 300, hits: 300, failures: 0 })
  })

  it.each([
    [[0, 0, 0], 0.5, undefined],
    [[3, 1, 0], 0.5, 1000],
    [[1, 3, 0], 0.5, 5000],
    [[0, 0, 2], 0.5, 10_000],
  ])('quantile of %j at %d', (counts, share, expected) => {
    expect(quantile([1000, 5000], counts, share)).toBe(expected)
  })

  it('sparks by order of magnitude', () => expect(spark([undefined, 1000, 10_000, 1_000_000])).toBe(' ▁▃▇'))

  it('holds questions back while paused, and keeps the selected one', () => {
    const model = new TopModel()
    for (const name of ['a', 'b', 'c']) model.onQuestion(question(name))
    model.select(1)
    model.onQuestion(question('d'))
    expect(model.selectedQuestion?.name).toBe('b')
    model.togglePause()
    model.onQuestion(question('e'))
    expect(model.questions[0]?.name).toBe('d')
    model.togglePause()
    expect(model.questions[0]?.name).toBe('e')
  })

  it('shows the questions of a picked scope', () => {
    const model = new TopModel()
    model.onTick([LINK], metrics(0, 0, [0, 0, 0]), 1)
    model.onQuestion(question('a', 'global'))
    model.onQuestion(question('b'))
    model.pick(1)
    expect(model.questions.map(({ name }) => name)).toEqual(['b'])
    model.pick(1)
    expect(model.questions).toHaveLength(2)
  })

  it.each([
    [80, 24],
    [200, 60],
    [40, 8],
    [20, 3],
  ])('fills %d×%d exactly', (columns, rows) => {
    const model = new TopModel()
    model.onTick([LINK, { ...LINK, name: 'a-very-long-name', scope: 'link 3 (x)' }], metrics(0, 0, [0, 0, 0]), 1)
    for (let i = 0; i < 100; i++) model.onQuestion(question(`name-${i}.${'long.'.repeat(20)}test`))
    model.select(90)
    const lines = text(topLines(model, { columns, rows }, new Date(0)))
    expect(lines).toHaveLength(rows)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
  })

  it('wraps a page that is too wide, and never draws more than fits', () => {
    expect(text(pageLines(['0123456789', '', 'ü'.repeat(5)], { columns: 4, rows: 5 }))).toEqual([
      '0123',
      '4567',
      '89',
      '',
      'üüüü',
    ])
    expect(Math.max(...HELP.map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it('marks what is cut', () => {
    const model = new TopModel()
    model.onTick([LINK], metrics(0, 0, [0, 0, 0]), 1)
    expect(text(topLines(model, { columns: 12, rows: 8 }, new Date(0)))[0]).toMatch(/^.{11}…$/)
  })
})
