import { expect, test } from 'vitest'
import type { Authorization } from '../../../src/control/index.ts'
import { Service } from '../../../src/varlink/connection/service.ts'
import { explainInterface } from '../../../src/varlink/methods/explain.ts'
import { TYPE } from '../../../src/wire/index.ts'
import { World } from '../../kit/world.ts'
import { call, fakePorts, RecordingLog } from './support.ts'

/** What `Why` tells a caller of whom polkit says `verdict`, half a minute after somebody else asked for the name. */
async function told(verdict: Authorization, ask: boolean) {
  const world = new World({ links: [{ ifindex: 2, name: 'lan', dns: ['10.2.0.1'] }] })
  world.serve('*', () => ({ answer: ['a.test 60 A 192.0.2.1'] }))
  await world.ask('a.test')
  await world.advance(30_000)
  const { ports, authority } = fakePorts()
  authority.verdict = verdict
  const service = new Service([explainInterface({ ...ports, resolver: world.resolver })], new RecordingLog())
  const [reply] = await call(service, 'io.tsresolved.Explain.Why', { name: 'a.test', types: [TYPE.A], ask })
  return { reply: reply?.parameters as Record<string, unknown>, authority }
}

test('whoever may dump the cache is told what is cached, from whom and since when', async () => {
  const { reply, authority } = await told('allowed', true)
  expect(JSON.stringify(reply)).toContain('"kind":"positive"')
  expect(JSON.stringify(reply)).toContain('learntUSec')
  expect(authority.asked.map(([operation]) => operation)).toEqual(['dump-cache'])
})

test.each([
  ['without asking', false],
  ['with asking', true],
])('why does not tell an ordinary user what others looked up and when: %s', async (_how, ask) => {
  const { reply, authority } = await told('denied', ask)
  expect(reply).toMatchObject({ cacheHidden: true, scopes: [{ cache: [] }, { cache: [] }] })
  expect(JSON.stringify(reply)).not.toMatch(/learntUSec|ageUSec|remainingUSec|olderThanChange|"kind"/)
  expect(authority.asked[0]?.[3]).toBe(false) // nobody is asked for a password
})
