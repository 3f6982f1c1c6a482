import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Logger } from '../../../src/base/index.ts'
import { WorkTurns } from '../../../src/sys/index.ts'
import { type Codec, type IncomingMessage, CODEC } from '../../../src/dbus/codec.ts'
import { BusConnection, RemoteError } from '../../../src/dbus/connection.ts'
import { BusService } from '../../../src/bus/index.ts'
import { Variant } from '../../../src/dbus/variant.ts'
import { eventually } from '../../kit/eventually.ts'
import { leakWarnings } from '../../kit/leak-warnings.ts'
import type { ServiceRegistry } from '../../../src/multicast/index.ts'
import { emptyRegistry, FakeControl, FakeLookups, realClock, server } from './fakes.ts'
import { PrivateBus } from './private-bus.ts'

const NAME = 'org.freedesktop.resolve1'
const PATH = '/org/freedesktop/resolve1'
const MANAGER = `${NAME}.Manager`
const uid = process.getuid?.() ?? 0
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

let bus: PrivateBus
let codec: Codec
let control: FakeControl
let lookups: FakeLookups
let service: BusService
let registry: ServiceRegistry
let lines: string[]
let resumed: number
const opened: BusConnection[] = []

beforeEach(async () => {
  bus = await PrivateBus.prepare()
  codec = CODEC
  control = new FakeControl()
  lookups = new FakeLookups()
  registry = emptyRegistry()
  lines = []
  resumed = 0
  service = new BusService({
    address: bus.address,
    uid,
    gid: 0,
    lookups,
    control,
    services: registry,
    clock: realClock,
    turns: new WorkTurns(realClock),
    logger: new Logger('info', (level, line) => lines.push(`${level}: ${line}`)),
    logTarget: 'console',
    machineId: () => '0123456789abcdef0123456789abcdef',
    processName: async () => 'tester',
    onResume: () => resumed++,
  })
})

afterEach(async () => {
  for (const connection of opened.splice(0)) connection[Symbol.dispose]()
  await service[Symbol.asyncDispose]()
  await bus[Symbol.asyncDispose]()
})

async function client(
  onSignal: (message: IncomingMessage) => void = () => undefined,
  onCall: (message: IncomingMessage) => void = () => undefined,
): Promise<BusConnection> {
  const { signal } = new AbortController()
  const connection = await BusConnection.open(bus.path, uid, codec, { onCall, onSignal }, signal)
  opened.push(connection)
  return connection
}

function call(from: BusConnection, member: string, signature: string, body: readonly unknown[]): Promise<unknown[]> {
  return from.call({ destination: NAME, path: PATH, interface: MANAGER, member, signature, body })
}

async function serving(): Promise<BusConnection> {
  await bus.start()
  service.start()
  await eventually(() => expect(lines.join('\n')).toContain('Serving'))
  return client()
}

/** The error's name, or the values when there was none. */
async function errorOf(answer: Promise<unknown>): Promise<unknown> {
  return answer.catch((error: unknown) => (error instanceof RemoteError ? error.errorName : error))
}

