import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Clock, Logger } from '../../../src/base/index.ts'
import {
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWROUTE,
} from '../../../src/netlink/decode.ts'
import { LinkMonitor } from '../../../src/netlink/index.ts'
import type { NetlinkMessage } from '../../../src/netlink/message.ts'
import { type DumpType, RtnetlinkSocket, type RtnetlinkSocketOptions } from '../../../src/netlink/rtnetlink-socket.ts'
import type { NetworkFacts } from '../../../src/scope/index.ts'
import { address, attribute, link, parse, route, u32 } from './builders.ts'

const UP = 0x11043
const LINK = link(RTM_NEWLINK, 3, UP, { name: 'eth0', oper: 6, mtu: 1500 })
const ADDRESS = address(RTM_NEWADDR, 3, [192, 0, 2, 1])
const NO_ADDRESS = address(RTM_DELADDR, 3, [192, 0, 2, 1])
const ROUTE = route(RTM_NEWROUTE, {}, attribute(5, Buffer.from([192, 0, 2, 254])), attribute(4, u32(3)))

/** A socket that answers dumps by the lists of the test, and breaks when told. */
class FakeSocket {
  readonly options: RtnetlinkSocketOptions
  failure: Error | undefined
  disposed = 0
  constructor(options: RtnetlinkSocketOptions) {
    this.options = options
  }
  async dump(type: DumpType): Promise<NetlinkMessage[]> {
    await kernel.beforeDump(type, this)
    if (this.failure !== undefined) throw this.failure
    return type === RTM_GETLINK ? kernel.links : type === RTM_GETADDR ? kernel.addresses : kernel.routes
  }
  break(error: Error): void {
    this.failure = error
    this.options.onBroken(error)
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.failure ??= new Error('closed')
    this.disposed++
  }
}

const kernel = {
  links: [LINK],
  addresses: [ADDRESS],
  routes: [ROUTE],
  refuses: 0,
  sockets: [] as FakeSocket[],
  beforeDump: async (_type: DumpType, _socket: FakeSocket) => {},
}
const timers: { delay: number; callback: () => void }[] = []
const clock: Clock = {
  now: () => 0,
  wall: () => 0,
  after(delay, callback) {
    const timer = { delay, callback }
    timers.push(timer)
    return { [Symbol.dispose]: () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1)) }
  },
}
const told: NetworkFacts[] = []
const lines: string[] = []
const log = new Logger('debug', (level, line) => lines.push(`${level} ${line}`))
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
const turn = () => nextTurn().then(nextTurn)
const manyTurns = async (count: number) => {
  for (let i = 0; i < count; i++) await turn()
}
const upOf = (facts: NetworkFacts) => [...facts.links.values()].filter(({ flags }) => (flags & 1) !== 0).length
const open = () => LinkMonitor.open({ clock, log, onChange: (facts) => told.push(facts) })
const socket = () => kernel.sockets.at(-1) as FakeSocket
const textOf = (facts: NetworkFacts) =>
  [...facts.links.values()].map((l) => `${l.name} ${l.flags & 1} ${l.addresses.map((a) => a.address.text).join()}`)

beforeEach(() => {
  Object.assign(kernel, {
    links: [LINK],
    addresses: [ADDRESS],
    routes: [ROUTE],
    refuses: 0,
    sockets: [],
    beforeDump: async () => {},
  })
  timers.length = told.length = lines.length = 0
  vi.spyOn(RtnetlinkSocket, 'open').mockImplementation(async (options) => {
    if (kernel.refuses-- > 0) throw new Error('no socket to be had')
    const made = new FakeSocket(options)
    kernel.sockets.push(made)
    return made as unknown as RtnetlinkSocket
  })
})
afterEach(() => vi.restoreAllMocks())

