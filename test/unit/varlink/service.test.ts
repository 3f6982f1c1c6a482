import { expect, test } from 'vitest'
import { monitorService, resolveService } from '../../../src/varlink/index.ts'
import { call, fakePorts, RecordingLog } from './support.ts'

const V = 'org.varlink.service.'
const P = 'io.systemd.service.'

function setUp(lookups: Parameters<typeof fakePorts>[0] = {}) {
  const fakes = fakePorts(lookups)
  const log = new RecordingLog()
  return { ...fakes, log, open: resolveService(fakes.ports, log), monitor: monitorService(fakes.ports, log) }
}

test('V-14: GetInfo names the interfaces of its socket, sorted', async () => {
  const { open, monitor } = setUp()
  const about = { vendor: 'v', product: 'p', version: '1', url: 'u' }
  const [first] = await call(open, `${V}GetInfo`)
  const interfaces = [
    'io.systemd.Resolve',
    'io.systemd.service',
    'io.tsresolved.Explain',
    'io.tsresolved.Observe',
    'io.tsresolved.Settings',
    'org.varlink.service',
  ]
  expect(first).toEqual({ parameters: { ...about, interfaces } })
  const [second] = await call(monitor, `${V}GetInfo`)
  expect(second?.parameters.interfaces).toEqual(['io.systemd.Resolve.Monitor', 'org.varlink.service'])
})

test('V-14: GetInterfaceDescription gives text of the varlink language', async () => {
  const { open, monitor } = setUp()
  const both: [typeof open, string][] = [
    [open, 'io.systemd.Resolve'],
    [open, 'io.systemd.service'],
    [open, 'org.varlink.service'],
    [monitor, 'io.systemd.Resolve.Monitor'],
    [monitor, 'org.varlink.service'],
  ]
  for (const [service, name] of both) {
    const [reply] = await call(service, `${V}GetInterfaceDescription`, { interface: name })
    const { shape, undeclared } = readIdl(String(reply?.parameters.description), name)
    expect([name, shape, undeclared]).toEqual([name, true, []])
  }
})

test('V-14: an excerpt of the description', async () => {
  const [reply] = await call(setUp().open, `${V}GetInterfaceDescription`, { interface: 'io.systemd.Resolve' })
  expect(reply?.parameters.description).toContain(
    [
      '# Finds the addresses of a host name.',
      'method ResolveHostname(',
      '\tname: string,',
      '\tfamily: ?int,',
      '\tifindex: ?int,',
      '\tflags: ?int',
      ') -> (',
      '\taddresses: []ResolvedAddress,',
      '\tname: string,',
      '\tflags: int',
      ')\n',
    ].join('\n'),
  )
  expect(reply?.parameters.description).toContain("# [Requires 'more' flag]\nmethod BrowseServices(")
  expect(reply?.parameters.description).toContain('error NoNameServers ()')
})

/** The grammar of varlink.org, as far as it is used; every type named must be declared. */
function readIdl(text: string, name: string) {
  const field = String.raw`\t[A-Za-z](?:_?[A-Za-z0-9])*: \??(?:\[\])?(?:int|bool|string|object|[A-Z][A-Za-z0-9]*)`
  const fields = String.raw`(?:\(\)|\(\n(?:${field},\n)*${field}\n\))`
  const comment = String.raw`(?:#[^\n]*\n)*`
  const member = `(?:type [A-Z]\\w* ${fields}|${comment}method [A-Z]\\w*${fields} -> ${fields}|error [A-Z]\\w* ${fields})`
  const whole = new RegExp(`^${comment}interface ${name.replaceAll('.', '\\.')}\\n\\n(?:${member}\\n\\n)*${member}\\n$`)
  const declared = new Set(Array.from(text.matchAll(/^type (\w+)/gm), ([, type]) => type))
  const used = Array.from(text.matchAll(/: \??(?:\[\])?([A-Z]\w*)/g), ([, type]) => type)
  return { shape: whole.test(text), undeclared: used.filter((type) => !declared.has(type)) }
}