describe('the life of the connection', () => {
  test('no bus at start is said once, and the bus is used when it comes', async () => {
    service.start()
    await eventually(() => expect(lines).toHaveLength(1))
    expect(lines[0]).toMatch(/^warning: Not on the system bus/)
    await bus.start()
    await eventually(() => expect(lines.at(-1)).toContain('Serving'))
    expect(lines).toHaveLength(2)
  })

  test('a bus that dies and comes back finds us again under our name', async () => {
    await serving()
    await bus.kill()
    await eventually(() => expect(lines.at(-1)).toMatch(/^warning: Lost the system bus/))
    expect(service.isConnected).toBe(false)
    control.fire('serversChanged') // nobody to tell
    await bus.start()
    await eventually(() => expect(lines.at(-1)).toContain('Serving'))
    expect(await call(await client(), 'GetLink', 'i', [2])).toEqual([`${PATH}/link/_32`])
  })

  test('a bus that dies eleven times: each left a listener behind, and Node warned of a leak', async () => {
    const warnings = leakWarnings()
    service.start()
    for (let i = 0; i < 11; i++) {
      await bus.start()
      await eventually(() => expect(lines.at(-1)).toContain('Serving'))
      await bus.kill()
      await eventually(() => expect(service.isConnected).toBe(false))
    }
    expect(warnings).toEqual([])
  })

  test('lookups that wait when the bus dies are called off', async () => {
    const other = await serving()
    const answer = errorOf(call(other, 'ResolveHostname', 'isit', [0, 'never', 0, 0n]))
    await eventually(() => expect(lookups.waiting).toBe(1))
    await bus.kill()
    await eventually(() => expect(lookups.aborted).toBe(1))
    await answer
  })

  test('a name that somebody else has is waited for', async () => {
    await bus.start()
    const holder = await client()
    await holder.callBus('RequestName', [NAME, 0])
    service.start()
    await eventually(() => expect(lines[0]).toContain('belongs to another program'))
    holder[Symbol.dispose]()
    await eventually(() => expect(lines.at(-1)).toContain('Serving'))
  })

  test('closing ends the connection and the subscription', async () => {
    const other = await serving()
    await service[Symbol.asyncDispose]()
    expect(await other.callBus('NameHasOwner', [NAME])).toEqual([false])
    expect(control.subscribers).toBe(0)
  })
})

describe('callers', () => {
  test('a caller that leaves the bus takes its lookups along, and nobody else’s', async () => {
    const [leaver, stayer] = [await serving(), await client()]
    void call(leaver, 'ResolveHostname', 'isit', [0, 'never', 0, 0n]).catch(() => undefined)
    void call(stayer, 'ResolveHostname', 'isit', [0, 'never', 0, 0n]).catch(() => undefined)
    await eventually(() => expect(lookups.waiting).toBe(2))
    leaver[Symbol.dispose]()
    await eventually(() => expect(lookups.aborted).toBe(1))
    expect(lookups.waiting).toBe(1)
    expect(await call(stayer, 'GetLink', 'i', [10])).toEqual([`${PATH}/link/_310`]) // not kept waiting
  })

  test('a change records who made it', async () => {
    const other = await serving()
    await call(other, 'SetLinkDNS', 'ia(iay)', [2, [[2, Buffer.from([192, 0, 2, 53])]]])
    expect(control.origins[0]).toMatchObject({ source: 'bus', busName: other.uniqueName, uid, process: 'tester' })
  })

  test('700 settings pushed without waiting are all taken, in order', async () => {
    const other = await serving()
    const pushed = Array.from({ length: 700 }, (_, i) =>
      call(other, 'SetLinkDomains', 'ia(sb)', [2, [[`d${i}`, true]]]),
    )
    await Promise.all(pushed)
    expect(control.link(2)?.settings.domains).toEqual([{ name: 'd699', routeOnly: true }])
    expect(control.calls).toHaveLength(700)
  })

  test('too many lookups at once are refused, and the others are served', async () => {
    const [greedy, modest] = [await serving(), await client()]
    const answers = Array.from({ length: 300 }, () =>
      errorOf(call(greedy, 'ResolveHostname', 'isit', [0, 'never', 0, 0n])),
    )
    await eventually(() => expect(lookups.waiting).toBe(256))
    expect(await answers[299]).toBe('org.freedesktop.DBus.Error.LimitsExceeded')
    const found = await call(modest, 'ResolveHostname', 'isit', [0, 'host', 0, 0n])
    expect(found).toEqual([[[2, 2, Buffer.from([192, 0, 2, 7])]], 'host', 8388609n])
    greedy[Symbol.dispose]()
    await eventually(() => expect(lookups.aborted).toBe(256))
    await Promise.all(answers)
  })
})