describe('R-LINK-1: LinkMonitor', () => {
  test('begins with a full state, which it does not tell', async () => {
    await using monitor = await open()
    expect(textOf(monitor.facts)).toEqual(['eth0 1 192.0.2.1'])
    expect(monitor.facts.gateways.map((gateway) => gateway.gateway.text)).toEqual(['192.0.2.254'])
    await turn()
    expect(told).toEqual([])
  })

  test('what happens during the dumps has the last word', async () => {
    kernel.beforeDump = async (type, made) => {
      if (type === RTM_GETADDR) made.options.onEvents([NO_ADDRESS])
    }
    await using monitor = await open()
    expect(textOf(monitor.facts)).toEqual(['eth0 1 '])
  })

  test('ten thousand links were taken in within one turn: others have theirs meanwhile', async () => {
    kernel.links = Array.from({ length: 10_000 }, (_, i) => link(RTM_NEWLINK, 10 + i, UP, { name: `t${i}` }))
    let turns = 0
    let next: NodeJS.Immediate
    const count = () => {
      turns++
      next = setImmediate(count)
    }
    count()
    await using monitor = await open()
    clearImmediate(next!)
    expect(monitor.facts.links.size).toBe(10_000)
    expect(turns).toBeGreaterThan(30)
  })

  test('whatever the kernel says is news, even what the state leaves out: a route to one network', async () => {
    let news = 0
    const onChange = (facts: NetworkFacts) => told.push(facts)
    await using _monitor = await LinkMonitor.open({ clock, log, onChange, onNews: () => news++ })
    expect(news).toBe(0)
    socket().options.onEvents([parse(RTM_NEWROUTE, Buffer.from([2, 24, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0]))])
    expect(news).toBe(1)
    await turn()
    expect(told).toEqual([])
  })

  test('a burst is told once, after one more turn in which others are served', async () => {
    await using _monitor = await open()
    socket().options.onEvents([address(RTM_NEWADDR, 3, [192, 0, 2, 2])])
    await nextTurn()
    expect(told).toEqual([])
    socket().options.onEvents([address(RTM_NEWADDR, 3, [192, 0, 2, 3]), link(RTM_NEWLINK, 4, UP, { name: 'eth1' })])
    await turn()
    expect(told.map(textOf)).toEqual([['eth0 1 192.0.2.1,192.0.2.2,192.0.2.3', 'eth1 1 ']])
  })

  test('each of a hundred links that came back was told by itself, in one turn: what was lost by all of them is told once', async () => {
    await using _monitor = await open()
    const each = (flags: number) =>
      Array.from({ length: 100 }, (_, i) => link(RTM_NEWLINK, 10 + i, flags, { name: `t${i}` }))
    socket().options.onEvents(each(UP))
    await manyTurns(7)
    told.length = 0
    socket().options.onEvents([...each(UP & ~1), ...each(UP)])
    await manyTurns(8)
    expect(told.map(upOf)).toEqual([1, 17, 33, 49, 65, 81, 97, 101])
    told.length = 0
    const [gone, back] = [each(UP & ~1), each(UP)]
    socket().options.onEvents(gone.flatMap((message, i) => [message, ...back.slice(i, i + 1)])) // one after the other
    await manyTurns(8)
    expect(told.map(upOf)).toEqual([1, 17, 33, 49, 65, 81, 97, 101])
  })

  test('a link that goes and comes twice in one burst: what it lost each time is told', async () => {
    await using _monitor = await open()
    const other = [192, 0, 2, 2] as const
    socket().options.onEvents([address(RTM_NEWADDR, 3, [...other])])
    await turn()
    told.length = 0
    socket().options.onEvents([
      NO_ADDRESS,
      ADDRESS,
      address(RTM_DELADDR, 3, [...other]),
      address(RTM_NEWADDR, 3, [...other]),
    ])
    await manyTurns(3)
    expect(told.map(textOf)).toEqual([['eth0 1 192.0.2.2'], ['eth0 1 192.0.2.1'], ['eth0 1 192.0.2.1,192.0.2.2']])
  })

  test('a hundred links that came at once were put in force in one turn: sixteen are, and what is lost meanwhile does not wait', async () => {
    await using monitor = await open()
    const each = Array.from({ length: 100 }, (_, i) => link(RTM_NEWLINK, 10 + i, UP, { name: `t${i}` }))
    socket().options.onEvents(each)
    await turn()
    expect(told.map(upOf)).toEqual([17])
    expect(monitor.facts.links.size).toBe(101)
    const down = (ifindex: number) => link(RTM_NEWLINK, ifindex, UP & ~1)
    socket().options.onEvents([down(10), down(3), NO_ADDRESS, down(109)])
    await turn()
    expect(told.map(upOf)).toEqual([17, 31])
    const flagsOf = (ifindex: number) => told.at(-1)?.links.get(ifindex)?.flags
    expect([3, 10, 109].map(flagsOf)).toEqual([UP & ~1, UP & ~1, UP & ~1])
    expect(told.at(-1)?.links.get(3)?.addresses).toEqual([])
    await manyTurns(7)
    expect(told.at(-1)).toEqual(monitor.facts)
    expect(upOf(monitor.facts)).toBe(98)
  })

  test('what was lost while all was read anew is told at once, whatever was gained', async () => {
    await using _monitor = await open()
    kernel.links = Array.from({ length: 100 }, (_, i) => link(RTM_NEWLINK, 10 + i, UP, { name: `t${i}` }))
    kernel.addresses = []
    socket().break(new Error('ENOBUFS'))
    await manyTurns(2)
    expect(told[0]?.links.has(3)).toBe(false)
    expect(told.map(upOf)).toEqual([100])
  })

  test('what one link loses and another gains is told as one change', async () => {
    await using _monitor = await open()
    socket().options.onEvents([NO_ADDRESS, link(RTM_NEWLINK, 4, UP, { name: 'eth1' })])
    await turn()
    expect(told.map(textOf)).toEqual([['eth0 1 ', 'eth1 1 ']])
  })

  test('R-LINK-8: a loss is told even when it is made good in the same burst', async () => {
    await using _monitor = await open()
    socket().options.onEvents([NO_ADDRESS, ADDRESS, link(RTM_NEWLINK, 3, UP & ~1), LINK])
    await manyTurns(2)
    expect(told.map(textOf)).toEqual([['eth0 1 '], ['eth0 0 192.0.2.1'], ['eth0 1 192.0.2.1']])
  })

  test('news that is none is not told', async () => {
    await using _monitor = await open()
    socket().options.onEvents([ADDRESS, LINK])
    await turn()
    expect(told).toEqual([])
  })

  test('routes are read again after an event about them, and not too often', async () => {
    await using monitor = await open()
    kernel.routes = []
    socket().options.onEvents([ROUTE])
    await turn()
    expect(monitor.facts.gateways).toEqual([])
    expect(told.length).toBe(1)
    kernel.routes = [ROUTE]
    socket().options.onEvents([ROUTE])
    await turn()
    expect(told.length).toBe(1)
    expect(timers.map((timer) => timer.delay)).toEqual([100])
    timers.pop()?.callback()
    await turn()
    expect(monitor.facts.gateways.length).toBe(1)
  })

  test('ENOBUFS: everything is read again at once, from a new socket', async () => {
    await using monitor = await open()
    kernel.addresses = []
    socket().break(new Error('ENOBUFS'))
    expect(textOf(monitor.facts)).toEqual(['eth0 1 192.0.2.1'])
    await turn()
    expect(kernel.sockets.map((made) => made.disposed)).toEqual([1, 0])
    expect(told.map(textOf)).toEqual([['eth0 1 ']])
  })

  test('a kernel that refuses is asked again and again, ever more slowly', async () => {
    await using monitor = await open()
    kernel.refuses = 7
    kernel.links = []
    socket().break(new Error('gone'))
    const delays: number[] = []
    for (let i = 0; i < 7; i++) {
      await turn()
      delays.push(...timers.map((timer) => timer.delay))
      timers.pop()?.callback()
    }
    expect(delays).toEqual([50, 100, 200, 400, 800, 1000, 1000])
    await turn()
    expect(monitor.facts.links.size).toBe(0)
    expect(lines.filter((line) => line.startsWith('warning')).length).toBe(7)
  })

  test('a socket that breaks while the state is drawn fails the start, and leaves nothing open', async () => {
    kernel.beforeDump = async (type, made) => {
      if (type === RTM_GETADDR) made.break(new Error('ENOBUFS'))
    }
    await expect(open()).rejects.toThrow('ENOBUFS')
    expect(kernel.sockets.map((made) => made.disposed)).toEqual([1])
    expect(timers).toEqual([])
  })

  test('closing while everything is read again leaves nothing open and tells nothing', async () => {
    const monitor = await open()
    kernel.refuses = 1
    socket().break(new Error('gone'))
    await turn()
    await monitor[Symbol.asyncDispose]()
    await monitor[Symbol.asyncDispose]()
    expect(timers).toEqual([])
    expect(kernel.sockets.every((made) => made.disposed > 0)).toBe(true)
    expect(told).toEqual([])
  })
})

test('the kernel of this machine tells at least of lo', async () => {
  vi.restoreAllMocks()
  const real: Clock = {
    now: () => performance.now(),
    wall: () => Date.now(),
    after(delay, callback) {
      const timer = setTimeout(callback, delay)
      return { [Symbol.dispose]: () => clearTimeout(timer) }
    },
  }
  await using monitor = await LinkMonitor.open({ clock: real, log, onChange: () => {} })
  expect(monitor.facts.links.get(1)).toMatchObject({ ifindex: 1, name: 'lo' })
})
