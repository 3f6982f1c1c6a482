import { mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, Log, Millis } from '../../../src/base/index.ts'
import { IpAddress } from '../../../src/base/index.ts'
import type {
  Authority,
  Control,
  ControlEvents,
  DelegateStatus,
  GlobalStatus,
  LinkStatus,
  Authorization,
} from '../../../src/control/index.ts'
import type { HostnameResult, LookupFailure, Lookups } from '../../../src/lookup/index.ts'
import type { BrowseRequest, Browser, ServiceChange } from '../../../src/multicast/index.ts'
import type { Answer, Resolved } from '../../../src/resolve/index.ts'
import { failed } from '../../../src/scope/index.ts'
import type { ResolvedSettings, ServerSpec } from '../../../src/settings/index.ts'
import { DEFAULT_LINK_SETTINGS } from '../../../src/settings/index.ts'
import type { QueryReport } from '../../../src/observe/index.ts'
import type { Inspection, VarlinkPorts } from '../../../src/varlink/index.ts'
import type { CallOrigin, Service } from '../../../src/varlink/connection/service.ts'
import { parseCall } from '../../../src/varlink-idl/message.ts'
import { nameOf } from '../../../src/wire/index.ts'

export type Reply = Record<string, unknown> & { parameters: Record<string, unknown>; error?: string }

export class FakeClock implements Clock {
  #now: Millis = 0
  readonly #timers = new Map<object, { at: Millis; callback: () => void }>()
  now(): Millis {
    return this.#now
  }
  wall(): Millis {
    return this.#now
  }
  after(delay: Millis, callback: () => void): Disposable {
    const timer = { [Symbol.dispose]: () => void this.#timers.delete(timer) }
    this.#timers.set(timer, { at: this.#now + delay, callback })
    return timer
  }
  get timers(): number {
    return this.#timers.size
  }
  advance(by: Millis): void {
    this.#now += by
    for (const [timer, { at, callback }] of this.#timers) {
      if (at > this.#now) continue
      this.#timers.delete(timer)
      callback()
    }
  }
}

export class RecordingLog implements Log {
  readonly lines: string[] = []
  readonly bugs: unknown[] = []
  error = (text: string | (() => string)) => void this.lines.push(String(text))
  warning = this.error
  notice = this.error
  info = this.error
  debug = (text: string | (() => string)) => void this.lines.push(typeof text === 'string' ? text : text())
  bug(error: unknown): void {
    this.bugs.push(error)
  }
}

/** What a lookup with these output flags tells beside its result. */
export function resolved(flags: number): Resolved {
  const answer: Answer = { ...failed(nameOf('example.com'), 'success'), flags, source: 'network' }
  return { answer, took: 0, scores: () => [] }
}

export function ip(text: string): IpAddress {
  return IpAddress.parse(text) as IpAddress
}

export function failure(kind: LookupFailure['kind'], extra: Partial<LookupFailure> = {}): LookupFailure {
  const absent = { rcode: undefined, errno: undefined, parameter: undefined, dnssecResult: undefined }
  const none = { ...absent, extendedError: undefined }
  return { kind, message: kind, queryString: 'example.com', ...none, ...extra }
}

export function hostnameResult(extra: Partial<HostnameResult> = {}): HostnameResult {
  const addresses = [{ ifindex: 2, address: ip('192.0.2.1') }]
  return { addresses, canonical: 'example.com', ...resolved(1), ...extra }
}

export function server(text: string, extra: Partial<ServerSpec> = {}): ServerSpec {
  return { address: ip(text), port: 0, ifindex: 0, serverName: undefined, ...extra }
}

export const LINK: LinkStatus = {
  ifindex: 2,
  name: 'eth0',
  isLoopback: false,
  isManaged: false,
  settings: {
    ...DEFAULT_LINK_SETTINGS,
    servers: [server('10.1.0.1'), server('fe80::1', { port: 5353, serverName: 'dns.example' })],
    domains: [
      { name: nameOf('corp.test'), routeOnly: false },
      { name: nameOf('.'), routeOnly: true },
    ],
  },
  origins: {},
  scopesMask: 1 | 4,
  isDefaultRoute: true,
  currentServer: server('10.1.0.1'),
  llmnr: 'resolve',
  multicastDns: 'no',
  dnssec: 'allow-downgrade',
  dnsOverTls: 'opportunistic',
  dnssecSupported: false,
}

export const GLOBAL: GlobalStatus = {
  settings: {
    fallbackServers: [server('192.0.2.53')],
    dnssec: 'no',
    dnsOverTls: 'no',
    llmnr: 'yes',
    multicastDns: 'yes',
  } as unknown as ResolvedSettings,
  servers: [server('127.0.0.1')],
  domains: [],
  currentServer: undefined,
  scopesMask: 0,
  dnssecSupported: false,
  negativeTrustAnchors: [nameOf('home.arpa')],
  resolvConfMode: 'stub',
  llmnrHostname: 'host',
}

export class FakeControl implements Control {
  readonly calls: string[] = []
  readonly subscribers = new Set<Partial<ControlEvents>>()
  currentLinks: LinkStatus[] = [LINK]
  global = () => GLOBAL
  links = () => this.currentLinks
  delegates = (): DelegateStatus[] => []
  link = () => undefined
  assertChangeable(): void {}
  async change(): Promise<void> {}
  async revert(): Promise<void> {}
  unsetDefaultRoute = async (ifindex: number) => void this.calls.push(`unsetDefaultRoute ${ifindex}`)
  flushCaches = () => void this.calls.push('flushCaches')
  resetServerFeatures = () => void this.calls.push('resetServerFeatures')
  resetStatistics = () => void this.calls.push('resetStatistics')
  statistics = () => ({
    currentTransactions: 1,
    totalTransactions: 2,
    totalTimeouts: 3,
    totalTimeoutsServedStale: 4,
    totalFailedResponses: 5,
    totalFailedResponsesServedStale: 6,
    cacheSize: 7,
    cacheHits: 8,
    cacheMisses: 9,
    verdicts: { secure: 10, insecure: 11, bogus: 12, indeterminate: 13 },
  })
  subscribe(events: Partial<ControlEvents>): Disposable {
    this.subscribers.add(events)
    return { [Symbol.dispose]: () => void this.subscribers.delete(events) }
  }
}

export class FakeInspector implements Inspection {
  readonly listeners = new Set<(report: QueryReport) => void>()
  dumpCache: Inspection['dumpCache'] = () => []
  dumpServerState: Inspection['dumpServerState'] = () => []
  isAccessible = () => true
  subscribeQueries(listener: (report: QueryReport) => void): Disposable {
    this.listeners.add(listener)
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) }
  }
}

