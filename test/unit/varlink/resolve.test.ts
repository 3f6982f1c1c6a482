import { expect, test } from 'vitest'
import type { AddressRequest, HostnameRequest, RecordRequest, ServiceRequest } from '../../../src/lookup/index.ts'
import type { Fields } from '../../../src/varlink-idl/idl.ts'
import { firstMisfit } from '../../../src/varlink-idl/idl.ts'
import { resolveService } from '../../../src/varlink/index.ts'
import { RESOLVE_INTERFACE } from '../../../src/varlink-idl/resolve-interface.ts'
import { nameOf, recordOf, TYPE } from '../../../src/wire/index.ts'
import { settle } from '../../kit/fake-clock.ts'
import {
  call,
  decode,
  failure,
  type FakeBrowser,
  fakePorts,
  hostnameResult,
  ip,
  RecordingLog,
  type Reply,
  resolved,
} from './support.ts'

const R = 'io.systemd.Resolve.'
const INVALID = 'org.varlink.service.InvalidParameter'

function service(lookups: Parameters<typeof fakePorts>[0]) {
  return resolveService(fakePorts(lookups).ports, new RecordingLog())
}

/** Exactly the described members and no others: clients of 252 read strictly. */
function expectDescribed(method: keyof typeof RESOLVE_INTERFACE.methods, reply: Record<string, unknown> | undefined) {
  const output: Fields = RESOLVE_INTERFACE.methods[method].output
  expect(firstMisfit(output, reply ?? {})).toBeUndefined()
}

test('ResolveHostname: request and reply', async () => {
  const asked: HostnameRequest[] = []
  const addresses = [
    { ifindex: 2, address: ip('192.0.2.1') },
    { ifindex: 0, address: ip('2001:db8::1') },
  ]
  const hostname = async (request: HostnameRequest) => {
    asked.push(request)
    return { ok: true as const, value: hostnameResult({ addresses, canonical: 'c.example', ...resolved(0x800001) }) }
  }
  const replies = await call(service({ hostname }), `${R}ResolveHostname`, {
    name: 'Ex',
    family: 2,
    ifindex: 3,
    flags: 5,
  })
  expect(asked).toMatchObject([{ name: 'Ex', family: 2, ifindex: 3, flags: 5 }])
  expect(JSON.stringify(replies)).toBe(
    JSON.stringify([
      {
        parameters: {
          addresses: [
            { ifindex: 2, family: 2, address: [192, 0, 2, 1] },
            { family: 10, address: [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] },
          ],
          name: 'c.example',
          flags: 0x800001,
        },
      },
    ]),
  )
  expectDescribed('ResolveHostname', replies[0]?.parameters)
})

test('ResolveHostname: what is not given is 0; null says the same (V-7)', async () => {
  const asked: HostnameRequest[] = []
  const hostname = async (request: HostnameRequest) => {
    asked.push(request)
    return { ok: true as const, value: hostnameResult() }
  }
  await call(service({ hostname }), `${R}ResolveHostname`, { name: 'a', flags: null })
  expect(asked).toMatchObject([{ name: 'a', family: 0, ifindex: 0, flags: 0 }])
})

test('an empty success is NoSuchResourceRecord, never an empty list', async () => {
  const none = resolved(0)
  const lookups = service({
    hostname: async () => ({ ok: true, value: hostnameResult({ addresses: [] }) }),
    address: async () => ({ ok: true, value: { names: [], ...none } }),
    record: async () => ({ ok: true, value: { records: [], ...none } }),
    service: async () => ({
      ok: true,
      value: { services: [], txt: [], canonical: { name: '', type: '', domain: '' }, ...none },
    }),
  })
  const calls: [string, object][] = [
    ['ResolveHostname', { name: 'a' }],
    ['ResolveAddress', { address: [1, 2, 3, 4], family: 2 }],
    ['ResolveRecord', { name: 'a', type: 1 }],
    ['ResolveService', { domain: 'a' }],
  ]
  for (const [method, parameters] of calls) {
    const [reply] = await call(lookups, R + method, parameters)
    expect(reply).toEqual({ error: `${R}NoSuchResourceRecord`, parameters: {} })
  }
})

test('ResolveAddress: request and reply', async () => {
  const asked: AddressRequest[] = []
  const names = [
    { ifindex: 0, name: 'a.example' },
    { ifindex: 4, name: 'b.example' },
  ]
  const address = async (request: AddressRequest) => {
    asked.push(request)
    return { ok: true as const, value: { names, ...resolved(1) } }
  }
  const parameters = { address: [192, 0, 2, 1], family: 2 }
  const [reply] = await call(service({ address }), `${R}ResolveAddress`, parameters)
  expect(asked).toMatchObject([{ address: Uint8Array.of(192, 0, 2, 1), family: 2, ifindex: 0, flags: 0 }])
  expect(reply).toEqual({ parameters: { names: [{ name: 'a.example' }, { ifindex: 4, name: 'b.example' }], flags: 1 } })
})

