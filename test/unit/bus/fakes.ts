import { IpAddress, type Clock, type Millis } from '../../../src/base/index.ts'
import type {
  Caller,
  Control,
  ControlEvents,
  DelegateStatus,
  GlobalStatus,
  LinkStatus,
  Origin,
} from '../../../src/control/index.ts'
import { type Authority, ControlError, type Operation, type Authorization } from '../../../src/control/index.ts'
import type { Lookup, LookupFailure, Lookups } from '../../../src/lookup/index.ts'
import { failed } from '../../../src/scope/index.ts'
import {
  DEFAULT_LINK_SETTINGS,
  DEFAULT_RESOLVED_SETTINGS,
  type LinkSettings,
  type ServerSpec,
} from '../../../src/settings/index.ts'
import { ServiceRegistry } from '../../../src/multicast/index.ts'
import type { Name } from '../../../src/wire/index.ts'

export function server(address: string, port = 0, serverName?: string): ServerSpec {
  return { address: IpAddress.parse(address) as IpAddress, port, ifindex: 0, serverName }
}

export function link(ifindex: number, name: string, changes: Partial<LinkStatus> = {}): LinkStatus {
  return {
    ifindex,
    name,
    isLoopback: false,
    isManaged: false,
    settings: DEFAULT_LINK_SETTINGS,
    origins: {},
    scopesMask: 1,
    isDefaultRoute: true,
    currentServer: undefined,
    llmnr: 'no',
    multicastDns: 'no',
    dnssec: 'no',
    dnsOverTls: 'no',
    dnssecSupported: false,
    ...changes,
  }
}

/** Keeps what it is told, in memory; `lo` is 1, `eth0` is 2, `eth1` (managed) is 3, `tun0` is 10. */
export class FakeControl implements Control {
  readonly table = new Map<number, LinkStatus>(
    [link(1, 'lo', { isLoopback: true }), link(2, 'eth0'), link(3, 'eth1', { isManaged: true }), link(10, 'tun0')].map(
      (each) => [each.ifindex, each],
    ),
  )
  known: DelegateStatus[] = []
  readonly calls: string[] = []
  readonly origins: Origin[] = []
  status: GlobalStatus = {
    settings: DEFAULT_RESOLVED_SETTINGS,
    servers: [server('192.0.2.1'), server('127.0.0.1', 5353)],
    domains: [{ name: 'example.com' as Name, routeOnly: false }],
    currentServer: server('192.0.2.1'),
    scopesMask: 1,
    dnssecSupported: false,
    negativeTrustAnchors: ['home.arpa' as Name],
    resolvConfMode: 'stub',
    llmnrHostname: 'box',
  }
  readonly #events = new Set<Partial<ControlEvents>>()