export class FakeAuthority implements Authority {
  readonly asked: unknown[][] = []
  verdict: Authorization = 'allowed'
  async authorize(...question: Parameters<Authority['authorize']>): Promise<Authorization> {
    this.asked.push(question.slice(0, 4))
    return this.verdict
  }
}

const unexpected = async (): Promise<never> => {
  throw new Error('lookup not expected')
}

/** Nothing was asked here yet. */
const OBSERVED = {
  journal: { recent: () => [], watch: () => ({ [Symbol.dispose]: () => undefined }) },
  meter: {
    scopes: [],
    servers: [],
    sources: new Map(),
    failures: 0,
    replays: 0,
    refusals: { count: 0, latestAt: undefined },
  },
  overview: { links: () => [], unroutedServers: () => [] },
  turnWatch: { longest: [] },
  warnings: { all: [] },
}

const unasked = () => Promise.reject(new Error('no resolver here'))

/** Tells what the test says to the one who follows; full when told so. */
export class FakeBrowser implements Browser {
  readonly requests: BrowseRequest[] = []
  isFull = false
  isFollowed = false
  /** Told at once to who begins to follow. */
  known: readonly ServiceChange[] = []
  tell: (changes: readonly ServiceChange[]) => void = () => undefined

  browse(request: BrowseRequest, onChange: (changes: readonly ServiceChange[]) => void): Disposable | undefined {
    this.requests.push(request)
    if (this.isFull) return undefined
    this.isFollowed = true
    this.tell = onChange
    if (this.known.length > 0) onChange(this.known)
    return { [Symbol.dispose]: () => void (this.isFollowed = false) }
  }
}

export function fakePorts(lookups: Partial<Lookups> = {}) {
  const control = new FakeControl()
  const inspector = new FakeInspector()
  const authority = new FakeAuthority()
  const levels: string[] = []
  const process = { uid: 999, setLogLevel: (level: string) => void levels.push(level), environment: () => ['A=b'] }
  const about = { vendor: 'v', product: 'p', version: '1', url: 'u' }
  const all = { hostname: unexpected, address: unexpected, record: unexpected, service: unexpected, ...lookups }
  const resolver = { explain: unasked, explainTrust: unasked, resolve: unasked }
  const browser = new FakeBrowser()
  const shown = { control, inspector, authority, process, about }
  const ports: VarlinkPorts = { ...OBSERVED, resolver, lookups: all, browser, ...shown }
  return { ports, browser, control, inspector, authority, levels }
}

export function decode(message: Buffer): Reply {
  if (message.at(-1) !== 0) throw new Error('no NUL at the end')
  return JSON.parse(message.subarray(0, -1).toString()) as Reply
}

/** Calls a service without any socket; gives everything that was sent. */
export async function call(
  service: Service,
  method: string,
  parameters: unknown = {},
  extra: { more?: boolean; oneway?: boolean; upgrade?: boolean } = {},
  client: Partial<CallOrigin> = {},
): Promise<Reply[]> {
  const replies: Reply[] = []
  const parsed = parseCall(Buffer.from(JSON.stringify({ method, parameters, ...extra })))
  const signal = new AbortController().signal
  await service.answer(parsed, { peer: undefined, signal, send: (message) => replies.push(decode(message)), ...client })
  return replies
}

/** A folder for sockets that goes away with its scope. */
export async function scratch(): Promise<{ path: (name: string) => string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'varlink-'))
  return {
    path: (name) => join(folder, name),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** A plain client: writes bytes, hands out replies one by one, undefined at the end of the stream. */
export class TestClient implements AsyncDisposable {
  readonly socket: Socket
  readonly #replies: (Reply | undefined)[] = []
  #wake: (() => void) | undefined
  #rest = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', () => {})
    socket.on('close', () => this.#push(undefined))
  }

  static open(path: string): Promise<TestClient> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ path, allowHalfOpen: false })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new TestClient(socket)))
    })
  }

  write(...calls: object[]): void {
    this.socket.write(calls.map((one) => `${JSON.stringify(one)}\0`).join(''))
  }

  async next(): Promise<Reply | undefined> {
    while (this.#replies.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#replies.shift()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (let end = this.#rest.indexOf(0); end >= 0; end = this.#rest.indexOf(0)) {
      this.#push(decode(this.#rest.subarray(0, end + 1)))
      this.#rest = this.#rest.subarray(end + 1)
    }
  }

  #push(reply: Reply | undefined): void {
    this.#replies.push(reply)
    this.#wake?.()
  }
}