test('ResolveRecord: rr for known types, raw always; class IN unless given', async () => {
  const asked: RecordRequest[] = []
  const records = [
    { ifindex: 2, record: recordOf(nameOf('a.example'), TYPE.A, Uint8Array.of(192, 0, 2, 1), 300) },
    { ifindex: 0, record: recordOf(nameOf('a.example'), 65_280, Uint8Array.of(1), 300) },
  ]
  const record = async (request: RecordRequest) => {
    asked.push(request)
    return { ok: true as const, value: { records, ...resolved(1) } }
  }
  const [reply] = await call(service({ record }), `${R}ResolveRecord`, { name: 'a.example', type: 1 })
  expect(asked).toMatchObject([{ name: 'a.example', type: 1, class: 1, ifindex: 0, flags: 0 }])
  expect(reply?.parameters).toEqual({
    rrs: [
      {
        ifindex: 2,
        rr: { key: { class: 1, type: 1, name: 'a.example' }, address: [192, 0, 2, 1] },
        raw: Buffer.from('0161076578616d706c6500000100010000012c0004c0000201', 'hex').toString('base64'),
      },
      { raw: Buffer.from('0161076578616d706c6500ff0000010000012c000101', 'hex').toString('base64') },
    ],
    flags: 1,
  })
  expectDescribed('ResolveRecord', reply?.parameters)
})

test('ResolveService: request and reply', async () => {
  const asked: ServiceRequest[] = []
  const host = { priority: 1, weight: 2, port: 443, hostname: 'h.example', canonicalName: 'h.example' }
  const services = [
    { ...host, addresses: [{ ifindex: 0, address: ip('192.0.2.1') }] },
    { ...host, addresses: [] },
  ]
  const txt = [Buffer.from('a="\\é')]
  const lookup = async (request: ServiceRequest) => {
    asked.push(request)
    const canonical = { name: '', type: '_x._tcp', domain: 'example' }
    return { ok: true as const, value: { services, txt, canonical, ...resolved(1) } }
  }
  const [reply] = await call(service({ service: lookup }), `${R}ResolveService`, { domain: 'example', type: '_x._tcp' })
  expect(asked).toMatchObject([{ name: '', type: '_x._tcp', domain: 'example', family: 0, ifindex: 0, flags: 0 }])
  expect(reply?.parameters).toEqual({
    services: [{ ...host, addresses: [{ family: 2, address: [192, 0, 2, 1] }] }, host],
    txt: ['a=\\042\\134\\303\\251'],
    canonical: { type: '_x._tcp', domain: 'example' },
    flags: 1,
  })
  expectDescribed('ResolveService', reply?.parameters)
})

const REFUSED: [string, string, object, string][] = [
  ['V-8: missing field', 'ResolveHostname', {}, 'name'],
  ['V-7: null is missing', 'ResolveHostname', { name: null }, 'name'],
  ['V-8: wrong type', 'ResolveHostname', { name: 1 }, 'name'],
  ['V-8: unknown field', 'ResolveHostname', { name: 'a', color: 1 }, 'color'],
  ['V-8: unknown field constructor', 'ResolveHostname', { name: 'a', constructor: 1 }, 'constructor'],
  ['V-8: not an integer', 'ResolveHostname', { name: 'a', flags: 1.5 }, 'flags'],
  ['V-8: boolean for an integer', 'ResolveHostname', { name: 'a', family: true }, 'family'],
  ['flags beyond 31 bits', 'ResolveHostname', { name: 'a', flags: 2 ** 32 }, 'flags'],
  ['negative flags', 'ResolveHostname', { name: 'a', flags: -1 }, 'flags'],
  ['negative ifindex', 'ResolveHostname', { name: 'a', ifindex: -1 }, 'ifindex'],
  ['negative family', 'ResolveHostname', { name: 'a', family: -2 }, 'family'],
  ['name with NUL', 'ResolveHostname', { name: 'a\0b' }, 'name'],
  ['name with half a surrogate pair', 'ResolveHostname', { name: 'a\ud800' }, 'name'],
  ['missing family', 'ResolveAddress', { address: [1, 2, 3, 4] }, 'family'],
  ['address not a list', 'ResolveAddress', { address: '1.2.3.4', family: 2 }, 'address'],
  ['address with a string', 'ResolveAddress', { address: [1, 2, 3, '4'], family: 2 }, 'address'],
  ['address byte out of range', 'ResolveAddress', { address: [1, 2, 3, 256], family: 2 }, 'address'],
  ['missing type', 'ResolveRecord', { name: 'a' }, 'type'],
  ['type out of range', 'ResolveRecord', { name: 'a', type: 65_536 }, 'type'],
  ['class out of range', 'ResolveRecord', { name: 'a', type: 1, class: -1 }, 'class'],
  ['missing domain', 'ResolveService', { name: 'a' }, 'domain'],
  ['DumpDNSConfiguration takes nothing', 'DumpDNSConfiguration', { a: 1 }, 'a'],
]
test.each(REFUSED)('%s', async (_, method, parameters, parameter) => {
  const [reply] = await call(service({}), R + method, parameters)
  expect(reply).toEqual({ error: INVALID, parameters: { parameter } })
})

