import { expect, test } from 'vitest'
import type { Authorization } from '../../../src/control/index.ts'
import type { Fields } from '../../../src/varlink-idl/idl.ts'
import { firstMisfit } from '../../../src/varlink-idl/idl.ts'
import type { QueryReport } from '../../../src/observe/index.ts'
import { monitorService } from '../../../src/varlink/index.ts'
import { MONITOR_INTERFACE } from '../../../src/varlink-idl/monitor-interface.ts'
import { nameOf, recordOf, TYPE } from '../../../src/wire/index.ts'
import type { Reply } from './support.ts'
import { call, decode, fakePorts, LINK, RecordingLog } from './support.ts'

const M = 'io.systemd.Resolve.Monitor.'
type MethodName = keyof typeof MONITOR_INTERFACE.methods

function setUp() {
  const fakes = fakePorts()
  return { ...fakes, service: monitorService(fakes.ports, new RecordingLog()) }
}

function expectDescribed(method: MethodName, reply: Record<string, unknown> | undefined) {
  const output: Fields = MONITOR_INTERFACE.methods[method].output
  expect(firstMisfit(output, reply ?? {})).toBeUndefined()
}

const OPERATIONS: [MethodName, string, boolean][] = [
  ['SubscribeQueryResults', 'subscribe-query-results', true],
  ['DumpCache', 'dump-cache', false],
  ['DumpServerState', 'dump-server-state', false],
  ['DumpStatistics', 'dump-statistics', false],
  ['ResetStatistics', 'reset-statistics', false],
  ['SubscribeDNSConfiguration', 'subscribe-dns-configuration', true],
  ['FlushCaches', 'flush-caches', false],
  ['ResetServerFeatures', 'reset-server-features', false],
]
test.each(OPERATIONS)('%s asks for %s and does nothing without it', async (method, operation, more) => {
  const { service, authority, control, inspector } = setUp()
  const errors: [Authorization, string][] = [
    ['denied', 'org.varlink.service.PermissionDenied'],
    ['needs-interaction', 'io.systemd.InteractiveAuthenticationRequired'],
  ]
  for (const [verdict, error] of errors) {
    authority.verdict = verdict
    const parameters = { allowInteractiveAuthentication: verdict === 'denied' }
    const peer = { uid: 1000, pid: 7 }
    expect(await call(service, M + method, parameters, { more }, { peer })).toEqual([{ error, parameters: {} }])
    const caller = { busName: undefined, uid: 1000, pid: 7 }
    expect(authority.asked.pop()).toEqual([operation, caller, undefined, verdict === 'denied'])
  }
  expect(control.calls).toEqual([])
  expect(control.subscribers.size + inspector.listeners.size).toBe(0)
})

test.each(OPERATIONS.filter(([, , more]) => more))('V-9: %s requires more', async (method) => {
  const { service } = setUp()
  expect(await call(service, M + method)).toEqual([{ error: 'org.varlink.service.ExpectedMore', parameters: {} }])
})

test.each([
  ['ResetStatistics', 'resetStatistics'],
  ['FlushCaches', 'flushCaches'],
  ['ResetServerFeatures', 'resetServerFeatures'],
])('%s', async (method, called) => {
  const { service, control } = setUp()
  expect(await call(service, M + method)).toEqual([{ parameters: {} }])
  expect(await call(service, M + method, {}, { oneway: true })).toEqual([])
  expect(control.calls).toEqual([called, called])
})

/** Starts a subscription and waits for its first reply; `replies` fills as it goes, `leave` disconnects. */
async function subscribe(service: ReturnType<typeof setUp>['service'], method: string) {
  const abort = new AbortController()
  const replies: Reply[] = []
  let done = Promise.resolve<Reply[]>([])
  await new Promise<void>((begun) => {
    const send = (message: Buffer) => {
      replies.push(decode(message))
      begun()
    }
    done = call(service, M + method, {}, { more: true }, { signal: abort.signal, send })
  })
  const leave = async () => {
    abort.abort(new Error('client disconnected'))
    await done
  }
  return { replies, leave }
}

const REPORT: QueryReport = {
  state: 'success',
  rcode: 0,
  errno: undefined,
  dnssecResult: undefined,
  extendedError: undefined,
  questions: [{ name: nameOf('a.example'), type: TYPE.A, class: 1 }],
  collectedQuestions: [],
  answer: [],
}
const QUESTION = [{ class: 1, type: 1, name: 'a.example' }]

