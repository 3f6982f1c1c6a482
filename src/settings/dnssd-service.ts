import { SettingError } from './config-warning.ts'

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

/** What the specifiers of an instance's name stand for, `%H` aside: that is the published label. */
export type DnssdSpecifiers = Readonly<Record<'a' | 'b' | 'B' | 'm' | 'o' | 'v' | 'w' | 'W', string>>

export const NO_SPECIFIERS: DnssdSpecifiers = { a: '', b: '', B: '', m: '', o: '', v: '', w: '', W: '' }

/** One string of TXT has its length in a byte (SD-F-5). */
const MAX_STRING = 255
const MAX_LABEL = 63

/** TXT where nothing is told: one string, which is empty (RFC 6763 §6.1). */
export const EMPTY_TXT: DnssdService['txt'] = [[]]

/** @throws {SettingError} for what is neither `_app._tcp` nor `_app._udp` */
export function checkServiceType(text: string): string {
  if (!/^_[a-z][a-z\d-]{0,61}\._(?:tcp|udp)$/i.test(text)) {
    throw new SettingError(`'${text}' is not a service type, expected one such as _http._tcp or _sip._udp.`, text)
  }
  return text
}

/** Text that can stand as one label, whatever its characters mean elsewhere. @throws {SettingError} */
export function checkLabel(text: string, what: string): string {
  const size = Buffer.byteLength(text)
  if (size === 0 || size > MAX_LABEL)
    throw new SettingError(`${what} '${text}' has ${size} bytes, not 1 to ${MAX_LABEL}.`, text)
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f\ufffd]/.test(text)) throw new SettingError(`${what} '${text}' has control characters.`, text)
  return text
}

/** One string of a TXT record: `value` undefined for a key alone (RFC 6763 §6.4). @throws {SettingError} */
export function txtString(key: string, value: Uint8Array | undefined): Buffer {
  if (!/^[\x20-\x3c\x3e-\x7e]+$/.test(key))
    throw new SettingError(`'${key}' is not a key: ASCII letters without '=' are.`, key)
  const string = Buffer.concat(value === undefined ? [Buffer.from(key)] : [Buffer.from(`${key}=`), value])
  if (string.length > MAX_STRING)
    throw new SettingError(`'${key}' and its value have more than ${MAX_STRING} bytes.`, key)
  return string
}

/** The instance's name for now (SD-F-4). @throws {SettingError} for an unknown specifier, or a result that is no label */
export function instanceName(template: string, specifiers: DnssdSpecifiers, hostLabel: string): string {
  const values: Readonly<Record<string, string>> = { ...specifiers, H: hostLabel, '%': '%' }
  const name = template.replaceAll(/%(.?)/gsu, (text, letter: string) => {
    if (!Object.hasOwn(values, letter))
      throw new SettingError(`'${text}' is not a specifier; '%%' is a percent sign.`, text)
    return values[letter] as string
  })
  return checkLabel(name, 'The name')
}
