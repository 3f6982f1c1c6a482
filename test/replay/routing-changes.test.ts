import { expect, test } from 'vitest'
import { nameOf, RCODE, TYPE } from '../../src/wire/index.ts'
import { addressesIn } from '../kit/messages.ts'
import { SeededRandom } from '../kit/seeded-random.ts'
import { type LinkScript, type Server, World, type WorldScript } from '../kit/world.ts'

const TARGETS = ['t.corp.test', 't.a.corp.test', 't.lab.test']
const NAMES = [...TARGETS, 'x.a.corp.test', 'y.corp.test', 'z.lab.test', 'www.example', 'mail.example', 'ftp.example']
const DOMAINS = ['~corp.test', 'corp.test', '~a.corp.test', '~lab.test', 'example', '~mail.example', '~.']

/** Every server knows every name, and differently: an address, a "no", or a CNAME with or without what is behind it. */
const view: Server = ({ server, question: { name } }) => {
  const address = `192.0.2.${server.split('.')[1]}`
  const found = `${name} 300 A ${address}`
  if (TARGETS.includes(name)) return { answer: [found] }
  const target = TARGETS[name.length % TARGETS.length]
  switch ((name.length + name.charCodeAt(0) + Number(server.split('.')[1])) % 5) {
    case 0:
      return { rcode: RCODE.NXDOMAIN, authority: ['. 300 SOA a b 1 2 3 4 300'] }
    case 1:
      return { answer: [`${name} 300 CNAME ${target}`] }
    case 2:
      return { answer: [`${name} 300 CNAME ${target}`, `${target} 300 A ${address}`] }
    default:
      return { answer: [found] }
  }
}

function linkAt(ifindex: number, random: SeededRandom): LinkScript {
  const domains = DOMAINS.filter(() => random.below(4) === 0)
  return { ifindex, dns: [`10.${ifindex}.0.${1 + random.below(2)}`], domains, defaultRoute: random.below(3) === 0 }
}

function changed({ links = [], dns = [] }: WorldScript, random: SeededRandom): WorldScript {
  const ifindex = 2 + random.below(4)
  const others = links.filter((link) => link.ifindex !== ifindex)
  const chance = random.below(8)
  if (chance === 0) return { links, dns: dns.length > 0 ? [] : ['10.9.0.1'] }
  return { links: chance < 4 ? others : [...others, linkAt(ifindex, random)], dns }
}

function newWorld(script: WorldScript): World {
  const world = new World(script)
  world.serve('*', view)
  return world
}

/** Where several scopes may answer, each of them is right; but "no" is right only when all of them say so (R-MERGE-3). */
async function sightOf(world: World, name: string, isTied: boolean): Promise<string> {
  const message = await world.ask(name)
  if (isTied) return message.rcode === RCODE.NXDOMAIN ? 'no' : 'something'
  return [message.rcode, message.answer.length, ...addressesIn(message)].join(' ')
}

function hasTies(world: World): boolean {
  return NAMES.some(
    (name) => world.scopes.route({ name: nameOf(name), types: [TYPE.A], ifindex: 0, flags: 0 }).length > 1,
  )
}

test.each(Array.from({ length: 8 }, (_, i) => i + 1))(
  'however links and their domains change, every name is answered as by one who never knew another network (%s)',
  async (seed) => {
    const random = new SeededRandom(seed)
    let script: WorldScript = { links: [2, 3, 4].map((ifindex) => linkAt(ifindex, random)) }
    const world = newWorld(script)
    const kinds = new Set<boolean>()
    for (let step = 0; step < 60; step++) {
      const underWay = world.ask(NAMES[random.below(NAMES.length)] as string)
      script = changed(script, random)
      world.change(script)
      await underWay
      const isTied = hasTies(world)
      for (const name of NAMES) {
        const expected = await sightOf(newWorld(script), name, isTied)
        for (let i = 0; i < 2; i++)
          expect([step, name, await sightOf(world, name, isTied)]).toEqual([step, name, expected])
      }
      kinds.add(isTied)
    }
    expect(kinds.size).toBe(2)
    expect(world.replays).toBeGreaterThan(300)
  },
)