test('a failed lookup becomes its error', async () => {
  const failing = service({ hostname: async () => ({ ok: false, failure: failure('rcode-failure', { rcode: 2 }) }) })
  const [reply] = await call(failing, `${R}ResolveHostname`, { name: 'a' })
  expect(reply).toEqual({ error: `${R}DNSError`, parameters: { rcode: 2, queryString: 'example.com' } })
})

test.each(['ResolveHostname', 'ResolveAddress', 'ResolveRecord', 'ResolveService', 'DumpDNSConfiguration'])(
  'V-12: %s with oneway looks nothing up and sends nothing',
  async (method) => {
    const all = { ResolveHostname: { name: 'a' }, ResolveAddress: { address: [1, 2, 3, 4], family: 2 } }
    const rest = { ResolveRecord: { name: 'a', type: 1 }, ResolveService: { domain: 'a' }, DumpDNSConfiguration: {} }
    const parameters = { ...all, ...rest }[method]
    expect(await call(service({}), R + method, parameters, { oneway: true })).toEqual([])
  },
)

const BROWSE = `${R}BrowseServices`

/** Calls BrowseServices until `during` is over, and gives what was sent. */
async function browsed(parameters: object, during: (browser: FakeBrowser) => void, prepare?: typeof during) {
  const { ports, browser } = fakePorts()
  prepare?.(browser)
  const abort = new AbortController()
  const sent: Reply[] = []
  const client = { signal: abort.signal, send: (message: Buffer) => sent.push(decode(message)) }
  const over = call(resolveService(ports, new RecordingLog()), BROWSE, parameters, { more: true }, client)
  await settle()
  during(browser)
  abort.abort(new Error('gone'))
  await over
  return { sent, browser }
}

const PRINTER = { ifindex: 2, family: 2, name: 'Büro 1', type: '_ipp._tcp', domain: 'local', isGone: false } as const

test('V-9: BrowseServices requires more', async () => {
  const [first] = await call(service({}), BROWSE)
  expect(first).toEqual({ error: 'org.varlink.service.ExpectedMore', parameters: {} })
})

test('SD-V-3, SD-V-7: what is known is sent first, then what comes and goes, without an end', async () => {
  const tell = (browser: FakeBrowser) => {
    browser.tell([{ ...PRINTER, isGone: true }])
    browser.tell([{ ...PRINTER, family: 10, name: undefined }])
  }
  const { sent, browser } = await browsed({ type: '_ipp._tcp' }, tell, (fake) => (fake.known = [PRINTER]))
  const same = { type: '_ipp._tcp', domain: 'local', ifindex: 2 }
  const reply = (entry: object) => ({ parameters: { browserServiceData: [entry] }, continues: true })
  expect(sent).toEqual([
    reply({ updateFlag: 'added', family: 2, name: 'Büro 1', ...same }),
    reply({ updateFlag: 'removed', family: 2, name: 'Büro 1', ...same }),
    reply({ updateFlag: 'added', family: 10, ...same }),
  ])
  for (const { parameters } of sent) expectDescribed('BrowseServices', parameters)
  expect(browser.isFollowed).toBe(false)
})

test('SD-V-3: nothing is sent while nothing is known', async () => {
  expect((await browsed({ type: '_ipp._tcp' }, () => undefined)).sent).toEqual([])
})

test('many services at once are told in several replies', async () => {
  const all = Array.from({ length: 250 }, (_, i) => ({ ...PRINTER, name: `p${i}` }))
  const { sent } = await browsed({ type: '_ipp._tcp' }, (browser) => browser.tell(all))
  expect(sent.map(({ parameters }) => (parameters.browserServiceData as unknown[]).length)).toEqual([100, 100, 50])
})

