import { expect, test } from 'vitest'
import { LinkTable } from '../../../src/control/link-table.ts'
import { DEFAULT_LINK_SETTINGS, type NetworkdLink } from '../../../src/settings/index.ts'

const PUSHED = { settings: { ...DEFAULT_LINK_SETTINGS, defaultRoute: true }, origins: {} }
const MANAGED: NetworkdLink = { isManaged: true, operState: 'routable', settings: DEFAULT_LINK_SETTINGS }

test('what is configured is made anew by each change of it, and by nothing else', () => {
  const table = new LinkTable()
  const seen = [table.configured()]
  const note = () => seen.push(table.configured())
  table.push(2, PUSHED)
  note()
  table.follow(new Map([[3, MANAGED]]))
  note()
  table.forget(2)
  note()
  expect(seen.map((configured) => [...configured.keys()].toSorted((a, b) => a - b))).toEqual([[], [2], [2, 3], [3]])
  expect(table.configured()).toBe(seen.at(-1))
})
