import { expect, test } from 'vitest'
import { addressesIn } from '../kit/messages.ts'
import { World } from '../kit/world.ts'

function worldWithDelegate(): World {
  const world = new World({
    links: [{ ifindex: 2, dns: ['10.2.0.1'] }],
    delegates: [{ id: 'corp', dns: ['10.9.0.1'], domains: ['~corp.test'] }],
  })
  world.serve('*', ({ server, question }) => ({ answer: [`${question.name} 300 A 192.0.2.${server.split('.')[1]}`] }))
  return world
}

test('R-DELEG: a delegate takes the names of its domains', async () => {
  const world = worldWithDelegate()
  expect(addressesIn(await world.ask('www.corp.test'))).toEqual(['192.0.2.9'])
  expect(world.asked('10.2.0.1')).toEqual([])
})

test('R-ROUTE-9: and no other, unless it is a default route', async () => {
  const world = worldWithDelegate()
  expect(addressesIn(await world.ask('www.test'))).toEqual(['192.0.2.2'])
  expect(world.asked('10.9.0.1')).toEqual([])
})

test('R-DELEG: it is no link, so a question tied to one does not reach it', async () => {
  const world = worldWithDelegate()
  const query = { name: 'www.corp.test', types: [1], class: 1, flags: 0, ifindex: 2 }
  await world.resolve({ ...query, relayed: undefined, patienceForRest: undefined } as never)
  expect(world.asked('10.9.0.1')).toEqual([])
  expect(world.asked('10.2.0.1')).toEqual(['www.corp.test A'])
})
