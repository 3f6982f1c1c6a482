import type { OutgoingQuery, Transport } from '../../src/upstream/index.ts'

/** A transport's exchange as a promise, and how to take it back: then the promise never settles. */
export function exchange(transport: Transport, query: OutgoingQuery): Promise<Buffer> & { takeBack(): void } {
  let takeBack = (): void => undefined
  const promise = new Promise<Buffer>((resolve, reject) => {
    takeBack = transport.exchange(query, (result) => (Buffer.isBuffer(result) ? resolve(result) : reject(result)))
  })
  return Object.assign(promise, { takeBack })
}