const NOT_FOUND: [string, string, object, string, object][] = [
  [
    'V-10: unknown method',
    'io.systemd.Resolve.Nothing',
    {},
    'MethodNotFound',
    { method: 'io.systemd.Resolve.Nothing' },
  ],
  ['V-10: unknown interface', 'a.b.C', {}, 'MethodNotFound', { method: 'a.b.C' }],
  ['V-10: method of Object.prototype', 'constructor', {}, 'MethodNotFound', { method: 'constructor' }],
  ['V-10: no name', '', {}, 'MethodNotFound', { method: '' }],
  ['V-15: Reload is described, not served', `${P}Reload`, {}, 'MethodNotFound', { method: `${P}Reload` }],
  [
    'the monitor is not on the open socket',
    'io.systemd.Resolve.Monitor.DumpCache',
    {},
    'MethodNotFound',
    { method: 'io.systemd.Resolve.Monitor.DumpCache' },
  ],
  ['V-10: description', `${V}GetInterfaceDescription`, { interface: 'x' }, 'InterfaceNotFound', { interface: 'x' }],
  ['V-8: description of nothing', `${V}GetInterfaceDescription`, {}, 'InvalidParameter', { parameter: 'interface' }],
  ['V-8: GetInfo takes nothing', `${V}GetInfo`, { a: 1 }, 'InvalidParameter', { parameter: 'a' }],
]
test.each(NOT_FOUND)('%s', async (_, method, parameters, error, fields) => {
  expect(await call(setUp().open, method, parameters)).toEqual([{ error: V + error, parameters: fields }])
})

test('V-3: nothing can be upgraded', async () => {
  const [reply] = await call(setUp().open, `${P}Ping`, {}, { upgrade: true })
  expect(reply?.error).toBe(`${V}MethodNotFound`)
})

test('oneway: done without reply, errors included', async () => {
  const { open } = setUp()
  expect(await call(open, `${P}Ping`, {}, { oneway: true })).toEqual([])
  expect(await call(open, 'a.b.C', {}, { oneway: true })).toEqual([])
})

test('a bug in a handler is logged and answered as EIO', async () => {
  const { open, log } = setUp()
  const [reply] = await call(open, 'io.systemd.Resolve.ResolveHostname', { name: 'a' })
  expect(reply).toEqual({ error: 'io.systemd.System', parameters: { origin: 'linux', errno: 5, errnoName: 'EIO' } })
  expect(log.bugs).toMatchObject([{ message: 'lookup not expected' }])
})

test('V-15: Ping answers', async () => {
  expect(await call(setUp().open, `${P}Ping`)).toEqual([{ parameters: {} }])
})

test('V-15: SetLogLevel asks for permission and knows eight levels', async () => {
  const { open, authority, levels } = setUp()
  expect(await call(open, `${P}SetLogLevel`, { level: 7 })).toEqual([{ parameters: {} }])
  for (const level of [8, -1]) {
    const [reply] = await call(open, `${P}SetLogLevel`, { level })
    expect(reply).toEqual({ error: `${V}InvalidParameter`, parameters: { parameter: 'level' } })
  }
  authority.verdict = 'denied'
  const [denied] = await call(open, `${P}SetLogLevel`, { level: 0 })
  expect(denied?.error).toBe(`${V}PermissionDenied`)
  expect(levels).toEqual(['debug'])
  expect(authority.asked[0]?.[0]).toBe('set-logging')
})

test.each([
  [0, true],
  [999, true],
  [1000, false],
  [undefined, false],
])('GetEnvironment for uid %s: %s', async (uid, isAllowed) => {
  const peer = uid === undefined ? undefined : { uid, pid: 1 }
  const [reply] = await call(setUp().open, `${P}GetEnvironment`, {}, {}, { peer })
  const refusal = { error: `${V}PermissionDenied`, parameters: {} }
  expect(reply).toEqual(isAllowed ? { parameters: { environment: ['A=b'] } } : refusal)
})
