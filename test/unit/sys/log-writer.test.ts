import { afterEach, expect, test, vi } from 'vitest'
import { logWriter } from '../../../src/sys/log-writer.ts'

const stream = vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
afterEach(() => stream.mockClear())

const HOSTILE = 'link 3 (\u001B[2J\u009B31m): \r\u0007\u202Edns'

/** A descriptor that takes so many bytes of each line. */
function taking(bytes: number) {
  const texts: string[] = []
  const writeNow = (_: number, line: Buffer) => {
    const taken = line.subarray(0, bytes)
    texts.push(taken.toString())
    return taken.length
  }
  return { texts, writeNow }
}

function failing(code: string): () => number {
  return () => {
    throw Object.assign(new Error(code), { code })
  }
}

function streamed(): string[] {
  return stream.mock.calls.map(([bytes]) => String(bytes))
}

test.each([[{}], [{ JOURNAL_STREAM: '8:1' }]])(
  'a link named by an escape sequence steered the terminal: %o',
  (environment) => {
    const { texts, writeNow } = taking(Infinity)
    logWriter(environment, writeNow)('info', HOSTILE)
    expect(texts[0]).toContain('link 3 (?[2J?31m): ???dns')
    expect(texts[0]?.endsWith('\n')).toBe(true)
  },
)

test('a stack keeps its lines', () => {
  const { texts, writeNow } = taking(Infinity)
  logWriter({}, writeNow)('err', 'Error: x\n    at y')
  expect(texts[0]).toContain('Error: x\n    at y\n')
})

test('what a slow reader of a non-blocking descriptor does not take at once goes through the stream, and all that follows', () => {
  const { texts, writeNow } = taking(3)
  const write = logWriter({ JOURNAL_STREAM: '8:1' }, writeNow)
  write('info', 'first')
  write('info', 'second')
  expect(texts).toEqual(['<6>'])
  expect(streamed()).toEqual(['first\n', '<6>second\n'])
})

test('a reader that takes nothing loses nothing', () => {
  logWriter({ JOURNAL_STREAM: '8:1' }, failing('EAGAIN'))('info', 'first')
  expect(streamed()).toEqual(['<6>first\n'])
})

test('a reader that is gone is no failure', () => {
  const write = logWriter({}, failing('EPIPE'))
  expect(() => write('info', 'first')).not.toThrow()
  expect(streamed()).toEqual([])
})