const BOTH = 0x18
test.each<[string, object, object]>([
  ['SD-V-1: domain local unless given', { type: '_ipp._tcp' }, { name: '_ipp._tcp.local', ifindex: 0 }],
  ['SD-V-1: a link', { type: '_ipp._tcp', ifindex: 3 }, { name: '_ipp._tcp.local', ifindex: 3 }],
  [
    'SD-V-2: flags as in the tests of systemd',
    { domain: '_x._udp.local', type: '', flags: 16_785_432 },
    { name: '_x._udp.local' },
  ],
  ['SD-V-2: no type', { domain: '_services._dns-sd._udp.local' }, { name: '_services._dns-sd._udp.local' }],
  ['SD-V-2: both bits', { type: '_ipp._tcp', flags: BOTH }, { name: '_ipp._tcp.local' }],
])('%s', async (_, parameters, request) => {
  const { browser } = await browsed(parameters, () => undefined)
  expect(browser.requests).toMatchObject([request])
})

test.each<[string, object, string]>([
  ['SD-V-1: a negative link', { type: '_ipp._tcp', ifindex: -1 }, 'ifindex'],
  ['SD-F-2: a type without transport', { type: '_ipp' }, 'type'],
  ['SD-F-2: a type that begins with a digit', { type: '_1pp._tcp' }, 'type'],
  ['no name', { type: '_ipp._tcp', domain: 'a..local' }, 'domain'],
  ['a domain that multicast DNS does not serve', { type: '_ipp._tcp', domain: 'example.com' }, 'domain'],
])('BrowseServices refuses %s', async (_, parameters, parameter) => {
  const [reply] = await call(service({}), BROWSE, parameters, { more: true })
  expect(reply).toEqual({ error: INVALID, parameters: { parameter } })
})

test('SD-V-2: one bit of mDNS alone is EINVAL, and too many who follow are EBUSY', async () => {
  const [one] = await call(service({}), BROWSE, { type: '_ipp._tcp', flags: 8 }, { more: true })
  expect(one?.parameters).toMatchObject({ errnoName: 'EINVAL' })
  const { ports, browser } = fakePorts()
  browser.isFull = true
  const [full] = await call(resolveService(ports, new RecordingLog()), BROWSE, { type: '_ipp._tcp' }, { more: true })
  expect(full?.parameters).toMatchObject({ errnoName: 'EBUSY' })
})

test('V-13: the signal of the caller reaches the lookup', async () => {
  const abort = new AbortController()
  const hostname = (_: HostnameRequest, signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
      abort.abort(new Error('gone'))
    })
  const replies = await call(service({ hostname }), `${R}ResolveHostname`, { name: 'a' }, {}, { signal: abort.signal })
  expect(replies).toEqual([])
})

test('DumpDNSConfiguration (varlink.md §3.3)', async () => {
  const [reply] = await call(service({}), `${R}DumpDNSConfiguration`)
  const first = { address: [10, 1, 0, 1], addressString: '10.1.0.1', family: 2, port: 53, ifindex: 2, accessible: true }
  expect(reply?.parameters).toEqual({
    configuration: [
      {
        servers: [
          { address: [127, 0, 0, 1], addressString: '127.0.0.1', family: 2, port: 53, ifindex: 1, accessible: true },
        ],
        fallbackServers: [
          { address: [192, 0, 2, 53], addressString: '192.0.2.53', family: 2, port: 53, accessible: true },
        ],
        negativeTrustAnchors: ['home.arpa'],
        dnssec: 'no',
        dnssecSupported: false,
        dnsOverTLS: 'no',
        llmnr: 'yes',
        mDNS: 'yes',
        resolvConfMode: 'stub',
      },
      {
        ifname: 'eth0',
        ifindex: 2,
        defaultRoute: true,
        currentServer: first,
        servers: [
          first,
          {
            address: [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            addressString: 'fe80::1',
            family: 10,
            port: 5353,
            ifindex: 2,
            name: 'dns.example',
            accessible: true,
          },
        ],
        searchDomains: [
          { name: 'corp.test', routeOnly: false, ifindex: 2 },
          { name: '.', routeOnly: true, ifindex: 2 },
        ],
        dnssec: 'allow-downgrade',
        dnssecSupported: false,
        dnsOverTLS: 'opportunistic',
        llmnr: 'resolve',
        mDNS: 'no',
        scopes: [
          { protocol: 'dns', ifindex: 2, ifname: 'eth0', dnssec: 'allow-downgrade', dnsOverTLS: 'opportunistic' },
          { protocol: 'llmnr', family: 10, ifindex: 2, ifname: 'eth0' },
        ],
      },
    ],
  })
  expectDescribed('DumpDNSConfiguration', reply?.parameters)
})
