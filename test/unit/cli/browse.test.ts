import { describe, expect, test } from 'vitest'
import { changeLine, type ServiceEntry, serviceLines, ServiceList } from '../../../src/cli/watch/service-list.ts'

function entry(name: string | undefined, parts: Partial<ServiceEntry> = {}): ServiceEntry {
  return { updateFlag: 'added', family: 2, name, type: '_ipp._tcp', domain: 'local', ifindex: 2, ...parts }
}

function listOf(...entries: ServiceEntry[]): ServiceList {
  const list = new ServiceList((ifindex) => `lan${ifindex}`)
  list.apply(entries)
  return list
}

function screen(list: ServiceList, rows = 8, columns = 60): string[] {
  return serviceLines(list, '_ipp._tcp.local', '', { columns, rows }).map((line) => {
    return line
      .map(({ text }) => text)
      .join('')
      .trimEnd()
  })
}

describe('C-B-1: the table', () => {
  test('has a row for each service of a link, with the IP versions that tell it', () => {
    const list = listOf(entry('b'), entry('a'), entry('a', { family: 10 }), entry('a', { ifindex: 3, family: 10 }))
    expect(screen(list)).toEqual([
      '_ipp._tcp.local  3 found',
      'name          type       link        IP',
      'a             _ipp._tcp  lan2        4 6',
      'a             _ipp._tcp  lan3        6',
      'b             _ipp._tcp  lan2        4',
      '',
      '',
      ' q quit  ↑↓ scroll',
    ])
  })

  test('a row stays until it is gone by both IP versions', () => {
    const list = listOf(entry('a'), entry('a', { family: 10 }))
    list.apply([entry('a', { updateFlag: 'removed' })])
    expect(screen(list)[2]).toContain('lan2        6')
    list.apply([entry('a', { updateFlag: 'removed', family: 10 })])
    expect(screen(list)[0]).toContain('0 found')
  })

  test('scrolls where there is no room, and no further than the last', () => {
    const list = listOf(...Array.from({ length: 20 }, (_, i) => entry(`p${String(i).padStart(2, '0')}`)))
    list.scroll(10)
    expect(screen(list).slice(0, 3).join('|')).toMatch(/20 found, from 11 on\|.*\|p10 /)
    list.scroll(50)
    expect(list.first).toBe(19)
    list.scroll(-100)
    expect(list.first).toBe(0)
  })

  test('is as large as the terminal, and control characters of neighbours do nothing', () => {
    const lines = screen(listOf(entry(`\x1b[2J${'x'.repeat(60)}`)), 5, 30)
    expect(lines).toHaveLength(5)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(30)
    expect(lines[2]?.startsWith('?[2Jxx')).toBe(true)
  })

  test('types alone have no name', () => {
    expect(screen(listOf(entry(undefined)))[2]).toBe('–             _ipp._tcp  lan2        4')
  })
})

test('C-B-1: a line for each change', () => {
  expect(changeLine(entry('Büro 1'), 'lan')).toBe('+ lan IPv4  _ipp._tcp.local  Büro 1')
  expect(changeLine(entry(undefined, { updateFlag: 'removed', family: 10 }), 'lan')).toBe('- lan IPv6  _ipp._tcp.local')
})