describe('signals', () => {
  /** Signals so far: path, interface, names of properties. */
  async function watch(): Promise<string[]> {
    const told: string[] = []
    const watcher = await client((message) => {
      if (message.member !== 'PropertiesChanged') return
      const [interfaceName, changed] = message.body() as [string, Record<string, Variant>]
      told.push(`${message.path} ${interfaceName.split('.').at(-1)} ${Object.keys(changed).join()}`)
    })
    await watcher.callBus('AddMatch', [`type='signal',sender='${NAME}'`])
    return told
  }

  test('PropertiesChanged was sent although nothing changed', async () => {
    const asker = await serving()
    const told = await watch()
    const set = (last: number) =>
      call(asker, 'SetLinkDNS', 'ia(iay)', [2, [[2, Buffer.from([192, 0, 2, last])]]]).then(() => undefined)
    await set(7)
    await eventually(() => expect(told).toEqual([`${PATH} Manager DNS,DNSEx`]))
    await set(7) // the same again: fires, and changes nothing
    control.fire('configurationChanged')
    await set(8)
    await eventually(() => expect(told).toEqual([`${PATH} Manager DNS,DNSEx`, `${PATH} Manager DNS,DNSEx`]))
  })

  test('CurrentDNSServer of the manager was never told; links and delegates tell nothing, as in the original', async () => {
    control.known = [
      { id: 'corp', servers: [], domains: [], defaultRoute: false, scopesMask: 1, currentServer: undefined },
    ]
    control.fire('configurationChanged')
    await serving()
    const told = await watch()
    control.status = { ...control.status, currentServer: server('192.0.2.99') }
    control.table.set(2, { ...control.link(2)!, currentServer: server('192.0.2.1') })
    control.known = [{ ...control.known[0]!, currentServer: server('192.0.2.2') }]
    control.fire('currentServerChanged')
    await eventually(() => expect(told).toEqual([`${PATH} Manager CurrentDNSServer,CurrentDNSServerEx`]))
  })

  test('changes of one turn are one signal; links that come and go are none', async () => {
    await serving()
    const told = await watch()
    control.status = { ...control.status, llmnrHostname: 'newname', servers: [] }
    control.fire('serversChanged')
    control.fire('configurationChanged')
    await eventually(() => expect(told).toEqual([`${PATH} Manager LLMNRHostname,DNS,DNSEx`]))
    control.table.set(11, { ...control.link(10)!, ifindex: 11, currentServer: server('192.0.2.1') })
    control.table.delete(10)
    control.status = { ...control.status, llmnrHostname: 'third' }
    control.fire('configurationChanged')
    await eventually(() => expect(told).toHaveLength(2))
    expect(told[1]).toBe(`${PATH} Manager LLMNRHostname`)
  })

  test('without a bus all values were compared at each change, for nobody', async () => {
    const looks = vi.spyOn(control, 'links')
    control.fire('configurationChanged')
    await nextTurn()
    expect(looks).not.toHaveBeenCalled()
  })

  test('all links were compared at each change of one of many: changes of a short time are told together', async () => {
    for (let ifindex = 100; ifindex < 200; ifindex++) control.table.set(ifindex, { ...control.link(2)!, ifindex })
    await serving()
    const told = await watch()
    const looks = vi.spyOn(control, 'links')
    const began = performance.now()
    control.status = { ...control.status, llmnrHostname: 'newname' }
    for (let i = 0; i < 100; i++) {
      control.fire('configurationChanged')
      await nextTurn()
    }
    await eventually(() => expect(told).toEqual([`${PATH} Manager LLMNRHostname`]))
    expect(looks.mock.calls.length).toBeLessThan(4 + (performance.now() - began) / 50)
  })

  test('waking up is passed on, going to sleep is not', async () => {
    const other = await serving()
    await other.callBus('RequestName', ['org.freedesktop.login1', 0])
    const sleep = (isBefore: boolean) => {
      const path = '/org/freedesktop/login1'
      const target = { path, interface: 'org.freedesktop.login1.Manager', member: 'PrepareForSleep' }
      other.send({ type: 4, ...target, signature: 'b', body: [isBefore] })
    }
    sleep(true)
    sleep(false)
    await eventually(() => expect(resumed).toBe(1))
  })
})

