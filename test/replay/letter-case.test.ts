import { describe, expect, test } from 'vitest'
import { AF_INET, sharedAbort } from '../../src/base/index.ts'
import type { Lookup, ServiceResult } from '../../src/lookup/index.ts'
import { Journal } from '../../src/observe/index.ts'
import { reportOf } from '../../src/observe/inspector.ts'
import { questionOutput } from '../../src/varlink/output/observe.ts'
import { reportOutput } from '../../src/varlink/output/monitor.ts'
import { expandName, HEADER_SIZE, TC, textOfWire } from '../../src/wire/index.ts'
import type { Message } from '../../src/wire/index.ts'
import { addressesIn, replyFor } from '../kit/messages.ts'
import { type Server, World } from '../kit/world.ts'

const { signal } = sharedAbort() // each world waits for it
const ANYWHERE = { ifindex: 0, flags: 0, family: AF_INET }

function worldWith(server: Server, domains: string[] = [], hosts = ''): World {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'], domains }], hosts })
  world.serve('*', (exchange) => (exchange.channel === 'udp' ? { flags: TC } : server(exchange)))
  return world
}

/** Names in the questions that reached servers by TCP, where no letters are drawn, as they were written. */
function sent(world: World): string[] {
  const streams = world.exchanges.filter(({ channel }) => channel === 'tcp')
  return streams.map(({ wire }) => textOfWire(expandName(wire, HEADER_SIZE).wire))
}

function owners({ answer }: Message): string[] {
  return answer.map(({ owner }) => textOfWire(owner))
}

async function canonical(world: World, name: string): Promise<string> {
  const found = await world.run(world.lookups.hostname({ ...ANYWHERE, name }, signal))
  return found.ok ? found.value.canonical : found.failure.message
}

const addressOf: Server = ({ question: { name } }) => ({ answer: [`${name} 60 A 192.0.2.1`] })