const REPORTS: [string, Partial<QueryReport>, object][] = [
  ['success without answer', {}, { state: 'success', question: QUESTION }],
  [
    'answer and chain',
    {
      answer: [{ ifindex: 3, record: recordOf(nameOf('b.example'), TYPE.A, Uint8Array.of(1, 2, 3, 4), 60) }],
      collectedQuestions: REPORT.questions,
    },
    {
      state: 'success',
      question: QUESTION,
      collectedQuestions: QUESTION,
      answer: [
        {
          ifindex: 3,
          rr: { key: { class: 1, type: 1, name: 'b.example' }, address: [1, 2, 3, 4] },
          raw: Buffer.from('0162076578616d706c6500000100010000003c000401020304', 'hex').toString('base64'),
        },
      ],
    },
  ],
  [
    'rcode and extended error',
    { state: 'rcode-failure', rcode: 2, extendedError: { code: 15, text: '' } },
    { state: 'rcode-failure', rcode: 2, extendedDNSErrorCode: 15, question: QUESTION },
  ],
  ['errno', { state: 'errno', errno: 101 }, { state: 'errno', errno: 101, question: QUESTION }],
  [
    'dnssec',
    { state: 'dnssec-failed', dnssecResult: 'no-signature', extendedError: { code: 6, text: 'x' } },
    {
      state: 'dnssec-failed',
      result: 'no-signature',
      extendedDNSErrorCode: 6,
      extendedDNSErrorMessage: 'x',
      question: QUESTION,
    },
  ],
]
test.each(REPORTS)('varlink.md §4.1: %s', async (_, report, expected) => {
  const { service, inspector } = setUp()
  const { replies, leave } = await subscribe(service, 'SubscribeQueryResults')
  for (const listener of inspector.listeners) listener({ ...REPORT, ...report })
  expect(replies).toEqual([
    { parameters: { ready: true }, continues: true },
    { parameters: expected, continues: true },
  ])
  expectDescribed('SubscribeQueryResults', replies[1]?.parameters)
  await leave()
  expect(inspector.listeners.size).toBe(0)
})

test('SubscribeDNSConfiguration: at once, then only when something differs', async () => {
  const { service, control } = setUp()
  const { replies, leave } = await subscribe(service, 'SubscribeDNSConfiguration')
  expect(replies).toHaveLength(1)
  expectDescribed('SubscribeDNSConfiguration', replies[0]?.parameters)
  const [events] = control.subscribers
  events?.configurationChanged?.()
  expect(replies).toHaveLength(1)
  control.currentLinks = [{ ...LINK, name: 'eth1' }]
  events?.configurationChanged?.()
  expect(replies).toHaveLength(2)
  expect(replies[1]).toMatchObject({ continues: true, parameters: { configuration: [{}, { ifname: 'eth1' }] } })
  await leave()
  expect(control.subscribers.size).toBe(0)
})

test('DumpCache (varlink.md §4.2)', async () => {
  const { service, inspector } = setUp()
  const question = { name: nameOf('a.example'), type: TYPE.A, class: 1 }
  const record = recordOf(question.name, TYPE.A, Uint8Array.of(1, 2, 3, 4), 60)
  const scope = { protocol: 'dns', family: undefined, dnssec: 'no', dnsOverTls: 'no' } as const
  inspector.dumpCache = () => [
    {
      ...scope,
      ifindex: 2,
      ifname: 'eth0',
      entries: [
        { question, rcode: 0, records: [record], until: 1500.25 },
        { question, rcode: 0, records: [], until: 1 },
        { question, rcode: 3, records: [], until: 1 },
        { question, rcode: 2, records: [], until: 1 },
      ],
    },
    { ...scope, ifindex: 0, ifname: undefined, entries: [] },
  ]
  const [reply] = await call(service, `${M}DumpCache`)
  const [key] = QUESTION
  const rr = { key, address: [1, 2, 3, 4] }
  const raw = Buffer.from('0161076578616d706c6500000100010000003c000401020304', 'hex').toString('base64')
  expect(reply?.parameters).toEqual({
    dump: [
      {
        protocol: 'dns',
        ifindex: 2,
        ifname: 'eth0',
        dnssec: 'no',
        dnsOverTLS: 'no',
        cache: [
          { key, rrs: [{ rr, raw }], until: 1_500_250 },
          { key, rrs: [], until: 1000 },
          { key, type: 'NXDOMAIN', until: 1000 },
          { key, type: 'SERVFAIL', until: 1000 },
        ],
      },
      { protocol: 'dns', dnssec: 'no', dnsOverTLS: 'no', cache: [] },
    ],
  })
  expectDescribed('DumpCache', reply?.parameters)
})