describe('polkit on the same bus', () => {
  const stranger = { busName: ':1.99', uid: 12_345, pid: 1, process: 'x' }
  const { signal } = new AbortController()
  const ask = () => service.authority.authorize('set-domains', stranger, 'eth0', true, signal)

  test('nobody there means no; then it is asked in words it understands', async () => {
    await serving()
    expect(await ask()).toBe('denied')
    const asked: unknown[] = []
    const polkit = await client(undefined, (message) => {
      asked.push(message.signature, ...message.body())
      const reply = { type: 2, replySerial: message.serial, destination: message.sender } as const
      polkit.send({ ...reply, signature: '(bba{ss})', body: [[true, false, {}]] })
    })
    await polkit.callBus('RequestName', ['org.freedesktop.PolicyKit1', 0])
    expect(await ask()).toBe('allowed')
    expect(asked).toEqual([
      '(sa{sv})sa{ss}us',
      ['system-bus-name', { name: new Variant('s', ':1.99') }],
      'org.freedesktop.resolve1.set-domains',
      { interface: 'eth0' },
      1,
      expect.any(String),
    ])
  })

  test('a bus that goes away while it is asked means no', async () => {
    await serving()
    const polkit = await client()
    await polkit.callBus('RequestName', ['org.freedesktop.PolicyKit1', 0])
    const verdict = ask()
    await polkit.callBus('GetId', []) // the question is on its way
    await bus.kill()
    expect(await verdict).toBe('denied')
  })
})

describe('hostile callers', () => {
  test('a 64 MiB array is refused unread', async () => {
    const other = await serving()
    const raw = await rawClient()
    const target = { destination: NAME, path: PATH, interface: MANAGER, member: 'ResolveAddress' }
    const small = codec.encode({ type: 1, serial: 2, ...target, signature: 'iiayt', body: [0, 2, Buffer.alloc(4), 0n] })
    const header = small.subarray(0, small.length - 24)
    const body = Buffer.alloc(16 + (64 << 20) + 8) // int, int, length, then bytes, padding and the flags
    body.writeUInt32LE(2, 4)
    body.writeUInt32LE(64 << 20, 8)
    header.writeUInt32LE(body.length, 4)
    let received = ''
    raw.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1') // NameAcquired may come first
    })
    raw.write(header)
    raw.write(body)
    await eventually(() => expect(received).toContain('org.freedesktop.DBus.Error.LimitsExceeded'))
    expect(await call(other, 'GetLink', 'i', [2])).toEqual([`${PATH}/link/_32`])
    raw.destroy()
  })

  test.each([
    ['a file descriptor that is not there', 'ssv', ['x.y', 'z', new Variant('u', 0)], /\0u\0/, '\0h\0'],
  ] as const)('%s inside a variant', async (_, signature, body, find, put) => {
    // Marshalled by hand: no honest library would write it.
    await serving()
    const raw = await rawClient()
    const target = { destination: NAME, path: PATH, interface: 'org.freedesktop.DBus.Properties', member: 'Set' }
    const bytes = codec.encode({ type: 1, serial: 2, ...target, signature, body })
    raw.write(Buffer.from(bytes.toString('latin1').replace(find, put), 'latin1'))
    expect(await call(await client(), 'GetLink', 'i', [2])).toEqual([`${PATH}/link/_32`])
    raw.destroy()
  })

  test('wrong signatures, unknown members and deep variants each get their error', async () => {
    const other = await serving()
    let deep: Variant = new Variant('s', 'x')
    for (let i = 0; i < 60; i++) deep = new Variant('v', deep)
    const set = { destination: NAME, path: PATH, interface: 'org.freedesktop.DBus.Properties', member: 'Set' }
    const answers = [
      call(other, 'GetLink', 's', ['x']),
      call(other, 'GetLink', '', []),
      call(other, 'SetLinkDNS', 'iaaaaai', [2, []]),
      call(other, 'RegisterService', 'aa{sv}', [[{ __proto__: null, toString: new Variant('s', '') }]]),
      other.call({ ...set, signature: 'ssv', body: [MANAGER, 'LLMNR', deep] }),
      other.call({ ...set, path: '/a/b', signature: 'ssv', body: [MANAGER, 'LLMNR', deep] }),
    ].map(errorOf)
    expect(await Promise.all(answers)).toEqual([
      'org.freedesktop.DBus.Error.InvalidArgs',
      'org.freedesktop.DBus.Error.InvalidArgs',
      'org.freedesktop.DBus.Error.InvalidArgs',
      'org.freedesktop.DBus.Error.InvalidArgs',
      'org.freedesktop.DBus.Error.PropertyReadOnly',
      'org.freedesktop.DBus.Error.UnknownObject',
    ])
  })

  test('hundreds of connections that come, ask and leave', async () => {
    await serving()
    for (let round = 0; round < 4; round++) {
      const crowd = await Promise.all(Array.from({ length: 200 }, () => client()))
      for (const each of crowd) void call(each, 'ResolveHostname', 'isit', [0, 'never', 0, 0n]).catch(() => undefined)
      await eventually(() => expect(lookups.waiting).toBe(200))
      for (const each of crowd) each[Symbol.dispose]()
      await eventually(() => expect(lookups.waiting).toBe(0))
    }
    expect(await call(await client(), 'GetLink', 'i', [2])).toEqual([`${PATH}/link/_32`])
  })
})