  global(): GlobalStatus {
    return this.status
  }
  delegates(): DelegateStatus[] {
    return this.known
  }
  links(): LinkStatus[] {
    return [...this.table.values()]
  }
  link(ifindex: number): LinkStatus | undefined {
    return this.table.get(ifindex)
  }
  assertChangeable(ifindex: number): void {
    const found = this.table.get(ifindex)
    if (found === undefined) throw new ControlError('no-such-link', `Link ${ifindex} not known`)
    if (found.isLoopback) throw new ControlError('link-is-loopback', `Link ${found.name} is loopback device.`)
    if (found.isManaged) throw new ControlError('link-is-managed', `Link ${found.name} is managed.`)
  }
  async change(ifindex: number, settings: Partial<LinkSettings>, origin: Origin): Promise<void> {
    this.assertChangeable(ifindex)
    const found = this.table.get(ifindex) as LinkStatus
    this.table.set(ifindex, { ...found, settings: { ...found.settings, ...settings } })
    this.calls.push(`change ${ifindex} ${Object.keys(settings).join()}`)
    this.origins.push(origin)
    this.fire('serversChanged')
  }
  async unsetDefaultRoute(): Promise<void> {}
  async revert(ifindex: number, origin: Origin): Promise<void> {
    await this.change(ifindex, DEFAULT_LINK_SETTINGS, origin)
  }
  flushCaches(): void {
    this.calls.push('flush')
  }
  resetServerFeatures(): void {
    this.calls.push('reset features')
  }
  resetStatistics(): void {
    this.calls.push('reset statistics')
  }
  statistics() {
    return {
      currentTransactions: 1,
      totalTransactions: 2,
      totalTimeouts: 0,
      totalTimeoutsServedStale: 0,
      totalFailedResponses: 0,
      totalFailedResponsesServedStale: 0,
      cacheSize: 3,
      cacheHits: 4,
      cacheMisses: 5,
      verdicts: { secure: 6, insecure: 7, bogus: 8, indeterminate: 9 },
    }
  }
  subscribe(events: Partial<ControlEvents>): Disposable {
    this.#events.add(events)
    return { [Symbol.dispose]: () => void this.#events.delete(events) }
  }
  fire(event: keyof ControlEvents): void {
    for (const each of this.#events) each[event]?.()
  }
  get subscribers(): number {
    return this.#events.size
  }
}

export function failure(kind: LookupFailure['kind'], changes: Partial<LookupFailure> = {}): LookupFailure {
  return {
    kind,
    message: `it failed: ${kind}`,
    rcode: undefined,
    errno: undefined,
    parameter: undefined,
    queryString: 'x',
    extendedError: undefined,
    dnssecResult: undefined,
    ...changes,
  }
}

/** Answers 192.0.2.7 to everything; `never.` waits until it is told to stop; `next` is the next failure. */
export class FakeLookups implements Lookups {
  next: LookupFailure | undefined
  waiting = 0
  aborted = 0
  readonly requests: unknown[] = []

  hostname: Lookups['hostname'] = async (request, signal) => {
    if (request.name === 'never') await this.#never(signal)
    const address = IpAddress.parse('192.0.2.7') as IpAddress
    return this.#answer(request, { addresses: [{ ifindex: 2, address }], canonical: request.name, ...common })
  }
  address: Lookups['address'] = async (request) => {
    return this.#answer(request, { names: [{ ifindex: 2, name: 'host.example' }], ...common })
  }
  record: Lookups['record'] = async (request) => {
    const owner = Buffer.from('\x01A\x00', 'latin1')
    const record = { owner, name: 'a' as Name, type: 1, class: 1, ttl: 5, rdata: Buffer.from([192, 0, 2, 7]) }
    return this.#answer(request, { records: [{ ifindex: 2, record }], ...common })
  }
  service: Lookups['service'] = async (request) => {
    const address = IpAddress.parse('2001:db8::1') as IpAddress
    const addresses = [{ ifindex: 2, address }]
    const found = { priority: 1, weight: 2, port: 80, hostname: 'h.example', addresses, canonicalName: 'h.example' }
    const canonical = { name: request.name, type: request.type, domain: request.domain }
    return this.#answer(request, { services: [found], txt: [Buffer.from('a=b')], canonical, ...common })
  }

  #answer<T>(request: unknown, value: T): Lookup<T> {
    this.requests.push(request)
    const { next } = this
    this.next = undefined
    return next === undefined ? { ok: true, value } : { ok: false, failure: next }
  }

  #never(signal: AbortSignal): Promise<never> {
    this.waiting++
    return new Promise((_, reject) => {
      const onAbort = () => {
        this.waiting--
        this.aborted++
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }
}
const answer = { ...failed('x' as Name, 'success'), flags: 1 | (1 << 23) }
const common = { answer, took: 1, scores: () => [] }

/** Root may; everybody else gets `verdict`. */
export class FakeAuthority implements Authority {
  verdict: Authorization = 'denied'
  readonly asked: [Operation, Caller, string | undefined, boolean][] = []

  async authorize(operation: Operation, caller: Caller, interfaceName: string | undefined, interactive: boolean) {
    this.asked.push([operation, caller, interfaceName, interactive])
    return caller.uid === 0 ? 'allowed' : this.verdict
  }
}

/** Real time, for tests that talk to a real socket. */
export const realClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delay: Millis, callback: () => void) {
    const timer = setTimeout(callback, delay)
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}

/** Time that stands still. */
export const frozenClock: Clock = {
  now: () => 0,
  wall: () => 1_000,
  after: () => ({ [Symbol.dispose]: () => undefined }),
}

/** Without services, on a host called `kitchen`. */
export function emptyRegistry(): ServiceRegistry {
  const nothing = { [Symbol.dispose]: () => undefined }
  const label = { label: 'kitchen', onChange: () => nothing }
  const log = { info: () => undefined, warning: () => undefined }
  return new ServiceRegistry({ label, clock: frozenClock, log })
}