test('DumpCache: a cache that fits no message is refused without being read to its end', async () => {
  const { service, inspector } = setUp()
  let read = 0
  function* entries() {
    for (;;) {
      read++
      yield { question: { name: nameOf('a'), type: 1, class: 1 }, rcode: 3, records: [], until: 0 }
    }
  }
  const scope = { protocol: 'dns', family: undefined, ifindex: 0, ifname: undefined } as const
  inspector.dumpCache = () => [{ ...scope, dnssec: undefined, dnsOverTls: undefined, entries: entries() }]
  const [reply] = await call(service, `${M}DumpCache`)
  expect(reply).toMatchObject({ error: 'io.systemd.System', parameters: { errnoName: 'EMSGSIZE' } })
  expect(read).toBeLessThan(200_000)
})

const LEARNT = {
  server: '10.1.0.1',
  isCurrent: true,
  isTrusted: false,
  speaksEdns: false,
  silences: 1,
  truncated: 0,
  invalid: 0,
  mismatches: 7,
  guesses: 1,
  letterCase: 'proven',
  cookies: 'off',
  state: 'out',
  roundTrip: 1.5,
  patience: 60,
  isLossy: true,
  sent: 9,
  probes: 2,
  answers: 3,
  errors: 1,
  hedges: 4,
  vainHedges: 1,
  rememberedFailures: 5,
  edns: 'in doubt',
  ednsLosses: 2,
  payload: 1232,
  largeLosses: 0,
  tcpFailures: 3,
  encryption: {
    channel: 'tls',
    mode: 'strict',
    at: undefined,
    state: 'works',
    version: 'TLSv1.3',
    verifiedAs: 'dns.test',
    isOpen: true,
    age: 2,
    handshakes: 3,
    resumptions: 2,
    failures: 1,
    failure: undefined,
  },
  discovery: undefined,
  doubts: ['silent'],
} as const

test('R-SRV-11: DumpServerState (varlink.md §4.2)', async () => {
  const { service, inspector } = setUp()
  inspector.dumpServerState = () => [
    {
      server: '10.1.0.1',
      type: 'link',
      ifindex: 2,
      ifname: 'eth0',
      verifiedFeatureLevel: undefined,
      possibleFeatureLevel: 'UDP+EDNS0',
      dnssec: 'no',
      dnssecSupported: false,
      receivedUdpFragmentMax: 512,
      failedUdpAttempts: 1,
      failedTcpAttempts: 2,
      packetTruncated: false,
      packetBadOpt: true,
      packetRrsigMissing: false,
      packetInvalid: false,
      packetDoOff: false,
      learnt: LEARNT,
    },
  ]
  const [reply] = await call(service, `${M}DumpServerState`)
  expect(reply?.parameters).toEqual({
    dump: [
      {
        Server: '10.1.0.1',
        Type: 'link',
        Interface: 'eth0',
        InterfaceIndex: 2,
        VerifiedFeatureLevel: 'n/a',
        PossibleFeatureLevel: 'UDP+EDNS0',
        DNSSECMode: 'no',
        DNSSECSupported: false,
        ReceivedUDPFragmentMax: 512,
        FailedUDPAttempts: 1,
        FailedTCPAttempts: 2,
        PacketTruncated: false,
        PacketBadOpt: true,
        PacketRRSIGMissing: false,
        PacketInvalid: false,
        PacketDoOff: false,
        Learnt: {
          State: 'out',
          RoundTripUSec: 1500,
          PatienceUSec: 60_000,
          Lossy: true,
          Sent: 9,
          Probes: 2,
          Answers: 3,
          Errors: 1,
          Hedges: 4,
          VainHedges: 1,
          RememberedFailures: 5,
          EDNS: 'in doubt',
          EDNSLosses: 2,
          Payload: 1232,
          LargeLosses: 0,
          Encryption: {
            channel: 'tls',
            mode: 'strict',
            state: 'works',
            version: 'TLSv1.3',
            verifiedAs: 'dns.test',
            open: true,
            ageUSec: 2000,
            handshakes: 3,
            resumptions: 2,
            failures: 1,
          },
          TCPFailures: 3,
          Mismatches: 7,
          Guesses: 1,
          LetterCase: 'proven',
          Cookies: 'off',
          Doubts: ['silent'],
        },
      },
    ],
  })
  expectDescribed('DumpServerState', reply?.parameters)
})

test('DumpStatistics (varlink.md §4.2)', async () => {
  const { service } = setUp()
  const [reply] = await call(service, `${M}DumpStatistics`)
  expect(reply?.parameters).toEqual({
    transactions: {
      currentTransactions: 1,
      totalTransactions: 2,
      totalTimeouts: 3,
      totalTimeoutsServedStale: 4,
      totalFailedResponses: 5,
      totalFailedResponsesServedStale: 6,
    },
    cache: { size: 7, hits: 8, misses: 9 },
    dnssec: { secure: 10, insecure: 11, bogus: 12, indeterminate: 13 },
  })
  expectDescribed('DumpStatistics', reply?.parameters)
})
