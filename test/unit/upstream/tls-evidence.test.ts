import { expect, test } from 'vitest'
import { TlsEvidence } from '../../../src/upstream/tls-evidence.ts'

test('E-OPP-1: a server of which nothing is known is offered TLS', () => {
  const evidence = new TlsEvidence()
  expect(evidence).toMatchObject({ state: 'untried', isOffered: true, retryAt: undefined })
})

test('E-OPP-2: after a failure questions go in plaintext, and it is tried again after a second', () => {
  const evidence = new TlsEvidence()
  evidence.onFailed('silent', 5000)
  expect(evidence).toMatchObject({ state: 'silent', isOffered: false, retryAt: 6000 })
})

test('one lost handshake with a server that works costs a second of plaintext, not minutes, and no line in the log', () => {
  const evidence = new TlsEvidence()
  expect(evidence.onAnswered()).toBe('on')
  expect(evidence.onFailed('silent', 0)).toBeUndefined()
  expect(evidence.retryAt).toBe(1000)
  expect(evidence.onAnswered()).toBeUndefined()
  expect(evidence).toMatchObject({ state: 'works', failures: 0, isOffered: true })
})

test('E-LIFE-6: each change is told once, the failure when it is no accident', () => {
  const evidence = new TlsEvidence()
  const news = [
    evidence.onFailed('refused', 0),
    evidence.onFailed('refused', 1000),
    evidence.onFailed('broken', 3000),
    evidence.onAnswered(),
    evidence.onAnswered(),
    evidence.onFailed('silent', 9000),
    evidence.onFailed('silent', 9999),
    evidence.onFailed('silent', 12_000),
  ]
  expect(news).toEqual([undefined, 'refused', undefined, 'on', undefined, undefined, 'silent', undefined])
})

test('E-OPP-2: pauses between attempts double up to five minutes', () => {
  const evidence = new TlsEvidence()
  const pauses = Array.from({ length: 12 }, () => {
    evidence.onFailed('refused', 0)
    return evidence.retryAt
  })
  expect(pauses.slice(0, 4)).toEqual([1000, 2000, 4000, 8000])
  expect(pauses.slice(-2)).toEqual([300_000, 300_000])
})

test('an attempt under way keeps others from beginning', () => {
  const evidence = new TlsEvidence()
  evidence.onFailed('refused', 0)
  evidence.onRetry(1000)
  expect(evidence.retryAt).toBe(2000)
})

test('R-SRV-16: on another network it is untried, and what it turns out to be is told anew only where it differs', () => {
  const evidence = new TlsEvidence()
  evidence.onFailed('refused', 0)
  evidence.onFailed('refused', 0)
  evidence.reset()
  expect(evidence.isOffered).toBe(true)
  expect([evidence.onFailed('refused', 0), evidence.onFailed('refused', 0)]).toEqual([undefined, undefined])
  expect(evidence.onAnswered()).toBe('on')
})
