/** A service of this machine that is to be published (RFC 6763): as a file or a program on the bus describes it. */
export interface DnssdService {
  /** The file's name without `.dnssd`, or what the program chose. */
  readonly id: string
  /** Instance name with specifiers (SD-F-4). */
  readonly nameTemplate: string
  /** `_app._tcp` or `_app._udp`. */
  readonly type: string
  /** One label each, as they go in front of `._sub`. */
  readonly subtypes: readonly string[]
  readonly port: number
  readonly priority: number
  readonly weight: number
  /** TXT records, each with its strings `key`, or `key=value`; at least one. */
  readonly txt: readonly (readonly Buffer[])[]
}
