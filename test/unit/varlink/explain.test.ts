import { describe, expect, test } from 'vitest'
import type { Authorization } from '../../../src/control/index.ts'
import { Service } from '../../../src/varlink/connection/service.ts'
import { explainInterface } from '../../../src/varlink/methods/explain.ts'
import type { EXPLAIN_INTERFACE, Reply } from '../../../src/varlink-idl/index.ts'
import { TYPE, typeText } from '../../../src/wire/index.ts'
import { validating } from '../../kit/validating-world.ts'
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

describe('the chain of trust', () => {
  const why = async (world: World, name: string, ask: boolean) => {
    const { ports, authority } = fakePorts()
    authority.verdict = 'denied'
    const service = new Service([explainInterface({ ...ports, resolver: world.resolver })], new RecordingLog())
    const called = call(service, 'io.tsresolved.Explain.Why', { name, types: [TYPE.A], ask })
    const [reply] = await world.run(called)
    return reply?.parameters as Reply<typeof EXPLAIN_INTERFACE, 'Why'>
  }
  const shape = ({ trust = [] }: Awaited<ReturnType<typeof why>>) =>
    trust.map(({ anchor, links, verdict }) => [
      anchor?.name,
      ...links.map(({ name, type, zone }) => `${name} ${typeText(type)} by ${zone}`),
      verdict,
    ])

  test('is told from the anchor down to the name', async () => {
    const { world } = validating()
    expect(shape(await why(world, 'www.signed.test', true))).toEqual([
      [
        '.',
        '. DNSKEY by .',
        'test DS by .',
        'test DNSKEY by test',
        'signed.test DS by test',
        'signed.test DNSKEY by signed.test',
        'www.signed.test A by signed.test',
        'secure',
      ],
    ])
  })

  test('is told as far as it holds, with the link that is broken', async () => {
    const { world } = validating((message, { name, type }) =>
      name === 'signed.test' && type === TYPE.DNSKEY
        ? { ...message, answer: message.answer.filter((record) => record.type !== TYPE.RRSIG) }
        : message,
    )
    const reply = await why(world, 'www.signed.test', true)
    expect(shape(reply)[0]?.slice(-2)).toEqual(['signed.test DS by test', 'failure'])
    expect(reply.trust?.[0]).toMatchObject({
      result: 'no-signature',
      reason: 'signed.test DNSKEY has no signature by signed.test',
    })
  })

  test('ends where a zone is proven to be unsigned', async () => {
    const { world } = validating()
    const [trust] = (await why(world, 'www.plain.test', true)).trust ?? []
    expect(trust).toMatchObject({ verdict: 'insecure', reason: 'plain.test is delegated without DS' })
  })

  test('is not asked for unless somebody wants to see it, and changes nothing', async () => {
    const { world } = validating()
    expect((await why(world, 'www.signed.test', false)).trust).toBe(undefined)
    expect(world.exchanges).toEqual([])
    await why(world, 'www.signed.test', true)
    const counted = { ...world.verdicts }
    await why(world, 'www.signed.test', true)
    expect(world.verdicts).toEqual(counted)
  })
})
