import type { OBSERVE_INTERFACE, Reply } from '../../varlink-idl/index.ts'
import type { Unreachable } from './cause-facts.ts'

/** A line of a file that names servers: `DNS=` of resolved.conf, its drop-ins and delegates, `nameserver` of resolv.conf. */
export interface ServerLine {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly servers: readonly string[]
}

/** A link from the cable up to its DNS servers. */
export type LinkView = Reply<typeof OBSERVE_INTERFACE, 'DescribeLinks'>['links'][number]

/** A part of a configuration file that the daemon could not use, as `ListConfigurationWarnings` shows it. */
export type ConfigWarning = Reply<typeof OBSERVE_INTERFACE, 'ListConfigurationWarnings'>['warnings'][number]

/** Somebody with a socket or a name on the bus; of sockets name, pid and unit are seen by root alone. */
export interface Holder {
  readonly uid: number
  readonly pid?: number | undefined
  readonly process?: string | undefined
  /** Such as `dnsmasq.service`. */
  readonly unit?: string | undefined
}

export interface FailedLookup {
  /** `A lookup of corp.test by link 3 (vpn)`. */
  readonly question: string
  /** As `why` has them. */
  readonly cause: string
  readonly repair: string
}

/** Everything the checks look at, collected beforehand. */
export interface Facts {
  /** Who answers at the varlink socket. */
  readonly daemon: 'ours' | 'other' | 'none' | 'frozen' | 'forbidden'
  readonly socket: string
  /** It has taken nothing of the machine: not port 53, nor the bus, nor files. */
  readonly isTryOut: boolean
  readonly isLoopbackUp: boolean
  /** Files that all users should be able to read, and cannot. */
  readonly unreadable: readonly string[]
  /** The user the daemon runs as, by its socket. */
  readonly daemonUid: number | undefined
  readonly links: readonly LinkView[]
  readonly configWarnings: readonly ConfigWarning[]
  /** For how long the daemon was busy without a break, in milliseconds, the longest first. */
  readonly turns: readonly { readonly what: string; readonly took: number }[]
  /** Servers to which the kernel lets no packets. */
  readonly unreachable: readonly Unreachable[]
  /** Text of /etc/nsswitch.conf, empty where there is none; undefined where it cannot be read. */
  readonly nsswitch: string | undefined
  /** Modules that are installed, such as `resolve`. */
  readonly nssModules: readonly string[]
  readonly resolvConf: {
    readonly text: string | undefined
    /** Where the symbolic link leads; undefined for a file. */
    readonly target: string | undefined
  }
  /** Who has a socket on port 53 of 127.0.0.53, or of all addresses. */
  readonly port53: readonly Holder[]
  /** Who has a socket on port 5353, that of multicast DNS, of all addresses. */
  readonly port5353: readonly Holder[]
  /** Labels of servers that are silent over UDP, and have TCP port 53 open. */
  readonly tcpOpen: ReadonlySet<string>
  /** Configuration files that nobody reads, as their names do not end as they must. */
  readonly misnamed: readonly { readonly file: string; readonly ending: string }[]
  /** Where files name servers. */
  readonly serverLines: readonly ServerLine[]
  /** Questions refused as too many were under way, and how many microseconds ago the latest was; undefined: none. */
  readonly refusals: { readonly count: number; readonly ago: number } | undefined
  /** Lookups of the doctor that failed, and why. */
  readonly lookups: readonly FailedLookup[]
  readonly stubAnswers: boolean
  /** Undefined: no bus; `owner` undefined: nobody has the name there. */
  readonly bus: { readonly owner: Holder | undefined } | undefined
}

/** What is wrong and the one command that repairs it. */
export interface Finding {
  readonly check: string
  readonly level: 'problem' | 'warning'
  readonly what: string
  readonly repair: string
  /** Done by `--fix`; only what can be undone. */
  readonly fix?: Fix
}

export type Fix =
  | { readonly kind: 'link-resolv-conf' }
  | { readonly kind: 'rewrite-nsswitch'; readonly text: string }
  | { readonly kind: 'default-route-off'; readonly link: string; readonly isManaged: boolean }
