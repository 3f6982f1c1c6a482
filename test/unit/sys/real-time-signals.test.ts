import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'

/** Node that reads TypeScript itself has the descriptors free that tsx would take, of which signals have their own. */
const TYPESCRIPT =
  'typescript' in process.features && process.features.typescript !== false
    ? ['--disable-warning=ExperimentalWarning']
    : ['--import', 'tsx']

/** A process that takes them and prints what it is told; Node could not be tested in the test runner's own. */
async function victim(...options: string[]) {
  const script = new URL('real-time-victim.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [...TYPESCRIPT, script, ...options], { stdio: ['pipe', 'pipe', 'inherit'] })
  started.add(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => (await lines.next()).value as string
  expect(await next()).toBe('ready')
  const kill = (...words: string[]) => execFileSync('/bin/kill', ['-s', ...words, String(child.pid)])
  return { child, next, kill }
}

const started = new Set<ChildProcess>()
afterEach(async () => {
  for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  started.clear()
})

test('SIGRTMIN+1 killed the daemon: no real-time signal does, and those asked for are told, with their value', async () => {
  const { child, next, kill } = await victim()
  for (let signal = 0; signal <= 30; signal++) if (signal !== 1 && signal !== 18) kill(`RTMIN+${signal}`)
  kill('RTMIN+1')
  expect(await next()).toBe('1 undefined')
  kill('RTMIN+18')
  expect(await next()).toBe('18 undefined')
  kill('RTMIN+18', '-q', '263')
  expect(await next()).toBe('18 263')
  child.stdin.end()
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('signals that come while it computes, in a flood, do no harm', async () => {
  const { child, next, kill } = await victim('--busy')
  for (let round = 0; round < 50; round++) kill('RTMIN+18', '-q', String(round))
  kill('RTMIN+1')
  let line = ''
  let told = 0
  while (line !== '1 undefined') {
    line = await next()
    told++
    expect(line).toMatch(/^18 (?:undefined|[1-4]?\d)$|^1 undefined$/)
  }
  expect(told).toBeGreaterThan(1)
  child.stdin.end()
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('a descriptor that somebody else has is not taken from them', async () => {
  const { child, next, kill } = await victim('--taken')
  expect(await next()).toMatch(/^warning Signal \d+ is ignored, as descriptor \d+ is in use\.$/)
  kill('RTMIN+1')
  kill('RTMIN+18')
  expect(await next()).toBe('18 undefined')
  child.stdin.end()
  expect(await once(child, 'exit')).toEqual([0, null])
})