describe('names keep the letters in which they are written (RFC 4343 §4.1)', () => {
  test('questions left in lower case', async () => {
    const world = worldWith(addressOf)
    await world.ask('WwW.Test')
    await canonical(world, 'Bus.Test')
    expect(sent(world)).toEqual(['WwW.Test', 'Bus.Test'])
  })

  test('each client sees the name as it wrote it, asked or known', async () => {
    const world = worldWith(addressOf)
    for (const name of ['WWW.test', 'www.test', 'wWw.teST']) {
      expect(owners(await world.ask(name))).toEqual([name])
      expect(await canonical(world, name)).toBe(name)
    }
    expect(sent(world)).toEqual(['WWW.test'])
  })

  test('so do those who share one question', async () => {
    const world = worldWith(({ question: { name } }) => ({ after: 20, reply: { answer: [`${name} 60 A 192.0.2.1`] } }))
    const asked = [world.ask('WWW.test'), world.ask('www.Test')]
    expect((await Promise.all(asked)).map(owners)).toEqual([['WWW.test'], ['www.Test']])
    expect(sent(world)).toEqual(['WWW.test'])
  })

  test('what another client wrote is not passed on', async () => {
    const world = worldWith(addressOf)
    await canonical(world, 'SECRET.test')
    expect(await canonical(world, 'secret.test')).toBe('secret.test')
  })

  test('a search domain completes what was written', async () => {
    const world = worldWith(addressOf, ['corp.test'])
    expect(await canonical(world, 'WeB')).toBe('WeB.corp.test')
    expect(await canonical(world, 'web')).toBe('web.corp.test')
    expect(sent(world)).toEqual(['WeB.corp.test'])
  })

  test('the target of a CNAME is asked for, and told, as the CNAME writes it', async () => {
    const world = worldWith(({ question: { name } }) => ({
      answer: [name === 'a.test' ? 'a.test 60 CNAME Real.Example' : `${name} 60 A 192.0.2.1`],
    }))
    for (let i = 0; i < 2; i++) {
      const reply = await world.ask('A.test')
      expect(owners(reply)).toEqual(['A.test', 'Real.Example'])
      expect(addressesIn(reply)).toEqual(['192.0.2.1'])
      expect(await canonical(world, 'A.test')).toBe('Real.Example')
    }
    expect(sent(world)).toEqual(['A.test', 'Real.Example'])
  })

  test('monitor and journal told names in lower case', async () => {
    const world = worldWith(
      ({ question: { name } }) => ({
        answer: [name === 'web.corp.test' ? 'web.corp.test 60 CNAME Real.Example' : `${name} 60 A 192.0.2.1`],
      }),
      ['corp.test'],
    )
    const { watchers } = world.resolver
    const services = { watchers, clock: world.clock, ownerOf: () => undefined, replayCounter: { replays: 0 } }
    using journal = new Journal({ ...services, processName: async () => undefined })
    const reports: ReturnType<typeof reportOutput>[] = []
    using _ = watchers.watch((resolution) => void reports.push(reportOutput(reportOf(resolution))))
    await canonical(world, 'WeB')
    expect(journal.recent().map((entry) => questionOutput(entry).name)).toEqual(['WeB'])
    expect(reports).toMatchObject([
      {
        question: [{ name: 'Real.Example' }],
        collectedQuestions: [{ name: 'WeB.corp.test' }],
        answer: [{ rr: { key: { name: 'WeB.corp.test' } } }, { rr: { key: { name: 'Real.Example' } } }],
      },
    ])
  })

  test('a failure names what was asked for', async () => {
    const world = worldWith(() => ({ rcode: 3 }))
    expect(await canonical(world, 'None.Test')).toBe("Name 'None.Test' not found")
  })

  test('a name in the hosts file is written as there, whoever asks', async () => {
    const world = worldWith(addressOf, [], '192.0.2.9 MyBox.test Alias\n')
    expect(await canonical(world, 'mybox.test')).toBe('MyBox.test')
    expect(await canonical(world, 'alias')).toBe('MyBox.test')
  })

  test('dbus.md §3.4: ResolveService gave the name of an instance back in lower case', async () => {
    const world = worldWith(({ question: { name, type } }) =>
      type === 33 ? { answer: [`${name} 60 SRV 0 0 80 Web1.test`] } : { answer: [`${name} 60 A 192.0.2.1`] },
    )
    const request = { ...ANYWHERE, name: 'Lab Web v1.2', type: '_http._tcp', domain: 'Test', flags: 1 << 5 }
    const found = await world.run(world.lookups.service(request, signal))
    expect(serviceIn(found)).toEqual({ name: 'Lab Web v1.2', type: '_http._tcp', domain: 'Test', hosts: ['Web1.test'] })
    expect(sent(world)[0]).toBe(String.raw`Lab\032Web\032v1\.2._http._tcp.Test`)
  })
})

function serviceIn(found: Lookup<ServiceResult>): object {
  if (!found.ok) return found.failure
  return { ...found.value.canonical, hosts: found.value.services.map(({ hostname }) => hostname) }
}

test('owners that repeat the drawn letters without pointing to the question reached clients', async () => {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
  world.serve('10.2.0.1', ({ question: { name }, wire }) => {
    const reply = replyFor(wire, { answer: [`${name} 60 A 192.0.2.1`] })
    const end = wire.indexOf(0, HEADER_SIZE) + 1
    const answerAt = reply.indexOf(Buffer.from([0xc0, HEADER_SIZE]))
    const echoed = [reply.subarray(0, answerAt), wire.subarray(HEADER_SIZE, end), reply.subarray(answerAt + 2)]
    return answerAt < 0 ? reply : Buffer.concat(echoed)
  })
  for (const name of ['a.test', 'b.test', 'www.test']) {
    const reply = await world.ask(name)
    expect(reply.answer.map(({ owner }) => textOfWire(owner))).toEqual([name])
  }
})
