import { AF_INET } from '../../base/index.ts'
import { RESOLVE_INTERFACE, type Reply } from '../../varlink-idl/index.ts'
import { harmless } from '../terminal/screen.ts'
import { cut, type Line, type Size } from './top-view.ts'

export type ServiceEvent = Reply<typeof RESOLVE_INTERFACE, 'BrowseServices'>
export type ServiceEntry = ServiceEvent['browserServiceData'][number]

/** A service on one link; a host of both IP versions tells it by each. */
export interface ServiceRow {
  readonly name: string
  readonly type: string
  readonly domain: string
  readonly link: string
  readonly families: ReadonlySet<number>
}

/** What is there now, by link. */
export class ServiceList {
  readonly #nameOf: (ifindex: number) => string
  readonly #families = new Map<string, { readonly entry: ServiceEntry; readonly families: Set<number> }>()
  /** The first row shown. */
  first = 0

  constructor(nameOf: (ifindex: number) => string) {
    this.#nameOf = nameOf
  }

  apply(entries: readonly ServiceEntry[]): void {
    for (const entry of entries) {
      const { name, type, domain, ifindex, family } = entry
      const key = JSON.stringify([name, type, domain, ifindex])
      const known = this.#families.get(key) ?? { entry, families: new Set() }
      if (entry.updateFlag === 'added') known.families.add(family)
      else known.families.delete(family)
      if (known.families.size > 0) this.#families.set(key, known)
      else this.#families.delete(key)
    }
  }

  clear(): void {
    this.#families.clear()
  }

  /** By type, name and link. */
  get rows(): readonly ServiceRow[] {
    const rows = [...this.#families.values()].map(({ entry: { name = '', type, domain, ifindex }, families }) => {
      return {
        name: harmless(name),
        type: harmless(type),
        domain: harmless(domain),
        link: this.#nameOf(ifindex),
        families,
      }
    })
    return rows.toSorted((a, b) => {
      return a.type.localeCompare(b.type) || a.name.localeCompare(b.name) || a.link.localeCompare(b.link)
    })
  }

  scroll(by: number): void {
    this.first = Math.max(0, Math.min(this.first + by, this.rows.length - 1))
  }
}

/** `+ wlan0 IPv4  _ipp._tcp.local  Printer`. */
export function changeLine({ updateFlag, name, type, domain, family }: ServiceEntry, link: string): string {
  const sign = updateFlag === 'added' ? '+' : '-'
  const line = `${sign} ${link} ${family === AF_INET ? 'IPv4' : 'IPv6'}  ${type}.${domain}`
  return name === undefined ? line : `${line}  ${name}`
}

const KEYS = ' q quit  ↑↓ scroll '

/** The whole screen: exactly `rows` lines of at most `columns` characters. */
export function serviceLines(list: ServiceList, asked: string, message: string, { columns, rows }: Size): Line[] {
  const all = list.rows
  const room = Math.max(0, rows - 3)
  const shown = all.slice(list.first, list.first + room)
  const widths = [Math.max(12, ...shown.map(({ name }) => name.length)), Math.max(8, ...shown.map(typeWidth)), 10]
  const cells = (texts: readonly string[]) => texts.map((text, i) => text.padEnd(widths[i] ?? 0)).join('  ')
  const body = shown.map((row): Line => [{ text: cells([row.name || '–', typeOf(row), row.link, familiesText(row)]) }])
  const filler = Array.from({ length: room - body.length }, (): Line => [])
  const count = `  ${all.length} found${all.length > room ? `, from ${list.first + 1} on` : ''}`
  const lines: Line[] = [
    [{ text: asked, style: 'bold' }, { text: count }],
    [{ text: cells(['name', 'type', 'link', 'IP']), style: 'grey' }],
    ...body,
    ...filler,
    [{ text: (message === '' ? KEYS : ` ${message} `).padEnd(columns), style: 'inverse' }],
  ]
  return lines.slice(0, rows).map((line) => cut(line, columns))
}

function typeWidth(row: ServiceRow): number {
  return typeOf(row).length
}

function typeOf({ type, domain }: ServiceRow): string {
  return domain === 'local' ? type : `${type}.${domain}`
}

function familiesText({ families }: ServiceRow): string {
  return families.size === 2 ? '4 6' : families.has(AF_INET) ? '4' : '6'
}
