import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { COVERAGE_FILE, citations, coverageText, definedPlaces, definedRules } from './rules/rules.ts'

const rules = definedRules()
const numbers = new Set(rules.map(({ id }) => id))
const cited = citations()

describe('test/rules', () => {
  test('the readers see what there is', () => {
    expect(rules.length).toBeGreaterThan(200)
    expect(cited.length).toBeGreaterThan(1000)
    expect(definedPlaces()).toContain('dbus.md §3.1')
    expect(definedPlaces()).toContain('R-DELEG')
  })

  test('no rule is defined twice', () => {
    expect(rules.map(({ id }) => id).filter((id, i, all) => all.indexOf(id) !== i)).toEqual([])
  })

  test('every rule, group and section that is cited exists', () => {
    const places = definedPlaces()
    const missing = cited.filter(({ to }) => !numbers.has(to) && !places.has(to))
    expect(missing.map(({ to, at }) => `${at} cites ${to}`)).toEqual([])
  })

  test('coverage.md is up to date: npm run rules', () => {
    expect(readFileSync(COVERAGE_FILE, 'utf8')).toBe(coverageText())
  })
})
