import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { Logger } from '../../../src/base/index.ts'
import { SignalOrders } from '../../../src/app/signal-orders.ts'

function scene() {
  const source = new EventEmitter()
  const done: string[] = []
  const notifier = { notify: (word: string) => done.push(word) > 0 }
  const orders = new SignalOrders(source, notifier, new Logger('debug', (_level, line) => done.push(line)))
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
  }
  const send = (...signals: string[]) => signals.forEach((signal) => source.emit(signal))
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return { orders, daemon, done, send, turn, release: (error?: Error) => release(error) }
}

test('R-PROC-1: signals during the start are obeyed after it, each once', async () => {
  const { orders, daemon, done, send, turn } = scene()
  send('SIGHUP', 'SIGUSR2', 'SIGHUP')
  await turn()
  expect(done).toEqual([])
  orders.obeyBy(daemon)
  await turn()
  expect(done).toEqual(['flush', 'RELOADING=1', 'reload'])
})

test('R-PROC-1: one reload after the other, also when one fails', async () => {
  const { orders, daemon, done, send, turn, release } = scene()
  orders.obeyBy(daemon)
  send('SIGHUP', 'SIGHUP', 'SIGUSR1')
  await turn()
  expect(done).toEqual(['dump', 'RELOADING=1', 'reload'])
  release(new Error('no such file'))
  await turn()
  expect(done.slice(3)).toEqual(['Reload failed: no such file', 'READY=1', 'RELOADING=1', 'reload'])
})

test('the end waits for a reload in progress, and drops those that wait', async () => {
  const { orders, daemon, done, send, turn, release } = scene()
  orders.obeyBy(daemon)
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
