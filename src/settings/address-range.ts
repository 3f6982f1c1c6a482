import { AF_INET, IpAddress } from '../base/index.ts'
import { SettingError } from './config-warning.ts'

/** The addresses whose first bits are those of `network`. */
export interface AddressRange {
  readonly network: IpAddress
  readonly prefixLength: number
}

/** Reads `ADDRESS[/BITS]`; without bits the one address. @throws {SettingError} */
export function parseAddressRange(word: string): AddressRange {
  const [text = '', bits, ...more] = word.split('/')
  const network = IpAddress.parse(text)
  if (network === undefined || more.length > 0) throw new SettingError(`'${word}' is not a range of addresses.`, word)
  const all = network.family === AF_INET ? 32 : 128
  const prefixLength = bits === undefined ? all : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  if (prefixLength <= all) return { network, prefixLength }
  throw new SettingError(`'${word}' has a prefix that is not 0 to ${all} bits.`, word)
}

/** The text `parseAddressRange` reads back as the same range. */
export function formatAddressRange({ network, prefixLength }: AddressRange): string {
  return `${network.text}/${prefixLength}`
}
