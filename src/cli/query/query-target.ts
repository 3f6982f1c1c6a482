import { IpAddress } from '../../base/index.ts'
import { CLASS, parseClass, parseType, TYPE } from '../../wire/index.ts'
import { CliError } from '../command/cli-error.ts'
import type { Options } from '../command/options.ts'

/** What one argument of `query` asks for. */
export type QueryTarget =
  | { readonly kind: 'host'; readonly name: string }
  | { readonly kind: 'address'; readonly address: IpAddress; readonly zone: string | undefined }
  | { readonly kind: 'record'; readonly name: string; readonly class: number; readonly type: number }

/** By the form of the word and by `-t` and `-c` (resolvectl.md §2, C-Q-10). @throws {CliError} for a bad `dns:` URI. */
export function queryTarget(word: string, options: Options): QueryTarget {
  if (/^dns:/i.test(word)) return { kind: 'record', ...parseDnsUri(word, options) }
  if (options.type !== undefined) {
    return { kind: 'record', name: word, class: options.class ?? CLASS.IN, type: options.type }
  }
  const [text, zone] = splitZone(word)
  const address = IpAddress.parse(text)
  return address === undefined ? { kind: 'host', name: word } : { kind: 'address', address, zone }
}

/** True when a `dns:` URI names an authority, which is not followed. */
export function hasAuthority(word: string): boolean {
  return /^dns:\/\/[^/]/i.test(word)
}

/** `dns:[//AUTHORITY/]NAME[?class=…;type=…]` (RFC 4501); what the URI leaves out comes from the options. */
function parseDnsUri(uri: string, options: Options): { name: string; class: number; type: number } {
  const bad = () => new CliError(`Invalid DNS URI: ${uri}`)
  const match = /^dns:(?:\/\/[^/?]*\/)?([^?]*)(?:\?(.*))?$/i.exec(uri)
  if (match === null || match[1]!.startsWith('//')) throw bad()
  const asked = new Map<string, number>()
  for (const part of match[2]?.split(';') ?? []) {
    const [, key, value] = /^(class|type)=(.+)$/i.exec(part) ?? []
    if (key === undefined || value === undefined || asked.has(key.toLowerCase())) throw bad()
    const parsed = key.toLowerCase() === 'type' ? parseType(value) : parseClass(value)
    if (parsed === undefined) throw bad()
    asked.set(key.toLowerCase(), parsed)
  }
  return {
    name: decodePercents(match[1]!) ?? fail(bad()),
    class: asked.get('class') ?? options.class ?? CLASS.IN,
    type: asked.get('type') ?? options.type ?? TYPE.A,
  }
}

function fail(error: Error): never {
  throw error
}

function decodePercents(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function splitZone(word: string): [text: string, zone: string | undefined] {
  const percent = word.indexOf('%')
  return percent < 0 ? [word, undefined] : [word.slice(0, percent), word.slice(percent + 1)]
}