describe('services of neighbours', () => {
  const publish = (from: BusConnection) =>
    call(from, 'RegisterService', 'sssqqqaa{say}', ['web', 'Web', '_http._tcp', 80, 0, 0, []])

  beforeEach(() => {
    control.status = { ...control.status, settings: { ...control.status.settings, multicastDns: 'yes' } }
  })

  test('SD-B-2: what a program publishes goes with the program', async () => {
    const program = await serving()
    expect(await publish(program)).toEqual([`${PATH}/dnssd/web`])
    expect(registry.services.map(({ instance }) => instance)).toEqual(['Web'])
    program[Symbol.dispose]()
    await eventually(() => expect(registry.services).toEqual([]))
  })

  test('SD-B-2: and with the bus', async () => {
    await publish(await serving())
    await bus.kill()
    await eventually(() => expect(registry.services).toEqual([]))
  })

  test('SD-B-4: Conflicted is told on the path of the service', async () => {
    await publish(await serving())
    const told: string[] = []
    const other = await client(({ path, interface: name, member }) => void told.push(`${path} ${name} ${member}`))
    const match = "type='signal',interface='org.freedesktop.resolve1.DnssdService'"
    await other.callBus('AddMatch', [match], new AbortController().signal)
    registry.onConflict('web', 'Web', 'eth0')
    await eventually(() => expect(told).toContain(`${PATH}/dnssd/web ${NAME}.DnssdService Conflicted`))
    expect(registry.services.map(({ instance }) => instance)).toEqual(['Web (2)'])
  })
})

/** A socket that has authenticated and said Hello, for bytes of any kind. */
function rawClient(): Promise<ReturnType<typeof connect>> {
  return new Promise((resolve, reject) => {
    const socket = connect(bus.path)
    socket.once('error', reject)
    socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(uid)).toString('hex')}\r\n`)
    const target = {
      destination: 'org.freedesktop.DBus',
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
    }
    socket.once('data', () => {
      socket.write('BEGIN\r\n')
      socket.write(codec.encode({ type: 1, serial: 1, ...target, member: 'Hello' }))
      socket.once('data', () => resolve(socket))
    })
  })
}
