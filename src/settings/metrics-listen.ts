import type { IpAddress } from '../base/index.ts'
import { SettingError } from './config-warning.ts'
import { formatAddressAndPort, parseAddressAndPort } from './server-spec.ts'
import { parseBoolean } from './values.ts'

/** Where metrics are served: the usual Unix socket in the runtime directory, another one, or a port. */
export type MetricsListen =
  | { readonly kind: 'off' }
  | { readonly kind: 'usual' }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'address'; readonly address: IpAddress; readonly port: number }

/** Reads `MetricsListen=`: a boolean, an absolute path or `ADDR:PORT`. @throws {SettingError} */
export function parseMetricsListen(text: string): MetricsListen {
  if (text.startsWith('/')) return { kind: 'path', path: text }
  if (/^[a-z]|^[01]$/i.test(text) && !text.includes(':')) return { kind: parseBoolean(text) ? 'usual' : 'off' }
  const { address, port } = parseAddressAndPort(text)
  if (port === undefined || port === 0) throw new SettingError(`'${text}' names no port.`, text)
  return { kind: 'address', address, port }
}

/** For people, and to tell whether two are the same. */
export function formatMetricsListen(listen: MetricsListen): string {
  if (listen.kind === 'path') return listen.path
  if (listen.kind === 'address') return formatAddressAndPort(listen.address, listen.port)
  return listen.kind === 'usual' ? 'yes' : 'no'
}
