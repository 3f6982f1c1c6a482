import type { IfIndex } from '../base/index.ts'
import { MANAGER_PATH } from '../dbus/index.ts'

/** Parents of the objects that come and go: links by ifindex, DNS-SD services and delegates by ID. */
export const LINKS_PATH = `${MANAGER_PATH}/link`
export const DNSSD_PATH = `${MANAGER_PATH}/dnssd`
export const DELEGATES_PATH = `${MANAGER_PATH}/dns_delegate`

/**
 * Makes any text an element of an object path: what is not a letter, or a digit after the first place, is `_xx`
 * (dbus.md §2).
 */
export function escapeElement(text: string): string {
  if (text === '') return '_'
  let element = ''
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte)
    const isPlain = /[A-Za-z]/.test(character) || (element !== '' && /[0-9]/.test(character))
    element += isPlain ? character : `_${byte.toString(16).padStart(2, '0')}`
  }
  return element
}

/** The text behind an element of an object path; undefined for what `escapeElement` never gives. */
export function unescapeElement(element: string): string | undefined {
  if (element === '_') return ''
  const text = Buffer.from(
    element.replace(/_([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString()
  return escapeElement(text) === element ? text : undefined
}

export function linkPath(ifindex: IfIndex): string {
  return `${LINKS_PATH}/${escapeElement(String(ifindex))}`
}

export function delegatePath(id: string): string {
  return `${DELEGATES_PATH}/${escapeElement(id)}`
}

export function dnssdPath(id: string): string {
  return `${DNSSD_PATH}/${escapeElement(id)}`
}

/** The index a link's path names; undefined for every other path. */
export function ifindexOfPath(path: string): IfIndex | undefined {
  const text = elementBelow(LINKS_PATH, path)
  return text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined
}

/** What the last element of a path right below `parent` stands for; undefined for every other path. */
export function elementBelow(parent: string, path: string): string | undefined {
  if (!path.startsWith(`${parent}/`)) return undefined
  return unescapeElement(path.slice(parent.length + 1))
}
