import { expect, test } from 'vitest'
import { World } from '../kit/world.ts'

const LAN = { ifindex: 2, name: 'lan', dns: ['10.2.0.1', '10.2.0.3'] }
const VPN = { ifindex: 3, name: 'vpn', dns: ['10.3.0.1'], domains: ['~corp.test'] }

test('info: a server that is left and taken back is told once each, however many questions there are', async () => {
  const world = new World({ links: [LAN], logLevel: 'info' })
  world.serve('*', () => ({ answer: ['www.test 60 A 192.0.2.1'] }))
  await world.ask('a.test')
  world.log.length = 0
  world.serve('10.2.0.1', () => 'silence')
  for (let i = 0; i < 20; i++) {
    await world.ask(`n${i}.test`)
    await world.advance(500)
  }
  expect(told(world)).toEqual(['link 2 (lan): DNS server 10.2.0.1%lan does not answer. The others are asked first.'])
  world.serve('10.2.0.1', () => ({ answer: ['www.test 60 A 192.0.2.1'] }))
  for (let i = 0; i < 20; i++) {
    await world.ask(`m${i}.test`)
    await world.advance(500)
  }
  expect(told(world).slice(1)).toEqual(['link 2 (lan): DNS server 10.2.0.1%lan answers again.'])
})

test('info: links that come and go are told with their servers and what they are asked for', () => {
  const world = new World({ links: [LAN], logLevel: 'info' })
  expect(told(world)).toEqual(['link 2 (lan): DNS servers 10.2.0.1%lan 10.2.0.3%lan for names that nobody claims.'])
  world.log.length = 0
  world.change({ links: [LAN, VPN] })
  expect(told(world)).toEqual(['link 3 (vpn): DNS servers 10.3.0.1%vpn for corp.test.'])
  world.change({ links: [LAN, VPN] })
  expect(told(world)).toHaveLength(1)
  world.change({ links: [LAN] })
  expect(told(world).slice(1)).toEqual(['link 3 (vpn): no longer asked (its DNS servers were 10.3.0.1%vpn).'])
})

test('info: what a reload changed is told, and nothing where it changed nothing', () => {
  const world = new World({ links: [LAN], logLevel: 'info' })
  world.log.length = 0
  world.reload({ links: [LAN], dns: ['10.9.0.1'], domains: ['~corp.test'] })
  expect(told(world)).toEqual(['global: DNS servers 10.9.0.1 for corp.test, names that nobody claims.'])
  world.reload({ links: [LAN], dns: ['10.9.0.1'], domains: ['~corp.test'] })
  expect(told(world)).toHaveLength(1)
})

function told({ log }: World): string[] {
  return log.map((line) => line.replace(/^\w+: (?=link|global)/, ''))
}
