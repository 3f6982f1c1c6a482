import { afterEach, expect, test, vi } from 'vitest'
import { logWriter } from '../../../src/sys/log-writer.ts'

const written = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
afterEach(() => written.mockClear())

const HOSTILE = 'link 3 (\u001B[2J\u009B31m): \r\u0007\u202Edns'

test.each([[{}], [{ JOURNAL_STREAM: '8:1' }]])(
  'a link named by an escape sequence steered the terminal: %o',
  (environment) => {
    logWriter(environment)('info', HOSTILE)
    const [line] = written.mock.calls[0] as [string]
    expect(line).toContain('link 3 (?[2J?31m): ???dns')
    expect(line.endsWith('\n')).toBe(true)
  },
)

test('a stack keeps its lines', () => {
  logWriter({})('err', 'Error: x\n    at y')
  expect(written.mock.calls[0]?.[0]).toContain('Error: x\n    at y\n')
})
