/** What a caller may ask to change or to watch; reading and looking up is free for all (dbus.md §9). */
export type Operation =
  | 'set-dns-servers'
  | 'set-domains'
  | 'set-default-route'
  | 'set-llmnr'
  | 'set-mdns'
  | 'set-dns-over-tls'
  | 'set-dnssec'
  | 'set-dnssec-negative-trust-anchors'
  | 'revert'
  | 'register-service'
  | 'unregister-service'
  | 'reset-statistics'
  | 'flush-caches'
  | 'reset-server-features'
  | 'subscribe-query-results'
  | 'subscribe-dns-configuration'
  | 'dump-cache'
  | 'dump-server-state'
  | 'dump-statistics'
  | 'set-logging'

export interface Permission {
  /** The polkit action to ask for; undefined when only root and the daemon's own user may. */
  readonly action: string | undefined
  /** True when polkit is told which interface it is about. */
  readonly concernsLink: boolean
  /** True for what only shows something: members of the daemon's group may see it without a question. */
  readonly isReading: boolean
}

const ofLink = { concernsLink: true, isReading: false }
const ofDaemon = { concernsLink: false, isReading: false }
const reading = { concernsLink: false, isReading: true }

/** The one table of who may do what, for every front end. Root and the daemon's own user pass without a question. */
export const PERMISSIONS: Readonly<Record<Operation, Permission>> = {
  'set-dns-servers': { action: 'org.freedesktop.resolve1.set-dns-servers', ...ofLink },
  'set-domains': { action: 'org.freedesktop.resolve1.set-domains', ...ofLink },
  'set-default-route': { action: 'org.freedesktop.resolve1.set-default-route', ...ofLink },
  'set-llmnr': { action: 'org.freedesktop.resolve1.set-llmnr', ...ofLink },
  'set-mdns': { action: 'org.freedesktop.resolve1.set-mdns', ...ofLink },
  'set-dns-over-tls': { action: 'org.freedesktop.resolve1.set-dns-over-tls', ...ofLink },
  'set-dnssec': { action: 'org.freedesktop.resolve1.set-dnssec', ...ofLink },
  'set-dnssec-negative-trust-anchors': {
    action: 'org.freedesktop.resolve1.set-dnssec-negative-trust-anchors',
    ...ofLink,
  },
  revert: { action: 'org.freedesktop.resolve1.revert', ...ofLink },
  'register-service': { action: 'org.freedesktop.resolve1.register-service', ...ofDaemon },
  'unregister-service': { action: 'org.freedesktop.resolve1.unregister-service', ...ofDaemon },
  'reset-statistics': { action: 'org.freedesktop.resolve1.reset-statistics', ...ofDaemon },
  'flush-caches': { action: 'org.freedesktop.resolve1.flush-caches', ...ofDaemon },
  'reset-server-features': { action: 'org.freedesktop.resolve1.reset-server-features', ...ofDaemon },
  'subscribe-query-results': { action: 'org.freedesktop.resolve1.subscribe-query-results', ...reading },
  'subscribe-dns-configuration': { action: 'org.freedesktop.resolve1.subscribe-dns-configuration', ...reading },
  'dump-cache': { action: 'org.freedesktop.resolve1.dump-cache', ...reading },
  'dump-server-state': { action: 'org.freedesktop.resolve1.dump-server-state', ...reading },
  'dump-statistics': { action: 'org.freedesktop.resolve1.dump-statistics', ...reading },
  'set-logging': { action: undefined, ...ofDaemon },
}

/** Somebody at the other end of the bus or of a socket, as the bus or the kernel vouches for them. */
export interface Caller {
  /** Unique bus name, e.g. `:1.42`; undefined for callers over varlink. */
  readonly busName: string | undefined
  /** Undefined when it could not be learnt: such a caller is nobody. */
  readonly uid: number | undefined
  readonly pid: number | undefined
  /** Name of the running program, for people to read; never to decide by. */
  readonly process: string | undefined
  /** Its groups, for callers over a socket whose kernel tells. */
  readonly groups?: (() => readonly number[]) | undefined
}

export type Authorization = 'allowed' | 'denied' | 'needs-interaction'

export interface Authority {
  /**
   * May `caller` do this? `interfaceName` says to which link. `interactive`: the caller accepts that a dialog is shown.
   * @throws the signal's reason when aborted first; whatever was being asked is then called off.
   */
  authorize(
    operation: Operation,
    caller: Caller,
    interfaceName: string | undefined,
    interactive: boolean,
    signal: AbortSignal,
  ): Promise<Authorization>
}

/** `nobody` and `nogroup`: also what the kernel calls everybody whom a user namespace does not know. */
const ANYBODY = 65_534

/** True for root and for the daemon's own user, who need not be asked about (dbus.md §9); `nobody` is no user of its own. */
export function isTrusted(caller: Caller, daemonUid: number): boolean {
  return caller.uid === 0 || (caller.uid !== undefined && caller.uid === daemonUid && daemonUid !== ANYBODY)
}

/**
 * True for members of the daemon's own group, who may see what it does but change nothing. Group 0 is no such group: it is
 * the daemon's where that stayed root, and many are in it who are not. Nor is `nogroup`.
 */
export function mayRead(operation: Operation, { groups }: Caller, daemonGid: number): boolean {
  const isOwn = daemonGid !== 0 && daemonGid !== ANYBODY
  return PERMISSIONS[operation].isReading && isOwn && groups?.().includes(daemonGid) === true
}
