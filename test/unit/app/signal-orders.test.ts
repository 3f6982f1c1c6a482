import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { Logger } from '../../../src/base/index.ts'
import { controlCommand } from '../../../src/app/control-command.ts'
import { SignalOrders } from '../../../src/app/signal-orders.ts'

function scene() {
  const source = new EventEmitter()
  const done: string[] = []
  const notifier = { notify: (word: string) => done.push(word) > 0 }
  const logger = new Logger('notice', (_level, line) => done.push(line))
  const orders = new SignalOrders(source, notifier, logger)
  let release: (error?: Error) => void = () => {}
  const daemon = {
    reload: () => {
      done.push('reload')
      return new Promise<void>((resolve, reject) => {
        release = (error) => (error === undefined ? resolve() : reject(error))
      })
    },
    dump: () => void done.push('dump'),
    flush: () => void done.push('flush'),
    resetServerFeatures: () => void done.push('reset'),
  }
  const send = (...signals: string[]) => signals.forEach((signal) => source.emit(signal))
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return { source, orders, logger, daemon, done, send, turn, release: (error?: Error) => release(error) }
}

test('R-PROC-1: signals during the start are obeyed after it, each once', async () => {
  const { orders, daemon, done, send, turn } = scene()
  send('SIGHUP', 'SIGUSR2', 'SIGHUP')
  await turn()
  expect(done).toEqual([])
  orders.handleWith(daemon)
  await turn()
  expect(done).toEqual(['flush', 'RELOADING=1', 'reload'])
})

test('R-PROC-1: one reload after the other, also when one fails', async () => {
  const { orders, daemon, done, send, turn, release } = scene()
  orders.handleWith(daemon)
  send('SIGHUP', 'SIGHUP', 'SIGUSR1')
  await turn()
  expect(done).toEqual(['dump', 'RELOADING=1', 'reload'])
  release(new Error('no such file'))
  await turn()
  expect(done.slice(3)).toEqual(['Reload failed: no such file', 'READY=1', 'RELOADING=1', 'reload'])
})

test('the end waits for a reload in progress, and drops those that wait', async () => {
  const { orders, daemon, done, send, turn, release } = scene()
  orders.handleWith(daemon)
  send('SIGHUP', 'SIGHUP')
  await turn()
  const ended = orders[Symbol.asyncDispose]().then(() => done.push('ended'))
  send('SIGHUP', 'SIGUSR2')
  await turn()
  expect(done).toEqual(['RELOADING=1', 'reload'])
  release()
  await ended
  expect(done.slice(2)).toEqual(['READY=1', 'ended'])
})

test('R-PROC-1: SIGRTMIN+1 forgets what servers can do, also when it came during the start', () => {
  const { orders, daemon, done } = scene()
  orders.realTime.get(1)?.(undefined)
  orders.handleWith(daemon)
  orders.realTime.get(1)?.(undefined)
  expect(done).toEqual(['reset', 'reset'])
})

test('R-PROC-1: SIGRTMIN+18 sets the level of the log, tells of memory, and asks nothing of the daemon', () => {
  const { orders, logger, done } = scene()
  const control = (value?: number) => orders.realTime.get(18)?.(value)
  control(0x107)
  expect(logger.level).toBe('debug')
  control(0x300)
  control(0x301)
  control()
  expect(done).toEqual([
    expect.stringMatching(/^Memory: rss \d+ MiB, heap \d+ of \d+ MiB, buffers \d+ MiB$/),
    'SIGRTMIN+18 without a value is ignored.',
  ])
})

test.each(['SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR', 'SIGSTKFLT'])(
  '%s, which means nothing, is caught',
  (signal) => {
    const { source, done, send } = scene()
    expect(source.listenerCount(signal)).toBe(1)
    send(signal)
    expect(done).toEqual([])
  },
)

test.each([
  [0x100, { kind: 'log-level', level: 'emerg' }],
  [0x107, { kind: 'log-level', level: 'debug' }],
  [0x108, { kind: 'unknown', text: 'with value 264' }],
  [0xff, { kind: 'unknown', text: 'with value 255' }],
  [-1, { kind: 'unknown', text: 'with value -1' }],
  [0x300, { kind: 'trim-memory' }],
  [0x301, { kind: 'memory-use' }],
  [undefined, { kind: 'unknown', text: 'without a value' }],
])('SIGRTMIN+18 with value %s', (value, command) => {
  expect(controlCommand(value)).toEqual(command)
})
