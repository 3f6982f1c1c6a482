import { expect, test } from 'vitest'
import { EncryptionState } from '../../../src/upstream/encryption-state.ts'

const connection = {
  version: 'TLSv1.3',
  verifiedAs: 'dns.test',
  isResumed: false,
  readyAt: 100,
  took: 20,
  isOpen: true,
}

test('people are told version, what was verified, age, handshakes, resumptions, and why an attempt failed', () => {
  const state = new EncryptionState('tls', true)
  expect(state.report(0)).toMatchObject({ mode: 'strict', state: 'untried', version: undefined, age: undefined })
  state.onMessage(connection, 110, 130)
  state.onMessage(connection, 140, 150)
  expect(state.report(600)).toMatchObject({
    state: 'works',
    version: 'TLSv1.3',
    verifiedAs: 'dns.test',
    isOpen: true,
    age: 500,
    handshakes: 1,
    resumptions: 0,
    failures: 0,
    failure: undefined,
  })
  state.onFailed('untrusted', 'certificate of 192.0.2.1 expired', 700)
  expect(state.report(700)).toMatchObject({
    state: 'failing',
    failures: 1,
    failure: 'certificate of 192.0.2.1 expired',
  })
  state.onMessage({ ...connection, isResumed: true, readyAt: 800 }, 810, 820)
  expect(state.report(900)).toMatchObject({
    state: 'works',
    age: 100,
    handshakes: 2,
    resumptions: 1,
    failure: undefined,
  })
})
